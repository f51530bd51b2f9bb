// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/lma/home_routes.h"

namespace flowmob::daemon {

/// The routes of both families. What fails of one keeps nothing from the other; the first failure is given.
class HomeNetworks {
 public:
  explicit HomeNetworks(platform::Netlink& netlink) : ipv6(netlink), ipv4(netlink) {}

  /// Where there are pools of IPv4 this host forwards IPv4.
  Result<void> set_pools(const std::vector<Ipv6Prefix>& pools, const std::vector<Ipv4Interface>& ipv4_pools);
  Result<void> follow();
  Result<void> restore();
  Result<void> sweep(const std::vector<Ipv6Prefix>& space, const std::vector<Ipv4Interface>& ipv4_space);

  HomeRoutes ipv6;
  HomeIpv4Routes ipv4;

 private:
  Result<void> ensure_forwarding() const;

  bool has_ipv4_ = false;
};

}  // namespace flowmob::daemon
