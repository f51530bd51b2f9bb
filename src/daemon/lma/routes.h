// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <vector>

#include "core/lma/effect.h"
#include "platform/netlink.h"

namespace flowmob::daemon {

/// The kernel's routes for home network prefixes: packets for mobile nodes reach this host's data plane even
/// if the host itself sends them, and what has no mobile node behind it is answered, not sent in circles.
class HomeRoutes {
 public:
  explicit HomeRoutes(platform::Netlink& netlink) : netlink_(netlink) {}

  /// The address space that is ours to answer for: each gets an unreachable route of last resort. One that
  /// fails keeps no other from its route.
  Result<void> set_pools(const std::vector<Ipv6Prefix>& pools);
  Result<void> ensure(const core::EnsureRoute& route);
  Result<void> remove(const core::RemoveRoute& route);
  /// The ways to the MAGs may have changed: routes that lead elsewhere by now, and those that failed, are
  /// made again. Gives the first failure.
  Result<void> follow();
  /// The kernel may have dropped routes with an interface: all of them.
  Result<void> restore();
  /// Removes what a predecessor left for prefixes in `space` and nobody asked for again.
  Result<void> sweep(const std::vector<Ipv6Prefix>& space);

 private:
  struct Home {
    Ipv6Address via_mag;
    std::optional<platform::Route> installed;
    bool stands = false;  ///< as far as we know
  };
  const Result<platform::Route>& way_to(const Ipv6Address& mag);
  Result<platform::Route> look_up(const Ipv6Address& mag) const;
  Result<void> install(Home& home, const Ipv6Prefix& prefix, const Result<platform::Route>& way);
  Result<void> ensure_pools();

  platform::Netlink& netlink_;
  std::map<Ipv6Prefix, Home> homes_;
  std::map<Ipv6Prefix, bool> pools_;                     ///< and whether the route stands
  std::map<Ipv6Address, Result<platform::Route>> ways_;  ///< to MAGs, since the last follow()
};

}  // namespace flowmob::daemon
