// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/address.h"
#include "core/flow/flow_rule.h"

namespace flowmob::core {

/// What is known of the way to a MAG. None: not yet, or not any more.
struct LinkQuality {
  std::optional<Duration> round_trip{};
  std::optional<unsigned> loss{};       ///< percent
  std::optional<std::uint64_t> load{};  ///< bits a second
  friend bool operator==(const LinkQuality&, const LinkQuality&) = default;
};

/// What of a link is worse than a rule permits.
enum class Excess { None, RoundTrip, Loss, Load };

/// `was_worse`: then it has to be better by the margin. What is not known is not held against a link.
Excess excess(const LinkLimits& limits, const LinkQuality& quality, bool was_worse);

/// What the anchor knows of its links at this moment, and which of them are too bad for which rule. To be
/// told the time before anything is asked.
class LinkBoard {
 public:
  TimePoint now() const { return now_; }
  void advance(TimePoint now) { now_ = now; }

  /// The policies that hold from now on.
  void set_policies(const std::vector<Shared<FlowPolicy>>& policies);
  /// True if the link became good or bad for some rule.
  bool set_quality(const Ipv6Address& mag, const LinkQuality& quality);
  LinkQuality quality(const Ipv6Address& mag) const;
  std::vector<Ipv6Address> mags() const;  ///< of which something is known
  Excess excess_of(const FlowRule& rule, const Ipv6Address& mag) const;
  bool asks_for_load() const;

 private:
  using RuleId = std::pair<std::string, std::string>;  ///< policy and rule
  bool judge(const RuleId& id, const LinkLimits& limits, const Ipv6Address& mag);

  TimePoint now_{};
  std::map<RuleId, LinkLimits> rules_;
  std::map<Ipv6Address, LinkQuality> qualities_;
  std::map<std::pair<RuleId, Ipv6Address>, Excess> worse_;
};

}  // namespace flowmob::core
