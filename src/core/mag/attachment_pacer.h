// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "core/rate_limiter.h"

namespace flowmob::core {

/// How fast nodes may come and go: a carrier that flaps, or solicitations that somebody forges on one link
/// and the other, must not become a flood of signalling. As many registrations at once as RFC 6275 section 12
/// permits in a second (MAX_UPDATE_RATE), then one a second; what is too early waits. A node that has not
/// attached needs no de-registration, so those are as rare, and leave at once.
class AttachmentPacer {
 public:
  struct Postponed {
    std::string access;
    MacAddress node;
    Ipv6Address node_link_local;
    const char* how = "";
  };

  bool allow(TimePoint now, const std::string& mn_id, const std::string& access);
  /// Where the node was seen last counts.
  void postpone(TimePoint now, const Postponed& attachment);
  void cancel(const MacAddress& node) { postponed_.erase(node); }
  /// The link is gone; the nodes that waited there.
  std::vector<MacAddress> cancel_on(const std::string& access);
  std::vector<Postponed> take_due(TimePoint now);
  std::optional<TimePoint> next() const;
  std::size_t remembered() const { return rates_.size(); }

 private:
  struct Waiting {
    TimePoint until;
    Postponed attachment;
  };
  struct Rate {
    RateLimiter limiter;
    TimePoint asked;
  };
  static constexpr std::size_t kFewRates = 64;
  void forget_idle(TimePoint now);

  std::map<std::pair<std::string, std::string>, Rate> rates_;  ///< of node and access
  std::size_t worth_a_look_ = kFewRates;  ///< with so many, those of nodes that have long gone are forgotten
  std::map<MacAddress, Waiting> postponed_;
};

}  // namespace flowmob::core
