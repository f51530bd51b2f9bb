// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "core/lma/effect.h"
#include "daemon/lma/way_to_mag.h"

namespace flowmob::daemon {

/// The kernel's routes for IPv4 home addresses, as HomeRoutes has them for prefixes. The way leads to the MAG
/// by IPv6, and its MTU is the tunnel's: the kernel cuts, or answers, what is longer (RFC 5844
/// section 3.1.4).
class HomeIpv4Routes {
 public:
  explicit HomeIpv4Routes(platform::Netlink& netlink) : netlink_(netlink) {}

  /// Each pool's subnet gets an unreachable route of last resort, and this host forwards IPv4 if there is
  /// one.
  Result<void> set_pools(const std::vector<Ipv4Interface>& pools);
  Result<void> ensure(const core::EnsureIpv4Route& route);
  Result<void> remove(const core::RemoveIpv4Route& route);
  /// Routes that lead elsewhere by now, and those that failed, are made again. Gives the first failure.
  Result<void> follow();
  /// The kernel may have dropped routes with an interface: all of them.
  Result<void> restore();
  /// Removes what a predecessor left for addresses in `space` and nobody asked for again.
  Result<void> sweep(const std::vector<Ipv4Interface>& space);

 private:
  struct Home {
    Ipv6Address via_mag;
    std::uint16_t mtu{};
    std::optional<platform::Ipv4Route> installed;
    bool stands = false;  ///< as far as we know
  };
  Result<void> install(const Ipv4Address& address, Home& home, const Result<WayToMag>& way);

  platform::Netlink& netlink_;
  std::map<Ipv4Address, Home> homes_;
  std::vector<Ipv4Interface> pools_;
};

}  // namespace flowmob::daemon
