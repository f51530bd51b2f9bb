// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "core/lma/effect.h"
#include "daemon/lma/way_to_mag.h"

namespace flowmob::daemon {

/// Home network prefixes.
struct Ipv6Family {
  using Pool = Ipv6Prefix;
  using Home = Ipv6Prefix;
  using Route = platform::Route;
  using Ensure = core::EnsureRoute;
  using Remove = core::RemoveRoute;
};

/// IPv4 home addresses. The way leads to the MAG by IPv6, and its MTU is the tunnel's, also where the path is
/// found to carry less: the kernel cuts, or answers, what is longer (RFC 5844 section 3.1.4).
struct Ipv4Family {
  using Pool = Ipv4Interface;
  using Home = Ipv4Address;
  using Route = platform::Ipv4Route;
  using Ensure = core::EnsureIpv4Route;
  using Remove = core::RemoveIpv4Route;
};

/// The kernel's routes for what mobile nodes have: packets for them reach this host's data plane even if the
/// host itself sends them, and what has no mobile node behind it is answered, not sent in circles.
template <class Family>
class HomeRoutesOf {
 public:
  using Pool = typename Family::Pool;
  using Home = typename Family::Home;
  using Route = typename Family::Route;

  explicit HomeRoutesOf(platform::Netlink& netlink) : netlink_(netlink) {}

  /// The address space that is ours to answer for: each gets an unreachable route of last resort. One that
  /// fails keeps no other from its route.
  Result<void> set_pools(const std::vector<Pool>& pools);
  Result<void> ensure(const typename Family::Ensure& route);
  Result<void> remove(const typename Family::Remove& route);
  /// The ways to the MAGs may have changed: routes that lead elsewhere by now, and those that failed, are
  /// made again. Gives the first failure.
  Result<void> follow();
  /// The kernel may have dropped routes with an interface: all of them.
  Result<void> restore();
  /// Removes what a predecessor left for homes in `space` and nobody asked for again.
  Result<void> sweep(const std::vector<Pool>& space);

 private:
  struct Entry {
    Ipv6Address via_mag;
    std::uint16_t mtu{};  ///< zero: the interface's
    core::TunnelHeaders tunnels;
    std::optional<Route> installed;
    bool stands = false;  ///< as far as we know
  };
  const Result<WayToMag>& way_to(const Ipv6Address& mag);
  const Result<WayToMag>& known_way_to(const Ipv6Address& mag);
  std::uint16_t mtu_of(const Entry& entry);
  Result<void> install(Entry& entry, const Home& home, const Result<WayToMag>& way);
  Result<void> ensure_pools();
  bool is_wanted(const Route& route) const;

  platform::Netlink& netlink_;
  std::map<Home, Entry> homes_;
  std::map<Pool, bool> pools_;                    ///< and whether the route stands
  std::map<Ipv6Address, Result<WayToMag>> ways_;  ///< to MAGs, since the last follow()
};

using HomeRoutes = HomeRoutesOf<Ipv6Family>;
using HomeIpv4Routes = HomeRoutesOf<Ipv4Family>;

}  // namespace flowmob::daemon
