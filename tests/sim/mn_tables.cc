// SPDX-License-Identifier: Apache-2.0
#include "mn_tables.h"

#include <bit>

namespace flowmob::sim {

Result<void> MnTables::apply(const core::EnsureAddress& effect) {
  if (!effect.address.is_routable_unicast()) return fail("bad-address", effect.address.to_string());
  addresses_[effect.address] = effect;
  return {};
}

Result<void> MnTables::apply(const core::RemoveAddress& effect) {
  addresses_.erase(effect.address);
  return {};
}

Result<void> MnTables::apply(const core::EnsureDefaultRouter& effect) {
  router_ = effect;
  return {};
}

Result<void> MnTables::apply(const core::RemoveDefaultRouter& effect) {
  if (router_ && router_->router == effect.router) router_.reset();
  return {};
}

Result<void> MnTables::apply(const core::SetInterfaceMtu& effect) {
  if (effect.mtu < 1280) return fail("bad-mtu", "IPv6 needs 1280 octets");
  mtu_ = effect.mtu;
  return {};
}

Result<void> MnTables::apply(const core::InstallMember& effect) {
  members_[effect.number] = {effect.mac, effect.up, effect.router};
  return {};
}

Result<void> MnTables::apply(const core::InstallDefaultMember& effect) {
  default_member_ = effect.number;
  return {};
}

Result<void> MnTables::apply(const core::RemoveMember& effect) {
  members_.erase(effect.number);
  if (effect.number == default_member_ && !members_.empty()) default_member_ = members_.begin()->first;
  for (auto& [flow, row] : flows_)
    if (row.member == effect.number)
      row = {default_member_, default_member_, row.moved, row.moves + 1, false};
  return {};
}

Result<void> MnTables::apply(const core::InstallSource& effect) {
  if (effect.members == 0)
    sources_.erase(effect.prefix);
  else
    sources_[effect.prefix] = effect.members;
  return {};
}

bool MnTables::is_usable(const Packet& packet, std::size_t member) const {
  const auto source = sources_.find(Ipv6Prefix::truncated(packet.node, 64));
  return source == sources_.end() || (source->second >> member & 1) != 0;
}

std::size_t MnTables::default_for(const Packet& packet) const {
  if (is_usable(packet, default_member_)) return default_member_;
  return static_cast<std::size_t>(std::countr_zero(sources_.at(Ipv6Prefix::truncated(packet.node, 64))));
}

Result<void> MnTables::accepts(const Packet& packet) const {
  if (!addresses_.contains(packet.node)) return fail("mn", "not its address");
  return {};
}

bool MnTables::is_up(std::size_t member) const {
  const auto row = members_.find(member);
  return row != members_.end() && row->second.up;
}

bool MnTables::learn(const Packet& packet, std::size_t member, Duration now) {
  const auto row =
      flows_.try_emplace({packet.flow, packet.node}, FlowRow{member, member, {}, 0, false}).first;
  auto& flow = row->second;
  if (prefers(packet.flow) || copies(packet.flow)) return false;
  if (flow.member == member) return !std::exchange(flow.is_taught, true);
  const bool was_just_left = flow.moves != 0 && member == flow.previous && now - flow.moved < kHold;
  if (was_just_left && is_up(flow.member)) return false;
  flow = {member, flow.member, now, flow.moves + 1, true};
  return true;
}

Result<std::size_t> MnTables::uplink(const Packet& packet) const {
  if (!addresses_.contains(packet.node)) return fail("mn", "no address");
  if (!router_) return fail("mn", "no default router");
  if (const auto preferred = preferences_.find(packet.flow); preferred != preferences_.end())
    for (const auto member : preferred->second)
      if (is_up(member) && is_usable(packet, member)) return member;
  const auto flow = flows_.find({packet.flow, packet.node});
  const bool is_led = !prefers(packet.flow) && flow != flows_.end();
  const std::size_t home = default_for(packet);
  const std::size_t wanted = is_led ? flow->second.member : home;
  for (const auto member : {wanted, home})
    if (is_up(member)) return member;
  for (const auto& [member, row] : members_)
    if (row.up) return member;
  return fail("mn", "no member link is up");
}

Result<std::vector<std::size_t>> MnTables::uplinks(const Packet& packet) const {
  const auto first = uplink(packet);
  if (!first) return tl::unexpected(first.error());
  std::vector<std::size_t> all{*first};
  if (copies(packet.flow))
    for (const auto& [member, row] : members_)
      if (row.up && member != *first) all.push_back(member);
  return all;
}

std::optional<std::size_t> MnTables::taught(const Packet& packet) const {
  const auto flow = flows_.find({packet.flow, packet.node});
  return prefers(packet.flow) || copies(packet.flow) || flow == flows_.end() || !flow->second.is_taught
             ? std::nullopt
             : std::optional(flow->second.member);
}

std::optional<Ipv6Address> MnTables::address() const {
  for (const auto& [own, row] : addresses_)
    if (row.preferred_lifetime != 0) return own;
  return addresses_.empty() ? std::nullopt : std::optional(addresses_.begin()->first);
}

}  // namespace flowmob::sim
