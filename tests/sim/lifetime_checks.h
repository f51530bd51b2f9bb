// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "domain.h"

namespace flowmob::sim {

/// Nothing outlives its lifetime: what an acknowledgement granted is gone when the grant is over, at the LMA
/// that gave it and at the MAG that got it; and a MAG that was told of a departure serves no longer than it
/// may.
class LifetimeChecks {
 public:
  explicit LifetimeChecks(Domain& domain);
  LifetimeChecks(const LifetimeChecks&) = delete;
  LifetimeChecks& operator=(const LifetimeChecks&) = delete;

  /// How long after its end something may still be there: effects that are answered late, and the like.
  Duration slack = std::chrono::milliseconds(100);
  /// The longest that anything is granted; zero: what a predecessor granted is not judged.
  Duration longest{};
  /// The state of a departed node goes after INITIAL_BINDACK_TIMEOUT, answered or not (RFC 5213 section
  /// 6.9.1.4).
  Duration goodbye = std::chrono::seconds(1);

  /// The LMA has granted the gateway something of which that has not heard: all answers since were lost.
  bool is_unheard(std::size_t mag, const Ipv6Prefix& prefix) const {
    return unheard_.contains({mag, prefix});
  }

 private:
  using Key = std::pair<std::size_t, Ipv6Prefix>;  ///< of a MAG and one of its prefixes
  using Ends = std::map<Key, Duration>;

  void granted(std::size_t mag, const wire::ProxyBindingAcknowledgement& ack);
  void arrived(std::size_t mag, const wire::ProxyBindingAcknowledgement& ack);
  void departed(Port port, std::size_t mag);
  void lma_started();
  void mag_started(std::size_t mag);
  void extend(Ends& ends, const Key& key, Duration until, void (LifetimeChecks::*judge)(const Key&));
  bool is_off_link(const Key& key) const;
  void judge_lma(const Key& key);
  void judge_mag(const Key& key);
  bool is_over(Ends& ends, const Key& key);

  Domain& domain_;
  World& world_;
  std::set<Key> unheard_;
  Ends at_lma_, at_mag_;
};

}  // namespace flowmob::sim
