// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "core/mag/mag_context.h"

namespace flowmob::core {

/// A router that goes says so more than once, as one advertisement may be lost (RFC 4861 section 6.2.5, at
/// most MAX_FINAL_RTR_ADVERTISEMENTS times): a node that did not hear it would send to us for half an hour.
class FinalAdvertisements {
 public:
  explicit FinalAdvertisements(MagContext& context) : context_(context) {}

  /// The first goes out now, the others follow.
  void begin(Now now, const std::string& access, SendNeighborDiscovery advertisement);
  /// There is a router for the node on this link again, or will be.
  void end(const std::string& access, const MacAddress& node);
  /// The link is gone: nobody hears them.
  void forget(const std::string& access);

  void handle_timeout(Now now);
  std::optional<TimePoint> next_deadline() const;

 private:
  using Key = std::pair<std::string, MacAddress>;  ///< access and node
  struct Final {
    SendNeighborDiscovery advertisement;
    TimePoint next;
    unsigned left;
  };
  using Finals = std::map<Key, Final>;
  void send(const SendNeighborDiscovery& advertisement);
  Finals::iterator erase(Finals::iterator final);

  MagContext& context_;
  Finals finals_;
  std::set<std::pair<TimePoint, Key>> due_;
};

}  // namespace flowmob::core
