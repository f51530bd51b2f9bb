// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/address.h"
#include "core/flow/flow_table.h"
#include "wire/enums.h"

namespace flowmob::core {

/// What one part of an anchor notes for another, once it stands.
struct NodeNews {
  struct Registered {
    NodeIndex node;
    SessionId session;
  };
  /// A MAG that a session was handed off from without a de-registration, and by which nothing of it goes any
  /// more: it may still believe that the node is there. The node may be gone by now.
  struct Left {
    NodeIndex node;
    std::uint8_t mn_id_subtype{};
    std::string mn_id;
    std::vector<Ipv6Prefix> prefixes;
    Ipv6Address mag;
    bool same_access = false;  ///< the session's technology was the same there
  };
  /// A session that was kept, and which the policy does not permit any more.
  struct Dropped {
    Ipv6Address mag;
    std::uint8_t mn_id_subtype{};
    std::string mn_id;
    std::vector<Ipv6Prefix> prefixes;
  };
  std::vector<Registered> registered;
  std::vector<Left> left;
  std::vector<Dropped> dropped;
  std::vector<std::string> holds;  ///< MN-IDs of requests that wait for the previous MAG
  bool empty() const { return registered.empty() && left.empty() && dropped.empty() && holds.empty(); }
};

}  // namespace flowmob::core
