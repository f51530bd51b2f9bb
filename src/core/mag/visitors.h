// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "core/mag/mag_context.h"
#include "core/rate_limiter.h"

namespace flowmob::core {

/// Nodes without mobility service that get plain IPv6 from a prefix of the access link's own, where there is
/// one (RFC 5213 section 6.14). Their packets are routed, not tunnelled.
class Visitors {
 public:
  explicit Visitors(MagContext& context) : context_(context) {}

  /// One that solicited, or that the LMA does not serve. False where there is nothing to offer.
  bool welcome(Now now, const AccessConfig& access, const MacAddress& node, const Ipv6Address& source);
  /// Any other word of it; false if it is no visitor.
  bool heard(Now now, const AccessConfig& access, const MacAddress& node);
  /// It has service now: the visited prefix is withdrawn from it.
  void leave(const AccessConfig& access, const MacAddress& node);
  /// The link is gone.
  void forget(const std::string& access);
  /// The configuration was `former`: what it offered is withdrawn where it is not offered any more.
  void reconfigured(const MagConfig& former);

  void handle_timeout(Now now);
  std::optional<TimePoint> next_deadline() const;

 private:
  static constexpr unsigned kNoticesPerSecond = 10;
  struct Visitor {
    Ipv6Address link_local;  ///< unspecified: not known
    AdvertisementSchedule advertisements;
    TimePoint heard;
  };
  using Key = std::pair<std::string, MacAddress>;
  using Entries = std::map<Key, Visitor>;
  using Times = std::set<std::pair<TimePoint, Key>>;
  Entries::iterator add(Now now, const AccessConfig& access, const MacAddress& node);
  void note_heard(Now now, Entries::iterator visitor);
  void answer(Now now, Entries::iterator visitor);
  Entries::iterator erase(Entries::iterator visitor);
  void advertise(const AccessConfig& access, const MacAddress& node, const Visitor& visitor, bool is_router);

  MagContext& context_;
  Entries visitors_;
  Times heard_, next_;  ///< the same by when they were heard last, and by their next advertisement
  RateLimiter notices_ = RateLimiter::per_second(kNoticesPerSecond);
};

}  // namespace flowmob::core
