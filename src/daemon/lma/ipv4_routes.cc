// SPDX-License-Identifier: Apache-2.0
#include "daemon/lma/ipv4_routes.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "platform/sysctl.h"

namespace flowmob::daemon {
namespace {

using platform::Ipv4Route;

Ipv4Route unreachable(const Ipv4Interface& pool) {
  Ipv4Route route;
  route.destination = {pool.first(), pool.length};
  route.metric = kLastResort;
  return route;
}

/// It switches every interface, so it is written only where it is off.
Result<void> ensure_ipv4_forwarding() {
  const auto now = platform::read_net_sysctl("ipv4/ip_forward");
  if (!now) return tl::unexpected(now.error());
  if (now->starts_with('1')) return {};
  spdlog::warn("IPv4 forwarding was off on this host; it is on now");
  return platform::write_net_sysctl("ipv4/ip_forward", "1");
}

}  // namespace

Result<void> HomeIpv4Routes::set_pools(const std::vector<Ipv4Interface>& pools) {
  Result<void> first;
  for (const auto& pool : pools_)
    if (std::ranges::count(pools, pool) == 0) keep_first(first, netlink_.remove_route(unreachable(pool)));
  pools_ = pools;
  for (const auto& pool : pools_) keep_first(first, netlink_.ensure_route(unreachable(pool)));
  if (!pools_.empty()) keep_first(first, ensure_ipv4_forwarding());
  return first;
}

Result<void> HomeIpv4Routes::install(const Ipv4Address& address, Home& home, const Result<WayToMag>& way) {
  if (!way) return tl::unexpected(way.error());
  Ipv4Route route;
  route.destination = {address, 32};
  route.interface = way->interface;
  route.gateway = way->gateway;
  route.mtu = home.mtu;
  if (home.stands && home.installed == route) return {};
  auto done = netlink_.ensure_route(route);
  if (done) home.installed = route;
  home.stands = done.has_value();
  return done;
}

Result<void> HomeIpv4Routes::ensure(const core::EnsureIpv4Route& wanted) {
  Home& home = homes_[wanted.address];
  home.via_mag = wanted.via_mag;
  home.mtu = wanted.mtu;
  return install(wanted.address, home, way_to_mag(netlink_, wanted.via_mag));
}

Result<void> HomeIpv4Routes::remove(const core::RemoveIpv4Route& unwanted) {
  const auto found = homes_.extract(unwanted.address);
  if (found.empty() || !found.mapped().installed) return {};
  return netlink_.remove_route(*found.mapped().installed);
}

Result<void> HomeIpv4Routes::follow() {
  Result<void> first;
  std::map<Ipv6Address, Result<WayToMag>> ways;
  for (auto& [address, home] : homes_) {
    if (!ways.contains(home.via_mag)) ways.emplace(home.via_mag, way_to_mag(netlink_, home.via_mag));
    keep_first(first, install(address, home, ways.at(home.via_mag)));
  }
  return first;
}

Result<void> HomeIpv4Routes::restore() {
  auto first = set_pools(pools_);
  for (auto& [address, home] : homes_) home.stands = false;
  keep_first(first, follow());
  return first;
}

Result<void> HomeIpv4Routes::sweep(const std::vector<Ipv4Interface>& space) {
  const auto all = netlink_.ipv4_routes();
  if (!all) return tl::unexpected(all.error());
  for (const Ipv4Route& route : *all) {
    const auto is_this = [&](const Ipv4Interface& pool) { return unreachable(pool) == route; };
    const bool is_wanted =
        route.interface ? homes_.contains(route.destination.address) : std::ranges::any_of(pools_, is_this);
    const auto holds = [&](const Ipv4Interface& s) { return s.contains(route.destination.address); };
    if (is_wanted || std::ranges::none_of(space, holds)) continue;
    if (auto removed = netlink_.remove_route(route); !removed) return removed;
  }
  return {};
}

}  // namespace flowmob::daemon
