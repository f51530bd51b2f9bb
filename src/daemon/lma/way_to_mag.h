// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "platform/netlink.h"

namespace flowmob::daemon {

/// Where packets for a mobile node leave this host so that the data plane at that interface takes them into
/// the tunnel.
struct WayToMag {
  InterfaceIndex interface;
  Ipv6Address gateway;
  std::uint32_t mtu{};  ///< of the path, as far as the kernel knows
};

/// Behind every other route.
constexpr std::uint32_t kLastResort = 0x7fffffff;

inline void keep_first(Result<void>& first, const Result<void>& outcome) {
  if (first && !outcome) first = outcome;
}

/// To a MAG behind IPv4 no gateway of IPv6 leads. One is made up, with a neighbour entry of its own: packets
/// are addressed to it and get no further than to the data plane.
Result<WayToMag> way_to_mag(platform::Netlink& netlink, const Ipv6Address& mag);

}  // namespace flowmob::daemon
