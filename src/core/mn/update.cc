// SPDX-License-Identifier: Apache-2.0
// From what the members say to what should stand outside: the merging rules of the logical interface.
#include <algorithm>

#include "core/mn/lifetime.h"
#include "core/mn/logical_interface_impl.h"

namespace flowmob::core {
namespace {

bool same(const InstallMember& a, const InstallMember& b) {
  return a.number == b.number && a.interface == b.interface && a.mac == b.mac && a.up == b.up &&
         a.router == b.router && a.raw_ip == b.raw_ip;
}

}  // namespace

void LogicalInterface::Impl::update(TimePoint now) {
  addresses_.expire(now);
  update_members();
  update_default_member();
  update_mtu();
  update_addresses(now);
  update_router();
  speak_of_own(now);
  solicit(now);
}

/// A link whose gateway does not know us yet would swallow packets: it waits for its first advertisement as
/// long as another member can carry.
bool LogicalInterface::Impl::can_carry(const MemberState& member) const {
  return member.usable() || (member.can_be_used() && std::ranges::none_of(members_, &MemberState::usable));
}

void LogicalInterface::Impl::update_members() {
  for (const MemberState& member : members_) {
    if (!member.carrier) continue;
    const InstallMember row = member.row(can_carry(member));
    const auto told = told_.members.find(member.number);
    if (told != told_.members.end() && same(told->second, row)) continue;
    told_.members.insert_or_assign(member.number, row);
    ask(row);
  }
}

/// The first that has a router; else the first that can carry.
const MemberState* LogicalInterface::Impl::default_member() const {
  auto found = std::ranges::find_if(members_, &MemberState::live);
  if (found == members_.end())
    found = std::ranges::find_if(members_, [this](const auto& m) { return can_carry(m); });
  return found == members_.end() ? nullptr : &*found;
}

void LogicalInterface::Impl::update_default_member() {
  const MemberState* member = default_member();
  // The predecessor's choice knew more than we do before the first advertisement.
  if (member == nullptr || taken_over_ || told_.default_member == member->number) return;
  told_.default_member = member->number;
  ask(InstallDefaultMember{member->number});
  notify("default-member", {{"interface", member->config.interface}, {"number", member->number}});
}

/// The smallest of the links in use, so that a packet fits whichever of them its flow moves to. With none in
/// use it stays as it was.
void LogicalInterface::Impl::update_mtu() {
  std::optional<std::uint32_t> smallest;
  for (const MemberState& member : members_)
    if (member.live() && member.mtu != 0) smallest = std::min(smallest.value_or(member.mtu), member.mtu);
  if (!smallest || told_.mtu == smallest) return;
  told_.mtu = smallest;
  ask(SetInterfaceMtu{*smallest});
}

/// What a predecessor knew of an address stands until somebody advertises it.
void LogicalInterface::Impl::update_source(const AddressTable::Standing& address, std::uint32_t told) {
  if (address.members != told)
    ask(InstallSource{Ipv6Prefix::truncated(address.address, address.prefix_length), address.members});
}

void LogicalInterface::Impl::update_addresses(TimePoint now) {
  const auto standing = addresses_.standing(now, [this](std::uint32_t number) {
    const auto member = std::ranges::find(members_, number, &MemberState::number);
    return member != members_.end() && member->live();
  });
  std::map<Ipv6Address, AddressTable::Standing> wanted;
  for (const auto& entry : standing) wanted[entry.address] = entry;
  for (const auto& [address, entry] : wanted) {
    const auto told = told_.addresses.find(address);
    update_source(entry, told == told_.addresses.end() ? 0 : told->second.members);
    if (told != told_.addresses.end() && told->second.lifetimes == entry.lifetimes) continue;
    ask(EnsureAddress{address, entry.prefix_length, lifetime_left(now, entry.lifetimes.valid),
                      lifetime_left(now, entry.lifetimes.preferred)});
    if (told == told_.addresses.end()) notify("address-configured", {{"address", address.to_string()}});
  }
  for (const auto& [address, entry] : told_.addresses) {
    if (wanted.contains(address)) continue;
    ask(RemoveAddress{address, entry.prefix_length});
    update_source({address, entry.prefix_length, {}}, entry.members);
    notify("address-removed", {{"address", address.to_string()}});
  }
  told_.addresses = std::move(wanted);
}

/// The default member's router. While no member is live any router will do whose lifetime lasts: applications
/// wait for a link, they are not told that there is no route.
const MemberState* LogicalInterface::Impl::default_router_member() const {
  const MemberState* member = default_member();
  if (member != nullptr && member->live()) return member;
  const auto known = std::ranges::find_if(members_, [](const auto& m) { return m.router && !m.leaves; });
  return known == members_.end() ? nullptr : &*known;
}

/// One router, whatever the members: its own address, if a link is in use on which it has one.
MacAddress LogicalInterface::Impl::mac_of_router(const MemberState& member) const {
  const auto same = [&](const MemberState& other) {
    return other.live() && !other.config.raw_ip && other.router->address == member.router->address;
  };
  const auto found = member.config.raw_ip ? std::ranges::find_if(members_, same) : members_.end();
  return found == members_.end() ? member.router->mac : found->router->mac;
}

void LogicalInterface::Impl::update_router() {
  const MemberState* member = default_router_member();
  if (member == nullptr && !told_.router) return;
  if (member == nullptr) {
    ask(RemoveDefaultRouter{told_.router->router});
    told_.router.reset();
    return;
  }
  const EnsureDefaultRouter wanted{member->router->address, mac_of_router(*member)};
  const auto before = told_.router;
  if (before && before->router == wanted.router && before->mac == wanted.mac) return;
  ask(wanted);
  if (before && before->router != wanted.router) ask(RemoveDefaultRouter{before->router});
  told_.router = wanted;
}

void LogicalInterface::Impl::solicit(TimePoint now) {
  for (MemberState& member : members_) {
    if (member.leaves || !member.solicitation.due(now)) continue;
    ask(router_solicitation(member.config.index, member.config.mac));
    member.solicitation.sent(now, config_.solicitation_interval);
    ++statistics_.solicited;
  }
}

}  // namespace flowmob::core
