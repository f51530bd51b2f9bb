// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <tuple>

#include "domain.h"

namespace flowmob::sim {

/// A router that goes says so three times, unless the link goes too, or the node comes back or is served
/// again (RFC 4861 section 6.2.5), and no more often.
class FarewellChecks {
 public:
  explicit FarewellChecks(Domain& domain);
  FarewellChecks(const FarewellChecks&) = delete;
  FarewellChecks& operator=(const FarewellChecks&) = delete;

  static constexpr unsigned kTimes = 3;
  static constexpr Duration kSpan = std::chrono::milliseconds(2100);

 private:
  using Key = std::pair<Socket, MacAddress>;
  /// Of a gateway's daemon, and of the link.
  using Life = std::pair<std::uint64_t, std::uint64_t>;
  struct Farewell {
    Life life;
    Duration since{};
    unsigned times = 0;
    bool may_end = false;  ///< the node has come back, or somebody who says that he is it
  };
  void said(Socket socket, const core::SendNeighborDiscovery& frame);
  void judge(const Key& key, Duration since);
  Life life_of(Socket socket) const;

  Domain& domain_;
  World& world_;
  std::map<Key, Farewell> farewells_;
};

}  // namespace flowmob::sim
