// SPDX-License-Identifier: Apache-2.0
#include "daemon/mag/access_interface.h"

#include <algorithm>

#include "platform/sysctl.h"

namespace flowmob::daemon {
namespace {

using platform::Ipv6Setting;
using platform::Link;
using platform::Netlink;
using platform::Route;

bool is_fixed(const core::AccessConfig& access, const core::MagConfig& config) {
  return access.fixed_link_layer_address && !config.router_link_layer.is_zero();
}

/// A route that is ours, to an access link.
Route visited_route(const core::AccessConfig& access) {
  Route route;
  route.destination = *access.visited_prefix;
  route.interface = access.index;
  return route;
}

/// Some drivers change the address only while the interface is down.
Result<void> set_link_address(Netlink& netlink, const Link& link, const MacAddress& address) {
  auto done = netlink.set_mac(link.index, address);
  if (done || !link.up) return done;
  done = netlink.set_up(link.index, false).and_then([&] { return netlink.set_mac(link.index, address); });
  const auto up = netlink.set_up(link.index, true);
  return done ? up : done;
}

/// The kernel's own link-local address, made from the former link-layer address, would be a second router.
Result<void> replace_link_local(Netlink& netlink, const Link& link, const Ipv6Address& wanted) {
  const auto own = Ipv6Prefix::truncated(wanted, 64).with_interface_id(link.mac.eui64_interface_id());
  auto done = netlink.ensure_address({.interface = link.index, .address = wanted});
  if (!done || own == wanted) return done;
  return netlink.remove_address(link.index, own, 64);
}

/// Advertisements come from it: whoever asks for its link-layer address, or whether we are there, is to be
/// answered. The kernel's own may stay beside it.
Result<void> ensure_router_address(Netlink& netlink, const Link& link, const Ipv6Address& router) {
  if (router.is_unspecified()) return {};  // the anchor is to say
  return netlink.ensure_address({.interface = link.index, .address = router});
}

Result<void> set_sysctls(const std::string& interface) {
  // Every MAG has the same address: duplicates are what RFC 6543 is about.
  return platform::set_ipv6(interface, Ipv6Setting::AcceptDad, 0).and_then([&] {
    return platform::set_ipv6(interface, Ipv6Setting::AcceptRa, 0);
  });
}

}  // namespace

Result<void> resolve_access(Netlink& netlink, core::AccessConfig& access, const core::MagConfig& config) {
  const auto link = netlink.link(access.interface);
  if (!link) return tl::unexpected(link.error());
  access.index = link->index;
  access.link_address = is_fixed(access, config) ? config.router_link_layer : link->mac;
  return {};
}

Result<void> prepare_access(Netlink& netlink, core::AccessConfig& access, const core::MagConfig& config) {
  const auto link = netlink.link(access.interface);
  if (!link) return tl::unexpected(link.error());
  access.index = link->index;
  access.link_address = is_fixed(access, config) ? config.router_link_layer : link->mac;
  auto done = set_sysctls(access.interface);
  if (!done) return done;
  if (!is_fixed(access, config)) return ensure_router_address(netlink, *link, config.router_link_local);
  if (link->mac != access.link_address) done = set_link_address(netlink, *link, access.link_address);
  return done.and_then([&] { return replace_link_local(netlink, *link, config.router_link_local); });
}

Result<void> route_visited(Netlink& netlink, const std::vector<core::AccessConfig>& accesses) {
  const auto routes = netlink.routes();
  if (!routes) return tl::unexpected(routes.error());
  for (const auto& access : accesses) {
    if (!access.visited_prefix || !access.index) continue;
    const auto link = netlink.link(access.index);
    if (!link || !link->up) continue;  // no route leads there; it follows with the link
    if (auto done = netlink.ensure_route(visited_route(access)); !done) return done;
  }
  const auto is_wanted = [&](const Route& route) {
    return std::ranges::any_of(accesses, [&](const auto& access) {
      return access.visited_prefix == route.destination && access.index == route.interface;
    });
  };
  for (const auto& route : *routes) {
    const bool is_ours =
        std::ranges::find(accesses, route.interface, &core::AccessConfig::index) != accesses.end();
    if (!is_ours || is_wanted(route)) continue;
    if (auto done = netlink.remove_route(route); !done) return done;
  }
  return {};
}

}  // namespace flowmob::daemon
