// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>

#include "base/time.h"
#include "core/binding/mobile_node.h"

namespace flowmob::core {

/// Of one session with guests: prefixes that no flow needs there any more. For a grace what the node has sent
/// by it goes on (docs/adr/0064), so its MAG goes on forwarding them.
class RestingPrefixes {
 public:
  /// As the link is now, and its flows. Without a grace none rests.
  void follow(const MobileNode& node, const GuestLink& link, TimePoint now, Duration grace);
  bool has(const MobileNode& node, const GuestLink& link, TimePoint now) const;
  /// Of all sets.
  std::set<Ipv6Prefix> all(TimePoint now) const;
  /// When the next has rested.
  std::optional<TimePoint> next(TimePoint now) const;

 private:
  std::map<std::pair<NodeIndex, Ipv6Prefix>, TimePoint> until_;
};

}  // namespace flowmob::core
