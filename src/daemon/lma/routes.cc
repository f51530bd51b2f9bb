// SPDX-License-Identifier: Apache-2.0
#include "daemon/lma/routes.h"

#include <algorithm>

#include "daemon/lma/way_to_mag.h"

namespace flowmob::daemon {
namespace {

using platform::Route;
using platform::RouteType;

Route unreachable(const Ipv6Prefix& pool) {
  Route route;
  route.destination = pool;
  route.metric = kLastResort;
  route.type = RouteType::Unreachable;
  return route;
}

}  // namespace

Result<void> HomeRoutes::set_pools(const std::vector<Ipv6Prefix>& pools) {
  Result<void> first;
  for (auto pool = pools_.begin(); pool != pools_.end();) {
    const bool stays = std::ranges::count(pools, pool->first) > 0;
    if (!stays) keep_first(first, netlink_.remove_route(unreachable(pool->first)));
    pool = stays ? std::next(pool) : pools_.erase(pool);
  }
  for (const Ipv6Prefix& pool : pools) pools_[pool] = false;
  keep_first(first, ensure_pools());
  return first;
}

Result<void> HomeRoutes::ensure_pools() {
  Result<void> first;
  for (auto& [pool, stands] : pools_) {
    if (stands) continue;
    const auto done = netlink_.ensure_route(unreachable(pool));
    stands = done.has_value();
    keep_first(first, done);
  }
  return first;
}

/// A route without a destination.
Result<Route> HomeRoutes::look_up(const Ipv6Address& mag) const {
  return way_to_mag(netlink_, mag).map([](const WayToMag& way) {
    Route route;
    route.interface = way.interface;
    route.gateway = way.gateway;
    return route;
  });
}

/// One that was found serves all nodes behind the MAG; one that was not may be there by now.
const Result<Route>& HomeRoutes::way_to(const Ipv6Address& mag) {
  const auto [known, is_new] = ways_.try_emplace(mag, fail("unreachable", ""));
  if (is_new || !known->second) known->second = look_up(mag);
  return known->second;
}

Result<void> HomeRoutes::install(Home& home, const Ipv6Prefix& prefix, const Result<Route>& way) {
  if (!way) return tl::unexpected(way.error());
  Route route = *way;
  route.destination = prefix;
  if (home.stands && home.installed == route) return {};
  auto done = netlink_.ensure_route(route);
  if (done) home.installed = route;
  home.stands = done.has_value();
  return done;
}

Result<void> HomeRoutes::ensure(const core::EnsureRoute& wanted) {
  Home& home = homes_[wanted.prefix];
  home.via_mag = wanted.via_mag;
  return install(home, wanted.prefix, way_to(wanted.via_mag));
}

Result<void> HomeRoutes::remove(const core::RemoveRoute& unwanted) {
  const auto found = homes_.extract(unwanted.prefix);
  if (found.empty() || !found.mapped().installed) return {};
  return netlink_.remove_route(*found.mapped().installed);
}

Result<void> HomeRoutes::follow() {
  Result<void> first = ensure_pools();
  ways_.clear();
  for (auto& [prefix, home] : homes_) {
    const bool is_known = ways_.contains(home.via_mag);
    keep_first(first, install(home, prefix, is_known ? ways_.at(home.via_mag) : way_to(home.via_mag)));
  }
  return first;
}

Result<void> HomeRoutes::restore() {
  for (auto& [pool, stands] : pools_) stands = false;
  for (auto& [prefix, home] : homes_) home.stands = false;
  return follow();
}

Result<void> HomeRoutes::sweep(const std::vector<Ipv6Prefix>& space) {
  const auto all = netlink_.routes();
  if (!all) return tl::unexpected(all.error());
  for (const Route& route : *all) {
    const bool is_wanted = route.type == RouteType::Unicast ? homes_.contains(route.destination)
                                                            : pools_.contains(route.destination);
    const bool ours =
        std::ranges::any_of(space, [&](const Ipv6Prefix& s) { return s.contains(route.destination); });
    if (!ours || is_wanted) continue;
    if (auto removed = netlink_.remove_route(route); !removed) return removed;
  }
  return {};
}

}  // namespace flowmob::daemon
