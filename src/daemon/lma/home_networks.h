// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/lma/ipv4_routes.h"
#include "daemon/lma/routes.h"

namespace flowmob::daemon {

/// The routes of both families. What fails of one keeps nothing from the other; the first failure is given.
struct HomeNetworks {
  explicit HomeNetworks(platform::Netlink& netlink) : ipv6(netlink), ipv4(netlink) {}

  Result<void> set_pools(const std::vector<Ipv6Prefix>& pools, const std::vector<Ipv4Interface>& ipv4_pools) {
    auto first = ipv6.set_pools(pools);
    keep_first(first, ipv4.set_pools(ipv4_pools));
    return first;
  }
  Result<void> follow() {
    auto first = ipv6.follow();
    keep_first(first, ipv4.follow());
    return first;
  }
  Result<void> restore() {
    auto first = ipv6.restore();
    keep_first(first, ipv4.restore());
    return first;
  }
  Result<void> sweep(const std::vector<Ipv6Prefix>& space, const std::vector<Ipv4Interface>& ipv4_space) {
    auto first = ipv6.sweep(space);
    keep_first(first, ipv4.sweep(ipv4_space));
    return first;
  }

  HomeRoutes ipv6;
  HomeIpv4Routes ipv4;
};

}  // namespace flowmob::daemon
