// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <unordered_set>
#include <vector>

#include "core/ipv4_home.h"

namespace flowmob::core {

/// IPv4 home addresses. A pool is written as its default router's interface: 192.0.2.1/24 gives out the other
/// hosts of 192.0.2.0/24. An address that was given back is not the next to be given out.
class Ipv4Allocator {
 public:
  /// Anew, also while addresses are in use: those stay so. `reserved` belong to somebody by configuration.
  void configure(const std::vector<Ipv4Interface>& pools, const std::vector<Ipv4Address>& reserved);

  /// Whether there is IPv4 in the home network at all.
  bool is_enabled() const { return !pools_.empty(); }
  /// A free address, taken; none when all are in use.
  std::optional<Ipv4Home> allocate();
  /// What a host of one of the pools has; nothing for routers, subnets' own addresses and foreign ones.
  std::optional<Ipv4Home> home_of(const Ipv4Address& address) const;
  /// Whether a node without an address of its own may ask for this one.
  bool is_offered(const Ipv4Address& address) const;
  /// False: it is in use.
  bool claim(const Ipv4Address& address) { return used_.insert(to_number(address)).second; }
  void release(const Ipv4Address& address) { used_.erase(to_number(address)); }

 private:
  struct Pool {
    Ipv4Interface router;
    std::uint32_t next = 0;  ///< where to look first
  };
  std::optional<Ipv4Home> allocate_from(Pool& pool);

  std::vector<Pool> pools_;
  std::unordered_set<std::uint32_t> reserved_;
  std::unordered_set<std::uint32_t> used_;
};

}  // namespace flowmob::core
