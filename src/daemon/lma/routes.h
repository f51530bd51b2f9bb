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

  /// The address space that is ours to answer for: each gets an unreachable route of last resort.
  Result<void> set_pools(const std::vector<Ipv6Prefix>& pools);
  Result<void> ensure(const core::EnsureRoute& route);
  Result<void> remove(const core::RemoveRoute& route);
  /// Removes what a predecessor left for prefixes in `space` and nobody asked for again.
  Result<void> sweep(const std::vector<Ipv6Prefix>& space);

 private:
  platform::Netlink& netlink_;
  std::map<Ipv6Prefix, platform::Route> homes_;
  std::map<Ipv6Prefix, platform::Route> pools_;
};

}  // namespace flowmob::daemon
