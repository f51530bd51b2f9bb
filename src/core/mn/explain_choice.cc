// SPDX-License-Identifier: Apache-2.0
#include "core/mn/explain_choice.h"

#include <algorithm>

#include "core/flow/flow_key.h"
#include "core/flow/spread.h"

namespace flowmob::core {
namespace {

using Row = FlowChoices::Row;
/// By number.
struct Member {
  bool is_up = false;
  bool is_default = false;
  bool is_usable = true;  ///< its gateway takes what is sent from the flow's address
  bool can_take() const { return is_up && is_usable; }
};
using Members = std::vector<Member>;

/// Where no gateway does whose member is up, all are tried.
Members members_for(const std::vector<MemberStanding>& standing, const Ipv6Address& source) {
  Members members;
  for (const auto& one : standing)
    members.push_back({one.is_up, one.is_default, std::ranges::any_of(one.prefixes, [&](const auto& prefix) {
                         return prefix.contains(source);
                       })});
  if (std::ranges::none_of(members, &Member::can_take))
    for (auto& member : members) member.is_usable = true;
  return members;
}

std::string_view action_of(const Row& row) {
  if (row.is_redundant()) return "redundant";
  return row.shares.empty() ? "prefer" : "split";
}

/// As src/dataplane/vif_rules.h has it.
std::optional<std::uint32_t> first_up(const std::vector<std::uint32_t>& numbers, const Members& members) {
  const auto found =
      std::ranges::find_if(numbers, [&](auto number) { return members.at(number).can_take(); });
  return found == numbers.end() ? std::nullopt : std::optional(*found);
}

std::optional<std::uint32_t> default_of(const Members& members) {
  std::optional<std::uint32_t> any;
  for (std::uint32_t number = 0; number < members.size(); ++number) {
    if (members[number].can_take() && members[number].is_default) return number;
    if (members[number].can_take() && !any) any = number;
  }
  return any;
}

std::optional<std::uint32_t> share_for(const Row& row, const FlowKey& key, const Members& members) {
  Spread spread{SpreadKind::Shares};
  for (std::uint32_t place = 0; place < row.prefer.size(); ++place)
    spread.links.push_back({SessionId{place + 1}, row.shares.at(place)});
  const auto slots = share_slots(spread);
  for (std::size_t tried = 0; tried < kShareTries; ++tried) {
    const auto number = row.prefer.at(slots.at((share_slot_of(key) + tried) % slots.size()));
    if (members.at(number).can_take()) return number;
  }
  return std::nullopt;
}

struct Choice {
  std::optional<std::uint32_t> member;
  std::string_view because;
};

Choice choose(const Row* row, const FlowKey& key, const Members& members) {
  if (!row || row->is_redundant())
    return {default_of(members),
            row ? "each packet by every member that is up"
                : "no rule matches: it begins by the default member, and follows its downlink"};
  const bool is_shared = !row->shares.empty();
  const auto share = is_shared ? share_for(*row, key, members) : std::nullopt;
  if (share) return {share, "its share of new flows; one that lives stays where it began"};
  if (const auto first = first_up(row->prefer, members))
    return {first, is_shared         ? "no member with a share is up: the first of the list that is"
                   : row->by_command ? "a command has moved it there"
                                     : "the first of the list that is up"};
  return {default_of(members), "no member of the list is up: the default"};
}

std::string_view why_not(std::uint32_t number, const Row* row, const Members& members) {
  if (!members.at(number).is_up) return "it cannot carry packets";
  if (!members.at(number).is_usable) return "its gateway does not advertise the prefix of the flow's address";
  if (!row) return "it is not the default member";
  if (row->by_command) return "a command has moved it elsewhere";
  if (std::ranges::count(row->prefer, number) == 0) return "not in the list";
  return row->shares.empty() ? "another comes first in the list" : "it has other flows: their share";
}

/// Packets that are marked later change nothing (docs/adr/0073).
std::string_view proviso(const Row* row, const FlowKey& key) {
  constexpr std::uint8_t kTcp = 6;
  const bool is_by_mark = row && row->selector.traffic_class && key.protocol == kTcp;
  return is_by_mark ? "; only if its first packet, the SYN, is marked so: many programs mark later" : "";
}

/// Nothing: it is for these packets.
std::optional<std::string_view> why_passed(const Row& row, const FlowKey& key, const AskedSender& asked) {
  if (const auto field = first_mismatch(row.selector, key)) return field;
  return first_mismatch(row.sender, asked);
}

}  // namespace

Result<Json> explain_choice(const FlowChoices& choices, const std::vector<MemberStanding>& standing,
                            const Json& arguments, std::optional<std::uint32_t> uid) {
  if (arguments.contains("mn")) return fail("bad-argument", "mn: a mobile node knows its own flows only");
  const auto key = flow_key_of(arguments);
  if (!key) return tl::unexpected(key.error());
  const AskedSender asked{uid, arguments.value("cgroup", "")};
  const auto rows = choices.rows();
  const auto members = members_for(standing, key->destination);
  Json passed = Json::array();
  const Row* found = nullptr;
  for (const auto& row : rows) {
    const auto field = why_passed(row, *key, asked);
    if (!field && row.missing.empty()) {
      found = &row;
      break;
    }
    passed.push_back({{"rule", row.name},
                      {"by_command", row.by_command},
                      {"differs_in", field ? Json(*field) : Json()},
                      {"absent", row.missing.empty() ? Json() : Json(row.missing)}});
  }
  const auto [member, because] = choose(found, *key, members);
  const auto& names = choices.config().members;
  const bool takes_all = found && found->is_redundant();
  Json shown = Json::array();
  for (std::uint32_t number = 0; number < members.size(); ++number) {
    if (names.at(number).empty()) continue;
    const bool is_chosen = takes_all ? members[number].is_up : member == number;
    shown.push_back({{"interface", names.at(number)},
                     {"up", members[number].is_up},
                     {"default", members[number].is_default},
                     {"chosen", is_chosen},
                     {"why", is_chosen ? because : why_not(number, found, members)}});
  }
  return Json{{"packets", to_string(*key)},
              {"rule", found ? Json(found->name) : Json()},
              {"by_command", found && found->by_command},
              {"action", found ? Json(action_of(*found)) : Json()},
              {"member", member ? Json(names.at(*member)) : Json()},
              {"because", member ? std::string(because).append(proviso(found, *key)) : "no member is up"},
              {"links", std::move(shown)},
              {"passed_over", std::move(passed)}};
}

}  // namespace flowmob::core
