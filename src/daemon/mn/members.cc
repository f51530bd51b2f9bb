// SPDX-License-Identifier: Apache-2.0
#include "daemon/mn/members.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "daemon/mn/member_link.h"
#include "daemon/mn/virtual_interface.h"
#include "platform/sysctl.h"

namespace flowmob::daemon {
namespace {

using platform::Ipv6Setting;
using platform::Link;
using platform::Netlink;

tl::unexpected<Error> refuse(const char* code, const std::string& name, const std::string& why) {
  return fail(code, "'" + name + "' " + why);
}

/// The same interface as then, and not another with its index.
std::optional<std::uint32_t> number_of(const core::MemberConfig& member,
                                       const std::vector<dataplane::Member>& predecessors) {
  const auto found = std::ranges::find_if(predecessors, [&](const dataplane::Member& row) {
    return row.interface == member.index && row.mac == member.mac;
  });
  return found == predecessors.end() ? std::nullopt : std::optional(found->number);
}

}  // namespace

Result<void> resolve_members(Netlink& netlink, core::MnConfig& config,
                             const std::vector<dataplane::Member>& predecessors) {
  for (core::MemberConfig& member : config.members) {
    const auto link = netlink.link(member.interface);
    if (!link) return tl::unexpected(link.error());
    if (const auto header = link_header(*link); !header) return tl::unexpected(header.error());
    identify(member, *link);
    member.number = number_of(member, predecessors);
  }
  if (config.mac.is_zero() && !config.members.empty()) config.mac = config.members.front().mac;
  return {};
}

Result<Link> candidate(Netlink& netlink, const std::string& name, const std::string& interface,
                       bool take_over) {
  if (name == interface || name == VirtualInterface::peer_of(interface))
    return refuse("is-virtual-interface", name, "is the virtual interface, or its other end");
  const auto link = netlink.link(name);
  if (!link) return link;
  if (link->master) return refuse("has-master", name, "belongs to a bridge, a bond or another master");
  if (const auto header = link_header(*link); !header) return tl::unexpected(header.error());
  if (link->mtu < kSmallestMtu)
    return refuse("mtu-too-small", name,
                  "has an MTU of " + std::to_string(link->mtu) + "; IPv6 needs 1280 octets");
  const auto addresses = netlink.addresses(link->index);
  if (!addresses) return tl::unexpected(addresses.error());
  const auto global =
      std::ranges::find_if(*addresses, [](const auto& found) { return !found.address.is_link_local(); });
  if (global != addresses->end() && !take_over)
    return refuse("has-global-address", name,
                  "has " + global->address.to_string() + '/' + std::to_string(global->prefix_length) +
                      ", which somebody may need; --take-over removes it");
  return link;
}

Result<void> MemberInterfaces::take(const Link& link) {
  const auto before = platform::get_ipv6(link.name, Ipv6Setting::AcceptRa);
  if (!before) return tl::unexpected(before.error());
  const auto [known, is_first] = accept_ra_.try_emplace(link.name, *before);
  if (*before != 0) known->second = *before;
  return platform::set_ipv6(link.name, Ipv6Setting::AcceptRa, 0).and_then([&] {
    return guard_.clear(link.name, link.index);
  });
}

void MemberInterfaces::give_back(const std::string& name, InterfaceIndex index) {
  guard_.leave(index);
  const auto before = accept_ra_.extract(name);
  if (before.empty() || !netlink_.link(name)) return;
  const auto restored = platform::set_ipv6(name, Ipv6Setting::AcceptRa, before.mapped());
  if (!restored) spdlog::warn("{}: {}", name, restored.error().message);
}

}  // namespace flowmob::daemon
