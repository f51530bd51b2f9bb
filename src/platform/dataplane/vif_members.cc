// SPDX-License-Identifier: Apache-2.0
// Members that come, go, and were there before us.
#include <bpf/bpf.h>

#include <algorithm>

#include "platform/dataplane/convert.h"
#include "platform/dataplane/vif_dataplane.h"
#include "platform/unique_fd.h"

namespace flowmob::dataplane {

std::vector<Member> VifDataplane::left_in(const std::filesystem::path& bpf_dir) {
  const platform::UniqueFd rows(bpf_obj_get((bpf_dir / "maps" / "members").c_str()));
  bpf_map_info info{};
  std::uint32_t length = sizeof(info);
  if (!rows || bpf_obj_get_info_by_fd(rows.get(), &info, &length) != 0) return {};
  std::vector<Member> found;
  for (std::uint32_t number = 0; number < info.max_entries; ++number) {
    fm_member_row row{};
    if (info.value_size != sizeof(row) || bpf_map_lookup_elem(rows.get(), &number, &row) != 0) break;
    Member member{number, InterfaceIndex{row.interface}, {}, row.up != 0};
    std::ranges::copy(row.mac.octets, member.mac.octets.begin());
    if (row.interface != 0) found.push_back(member);
  }
  return found;
}

Result<void> VifDataplane::add_member(std::uint32_t number, const std::string& interface) {
  if (number >= FM_MAX_MEMBERS) return fail("no-such-member", "members have numbers below 16");
  options_.members.resize(std::max<std::size_t>(options_.members.size(), number + 1));
  options_.members[number] = interface;
  return pinned_.attach(attachments(options_), interface);
}

/// First nothing finds it any more, then flows leave its number: else a packet could bring one back to it.
Result<void> VifDataplane::remove_member(std::uint32_t number) {
  if (number >= options_.members.size() || options_.members[number].empty()) return forget_member(number);
  options_.members[number].clear();
  const InterfaceIndex interface { members_.get(number).value_or(fm_member_row{}).interface };
  return forget_member(number).and_then(
      [&] { return interface && !is_in_use(interface) ? leave(interface) : Result<void>(); });
}

Result<void> VifDataplane::leave(InterfaceIndex interface) { return detach(interface, Hook::Ingress); }

/// One that was renamed may have become another member meanwhile.
bool VifDataplane::is_in_use(InterfaceIndex interface) const {
  for (std::uint32_t number = 0; number < FM_MAX_MEMBERS; ++number)
    if (members_.get(number).value_or(fm_member_row{}).interface == interface.value) return true;
  return false;
}

Result<void> VifDataplane::forget_member(std::uint32_t number) {
  return set_member({number, {}, {}, false}).map([&] { give_flows_away(number); });
}

std::uint32_t VifDataplane::heir_of(std::uint32_t number) const {
  const auto preferred = config_.get(kConfigRow).value_or(fm_vif_config{}).default_member;
  const auto is_member = [this, number](std::uint32_t other) {
    return other != number && other < options_.members.size() && !options_.members[other].empty();
  };
  if (is_member(preferred)) return preferred;
  for (std::uint32_t other = 0; other < options_.members.size(); ++other)
    if (is_member(other)) return other;
  return preferred;
}

/// By which its gateway takes its packets, if one is known.
std::uint32_t VifDataplane::heir_of_flow(const fm_flow_key& key, std::uint32_t heir) const {
  const auto usable = sources_.get(key.destination.high).value_or(fm_vif_source{}).members;
  if ((usable >> heir & 1) != 0) return heir;
  for (std::uint32_t other = 0; other < options_.members.size(); ++other)
    if ((usable >> other & 1) != 0 && !options_.members[other].empty()) return other;
  return heir;
}

/// Counters may miss what passes in this moment; the flow itself misses nothing.
void VifDataplane::give_flows_away(std::uint32_t number) {
  const auto heir = heir_of(number);
  if (auto row = config_.get(kConfigRow); row && row->default_member == number)
    (void)set_default_member(heir);
  for (const auto& key : flows_.keys()) {
    auto row = flows_.get(key);
    if (!row || row->member != number) continue;
    row->member = row->previous = heir_of_flow(key, heir);
    ++row->moves;
    (void)flows_.set(key, *row);
  }
}

/// A row that says "up" is used when all others are down.
Result<void> VifDataplane::forget_former_members() {
  for (std::uint32_t number = 0; number < FM_MAX_MEMBERS; ++number) {
    const bool is_member = number < options_.members.size() && !options_.members[number].empty();
    if (is_member || members_.get(number).value_or(fm_member_row{}).interface == 0) continue;
    if (auto forgotten = forget_member(number); !forgotten) return forgotten;
  }
  return {};
}

}  // namespace flowmob::dataplane
