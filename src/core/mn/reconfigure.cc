// SPDX-License-Identifier: Apache-2.0
// Members that come and go while the others are in use.
#include <algorithm>

#include "core/mn/logical_interface_impl.h"
#include "core/mn/member_numbers.h"

namespace flowmob::core {

/// A member's is its own; nobody gets that of one that has not left yet.
Result<void> LogicalInterface::Impl::number(MnConfig& config) {
  for (MemberConfig& wanted : config.members) {
    const MemberState* known = find(wanted.interface);
    wanted.number = known ? std::optional(known->number) : std::nullopt;
  }
  std::set<std::uint32_t> taken;
  for (const MemberState& member : members_) taken.insert(member.number);
  return number_members(config.members, taken);
}

Result<void> LogicalInterface::Impl::reconfigure(Now now, MnConfig config, Duration drain) {
  if (config.interface != config_.interface || config.mac != config_.mac)
    return fail("needs-restart", "the virtual interface and its address cannot change while it is in use");
  if (config.members.empty())
    return fail("last-member", "a virtual interface has at least one member; to end it: --teardown");
  if (auto numbered = number(config); !numbered) return numbered;
  config_ = std::move(config);
  change_members(now, drain);
  for (MemberState& member : members_) {
    if (config_.router_probe_interval == Duration::zero()) member.watch.stop();
    if (member.live()) member.watch.start(now.monotonic, config_.router_probe_interval);
  }
  update(now.monotonic);
  if (let_go(now.monotonic)) update(now.monotonic);
  return {};
}

void LogicalInterface::Impl::change_members(Now now, Duration drain) {
  std::vector<MemberState> changed;
  for (const MemberConfig& wanted : config_.members) {
    const MemberState* known = find(wanted.interface);
    changed.push_back(known ? *known : MemberState::added(wanted));
    const bool is_new = !known || known->leaves;
    const bool is_under_another_mac = changed.back().config.mac != wanted.mac;
    changed.back().stay(wanted);
    if (config_.members_are_ports && changed.back().up() && is_under_another_mac)
      changed.back().own.start(now.monotonic, wanted.mac);
    if (!is_new) continue;
    notify("member-added", about(changed.back()));
    told_.mtu.reset();  // no more than each member's own
  }
  for (const MemberState& member : members_) {
    if (std::ranges::count(config_.members, member.config.interface, &MemberConfig::interface) != 0) continue;
    changed.push_back(member);
    if (member.leaves) continue;
    changed.back().leave(now.monotonic + drain);
    notify("member-leaving", about(member));
    told_.mtu.reset();
  }
  members_ = std::move(changed);
}

/// Whether somebody has left.
bool LogicalInterface::Impl::let_go(TimePoint now) {
  const auto gone = std::stable_partition(members_.begin(), members_.end(), [&](const MemberState& member) {
    return !member.leaves || *member.leaves > now;
  });
  const bool is_any = gone != members_.end();
  for (auto member = gone; member != members_.end(); ++member) {
    addresses_.leave(member->number);
    told_.members.erase(member->number);
    if (told_.default_member == member->number) told_.default_member.reset();
    ask(RemoveMember{member->number, member->config.index});
    notify("member-removed", about(*member));
  }
  if (is_any) told_.mtu.reset();
  members_.erase(gone, members_.end());
  return is_any;
}

}  // namespace flowmob::core
