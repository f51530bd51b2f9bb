// SPDX-License-Identifier: Apache-2.0
// Members that come and go while flows use the others: by command, or by a file that was changed.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "daemon/config/load.h"
#include "daemon/config/protocol_values.h"
#include "daemon/mn/daemon.h"
#include "daemon/mn/member_link.h"
#include "daemon/mn/views.h"

namespace flowmob::daemon {
namespace {

using core::Json;
using core::MemberConfig;
using platform::Link;

constexpr Duration kLongestDrain = std::chrono::hours(1);

bool contains(const std::vector<MemberConfig>& members, const std::string& interface) {
  return std::ranges::count(members, interface, &MemberConfig::interface) != 0;
}

tl::unexpected<Error> no_such_member(const std::string& interface) {
  return fail("no-such-member", "'" + interface + "' is no member");
}

Result<wire::AccessTechnology> technology_of(const Json& arguments) {
  const std::string word = arguments.value("technology", "");
  if (word.empty()) return MemberConfig{}.technology;
  for (const auto& known : config::Words<wire::AccessTechnology>::all())
    if (known.text == word) return known.value;
  return fail("bad-argument", "technology: '" + word + "' is none, as 802.11, 802.3 or lte are");
}

Result<Duration> drain_of(const Json& arguments) {
  const std::string text = arguments.value("drain", "");
  if (text.empty()) return core::LogicalInterface::kDrain;
  const auto drain = config::parse_duration(text);
  if (!drain || *drain < Duration::zero() || *drain > kLongestDrain)
    return fail("bad-argument", "drain: '" + text + "' is no time from 0s to 1h");
  return *drain;
}

/// Those that are named come first.
Result<std::vector<MemberConfig>> ordered(std::vector<MemberConfig> members, const Json& names) {
  auto next = members.begin();
  for (const std::string name : names) {
    if (!contains(members, name)) return no_such_member(name);
    const auto found = std::ranges::find(next, members.end(), name, &MemberConfig::interface);
    if (found == members.end()) return fail("bad-argument", "'" + name + "' is named twice");
    next = std::rotate(next, found, found + 1);
  }
  return members;
}

/// Proxy Mobile IPv6 has no word of a node for "I leave this link" (docs/adr/0068).
std::string what_of_the_downlink(const std::string& member, bool node_decides) {
  return node_decides
             ? "the anchor is not told, and sees it by the uplink of flows; what it sends by " + member +
                   " without that ends with the link: `ip link set " + member +
                   " down`, or `flowmob detach` at the gateway there"
             : "the anchor is not told, and goes on sending by " + member +
                   " what it sends there: at the LMA `flowmob flow move FLOW --to MAG` for each such flow of "
                   "`show flows`, best before; or `flowmob detach` at the gateway there, for all of them";
}

bool same_members(const MemberConfig& a, const MemberConfig& b) {
  return a.interface == b.interface && a.technology == b.technology;
}

}  // namespace

bool MnDaemon::has_carrier(const Link& link) {
  if (link.mtu >= kSmallestMtu) {
    with_small_mtu_.erase(link.name);
  } else if (with_small_mtu_.insert(link.name).second) {
    ++small_mtus_;
    spdlog::warn("{}: not used, its MTU is {} and IPv6 needs {} octets", link.name, link.mtu, kSmallestMtu);
  }
  return link.carrier && link.mtu >= kSmallestMtu;
}

bool MnDaemon::is_saved() const {
  const auto file = config::load_mn(file_);
  return file && std::ranges::equal(file->core.members, settings_.core.members, same_members);
}

/// What follows from it is done when their names are known. Rules that cannot be written now are told, and
/// written later: no member is lost for them.
Result<void> MnDaemon::use_members(core::MnConfig config, Duration drain) {
  return pump_
      ->feed([&](Now now) {
        return logical_->reconfigure(now, std::move(config), drain).map([&] { note_members(); });
      })
      .map([&] { rules_changed(); });
}

void MnDaemon::note_members() {
  settings_.core = logical_->config();
  for (const MemberConfig& member : settings_.core.members) {
    members_.resize(std::max<std::size_t>(members_.size(), *member.number + 1));
    members_[*member.number] = member.interface;
  }
}

Result<void> MnDaemon::change_members(core::MnConfig wanted, Duration drain, bool take_over) {
  std::vector<Link> fresh;
  for (MemberConfig& member : wanted.members) {
    if (find(member.interface)) continue;
    const auto link = candidate(*netlink_, member.interface, settings_.core, take_over);
    if (!link) return tl::unexpected(link.error());
    identify(member, *link);
    fresh.push_back(*link);
  }
  const auto before = settings_.core.members;
  if (auto used = use_members(std::move(wanted), drain); !used) return used;
  // The kernel answers for what leaves, unless it is a port.
  for (const MemberConfig& member : before)
    if (!find(member.interface) && !interface_->has_ports()) ports_->close(member.index);
  for (const Link& link : fresh) {
    const auto begun = begin_member(link);
    if (begun) continue;
    go_back_to(before);
    return begun;
  }
  return {};
}

/// Its carrier is told last: from then on packets may go by it.
Result<void> MnDaemon::begin_member(const Link& link) {
  return interfaces_->take(link)
      .and_then([&] { return dataplane_->add_member(*find(link.name)->number, link.name); })
      .map([&] {
        member_watch_->forget(link.name);
        member_watch_->watch(link.name);
      });
}

/// A change has failed half way: all as it was, also those that were to leave.
void MnDaemon::go_back_to(const std::vector<MemberConfig>& before) {
  const auto failed = settings_.core.members;
  auto former = settings_.core;
  former.members = before;
  if (const auto used = use_members(std::move(former), {}); !used)
    return spdlog::error("members: {}", used.error().message);
  for (const MemberConfig& member : before) {
    if (contains(failed, member.interface)) continue;
    const auto link = netlink_->link(member.interface);
    const auto begun = link ? begin_member(*link) : tl::unexpected(link.error());
    if (!begun) spdlog::error("{}: {}", member.interface, begun.error().message);
  }
}

Result<void> MnDaemon::release_member(const core::RemoveMember& gone) {
  const std::string name = std::exchange(members_.at(gone.number), {});
  with_small_mtu_.erase(name);
  member_watch_->forget(name);
  const auto removed = dataplane_->remove_member(gone.number);
  // It may have been renamed, and have been added again by its new name.
  if (std::ranges::count(settings_.core.members, gone.interface, &MemberConfig::index) != 0) return removed;
  ports_->close(gone.interface);
  interfaces_->give_back(gone.interface);
  return removed;
}

Result<Json> MnDaemon::add_member(const Json& arguments) {
  const std::string name = arguments.at("interface");
  const auto technology = technology_of(arguments);
  if (!technology) return tl::unexpected(technology.error());
  if (find(name)) return fail("already-a-member", "'" + name + "' is a member already");
  auto wanted = settings_.core;
  const bool is_preferred = arguments.value("prefer", false);
  wanted.members.insert(is_preferred ? wanted.members.begin() : wanted.members.end(),
                        MemberConfig{name, *technology, {}, {}});
  return change_members(std::move(wanted), core::LogicalInterface::kDrain,
                        arguments.value("take_over", false))
      .map([&] {
        return Json{{"interface", name},
                    {"number", *find(name)->number},
                    {"technology", wire::to_string(*technology)},
                    {"preferred", is_preferred},
                    {"saved", is_saved()}};
      });
}

Result<Json> MnDaemon::remove_member(const Json& arguments) {
  const std::string name = arguments.at("interface");
  const auto drain = drain_of(arguments);
  if (!drain) return tl::unexpected(drain.error());
  const MemberConfig* member = find(name);
  if (!member) return no_such_member(name);
  const auto number = *member->number;
  auto still = dataplane_->flows();
  std::erase_if(still, [&](const dataplane::VifFlow& flow) { return flow.member != number; });
  Json flows = flows_view(std::move(still), members_, rows_)["flows"];
  auto wanted = settings_.core;
  std::erase_if(wanted.members, [&](const MemberConfig& other) { return other.interface == name; });
  return change_members(std::move(wanted), *drain, false).map([&] {
    return Json{{"interface", name},
                {"number", number},
                {"drain_ms", std::chrono::duration_cast<std::chrono::milliseconds>(*drain).count()},
                {"saved", is_saved()},
                {"note", what_of_the_downlink(name, settings_.flows.node_decides)},
                {"flows", std::move(flows)}};
  });
}

Result<Json> MnDaemon::prefer_members(const Json& arguments) {
  auto members = ordered(settings_.core.members, arguments.at("interfaces"));
  if (!members) return tl::unexpected(members.error());
  auto wanted = settings_.core;
  const bool is_changed = *members != wanted.members;
  wanted.members = std::move(*members);
  return change_members(std::move(wanted), core::LogicalInterface::kDrain, false).map([&] {
    Json order = Json::array();
    for (const MemberConfig& member : settings_.core.members) order.push_back(member.interface);
    return Json{{"members", std::move(order)}, {"changed", is_changed}, {"saved", is_saved()}};
  });
}

}  // namespace flowmob::daemon
