// SPDX-License-Identifier: Apache-2.0
#include "daemon/lma/home_routes.h"

#include <algorithm>

namespace flowmob::daemon {
namespace {

using core::EnsureIpv4Route;
using core::EnsureRoute;
using core::RemoveIpv4Route;
using core::RemoveRoute;
using platform::Ipv4Route;
using platform::Route;
using platform::RouteType;

// What differs between the families.
Ipv6Prefix home_of(const EnsureRoute& wanted) { return wanted.prefix; }
Ipv6Prefix home_of(const RemoveRoute& unwanted) { return unwanted.prefix; }
Ipv6Prefix home_of(const Route& route) { return route.destination; }
Ipv4Address home_of(const EnsureIpv4Route& wanted) { return wanted.address; }
Ipv4Address home_of(const RemoveIpv4Route& unwanted) { return unwanted.address; }
Ipv4Address home_of(const Ipv4Route& route) { return route.destination.address; }

std::uint16_t mtu_wanted(const EnsureRoute&) { return 0; }
std::uint16_t mtu_wanted(const EnsureIpv4Route& wanted) { return wanted.mtu; }
core::TunnelHeaders tunnels_of(const EnsureRoute&) { return {}; }
core::TunnelHeaders tunnels_of(const EnsureIpv4Route& wanted) { return wanted.tunnels; }

void lead_to(Route& route, const Ipv6Prefix& home) { route.destination = home; }
void lead_to(Ipv4Route& route, const Ipv4Address& home) { route.destination = {home, 32}; }

Route unreachable(const Ipv6Prefix& pool) {
  Route route;
  route.destination = pool;
  route.metric = kLastResort;
  route.type = RouteType::Unreachable;
  return route;
}

Ipv4Route unreachable(const Ipv4Interface& pool) {
  Ipv4Route route;
  route.destination = {pool.first(), pool.length};
  route.metric = kLastResort;
  return route;
}

Result<std::vector<Route>> routes_in(platform::Netlink& netlink, Ipv6Family) { return netlink.routes(); }
Result<std::vector<Ipv4Route>> routes_in(platform::Netlink& netlink, Ipv4Family) {
  return netlink.ipv4_routes();
}

bool holds(const Ipv6Prefix& space, const Route& route) { return space.contains(route.destination); }
bool holds(const Ipv4Interface& space, const Ipv4Route& route) {
  return space.contains(route.destination.address);
}

}  // namespace

template <class Family>
Result<void> HomeRoutesOf<Family>::set_pools(const std::vector<Pool>& pools) {
  Result<void> first;
  for (auto pool = pools_.begin(); pool != pools_.end();) {
    const bool stays = std::ranges::count(pools, pool->first) > 0;
    if (!stays) keep_first(first, netlink_.remove_route(unreachable(pool->first)));
    pool = stays ? std::next(pool) : pools_.erase(pool);
  }
  for (const Pool& pool : pools) pools_[pool] = false;
  keep_first(first, ensure_pools());
  return first;
}

template <class Family>
Result<void> HomeRoutesOf<Family>::ensure_pools() {
  Result<void> first;
  for (auto& [pool, stands] : pools_) {
    if (stands) continue;
    const auto done = netlink_.ensure_route(unreachable(pool));
    stands = done.has_value();
    keep_first(first, done);
  }
  return first;
}

/// One that was found serves all nodes behind the MAG; one that was not may be there by now.
template <class Family>
const Result<WayToMag>& HomeRoutesOf<Family>::way_to(const Ipv6Address& mag) {
  const auto [known, is_new] = ways_.try_emplace(mag, fail("unreachable", ""));
  if (is_new || !known->second) known->second = way_to_mag(netlink_, mag);
  return known->second;
}

/// One that was not found since the last follow() is not looked for once more.
template <class Family>
const Result<WayToMag>& HomeRoutesOf<Family>::known_way_to(const Ipv6Address& mag) {
  const auto known = ways_.find(mag);
  return known == ways_.end() ? way_to(mag) : known->second;
}

/// RFC 2473 section 6.7: of the paths, less the tunnels' headers.
template <class Family>
std::uint16_t HomeRoutesOf<Family>::mtu_of(const Entry& entry) {
  std::uint32_t mtu = entry.mtu;
  for (const auto& [mag, headers] : entry.tunnels) {
    const auto& way = known_way_to(mag);
    if (way && way->mtu > headers) mtu = std::min(mtu, way->mtu - headers);
  }
  return static_cast<std::uint16_t>(mtu);
}

template <class Family>
Result<void> HomeRoutesOf<Family>::install(Entry& entry, const Home& home, const Result<WayToMag>& way) {
  if (!way) return tl::unexpected(way.error());
  typename Family::Route route;
  lead_to(route, home);
  route.interface = way->interface;
  route.gateway = way->gateway;
  route.mtu = mtu_of(entry);
  if (entry.stands && entry.installed == route) return {};
  auto done = netlink_.ensure_route(route);
  if (done) entry.installed = route;
  entry.stands = done.has_value();
  return done;
}

template <class Family>
Result<void> HomeRoutesOf<Family>::ensure(const typename Family::Ensure& wanted) {
  Entry& entry = homes_[home_of(wanted)];
  entry.via_mag = wanted.via_mag;
  entry.mtu = mtu_wanted(wanted);
  entry.tunnels = tunnels_of(wanted);
  return install(entry, home_of(wanted), way_to(wanted.via_mag));
}

template <class Family>
Result<void> HomeRoutesOf<Family>::remove(const typename Family::Remove& unwanted) {
  const auto found = homes_.extract(home_of(unwanted));
  if (found.empty() || !found.mapped().installed) return {};
  return netlink_.remove_route(*found.mapped().installed);
}

template <class Family>
Result<void> HomeRoutesOf<Family>::follow() {
  Result<void> first = ensure_pools();
  ways_.clear();
  for (auto& [home, entry] : homes_) {
    keep_first(first, install(entry, home, known_way_to(entry.via_mag)));
  }
  return first;
}

template <class Family>
Result<void> HomeRoutesOf<Family>::restore() {
  for (auto& [pool, stands] : pools_) stands = false;
  for (auto& [home, entry] : homes_) entry.stands = false;
  return follow();
}

/// As the route of a home or of a pool: the two differ in where they lead.
template <class Family>
bool HomeRoutesOf<Family>::is_wanted(const Route& route) const {
  if (route.interface) return homes_.contains(home_of(route));
  return std::ranges::any_of(
      pools_, [&](const auto& pool) { return unreachable(pool.first).destination == route.destination; });
}

template <class Family>
Result<void> HomeRoutesOf<Family>::sweep(const std::vector<Pool>& space) {
  const auto all = routes_in(netlink_, Family{});
  if (!all) return tl::unexpected(all.error());
  for (const Route& route : *all) {
    if (is_wanted(route)) continue;
    if (std::ranges::none_of(space, [&](const Pool& s) { return holds(s, route); })) continue;
    if (auto removed = netlink_.remove_route(route); !removed) return removed;
  }
  return {};
}

template class HomeRoutesOf<Ipv6Family>;
template class HomeRoutesOf<Ipv4Family>;

}  // namespace flowmob::daemon
