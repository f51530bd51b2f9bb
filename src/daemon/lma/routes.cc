// SPDX-License-Identifier: Apache-2.0
#include "daemon/lma/routes.h"

#include <algorithm>

namespace flowmob::daemon {
namespace {

using platform::Route;
using platform::RouteType;

/// Behind every other route.
constexpr std::uint32_t kLastResort = 0x7fffffff;

Route unreachable(const Ipv6Prefix& pool) {
  Route route;
  route.destination = pool;
  route.metric = kLastResort;
  route.type = RouteType::Unreachable;
  return route;
}

}  // namespace

Result<void> HomeRoutes::set_pools(const std::vector<Ipv6Prefix>& pools) {
  for (const auto& [pool, route] : pools_) {
    if (std::ranges::count(pools, pool) > 0) continue;
    if (auto removed = netlink_.remove_route(route); !removed) return removed;
  }
  pools_.clear();
  for (const Ipv6Prefix& pool : pools) {
    pools_.emplace(pool, unreachable(pool));
    if (auto done = netlink_.ensure_route(pools_.at(pool)); !done) return done;
  }
  return {};
}

Result<void> HomeRoutes::ensure(const core::EnsureRoute& wanted) {
  const auto path = netlink_.path_to(wanted.via_mag);
  if (!path) return tl::unexpected(path.error());
  Route route;
  route.destination = wanted.prefix;
  route.interface = path->interface;
  route.gateway = path->gateway.value_or(wanted.via_mag);
  if (path->local) return fail("unreachable", wanted.via_mag.to_string() + " is an address of this host");
  homes_.insert_or_assign(wanted.prefix, route);
  return netlink_.ensure_route(route);
}

Result<void> HomeRoutes::remove(const core::RemoveRoute& unwanted) {
  const auto found = homes_.find(unwanted.prefix);
  if (found == homes_.end()) return {};
  const Route route = found->second;
  homes_.erase(found);
  return netlink_.remove_route(route);
}

Result<void> HomeRoutes::sweep(const std::vector<Ipv6Prefix>& space) {
  const auto all = netlink_.routes();
  if (!all) return tl::unexpected(all.error());
  for (const Route& route : *all) {
    const auto& wanted = route.type == RouteType::Unicast ? homes_ : pools_;
    const bool ours =
        std::ranges::any_of(space, [&](const Ipv6Prefix& s) { return s.contains(route.destination); });
    if (!ours || wanted.contains(route.destination)) continue;
    if (auto removed = netlink_.remove_route(route); !removed) return removed;
  }
  return {};
}

}  // namespace flowmob::daemon
