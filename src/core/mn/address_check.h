// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

#include "base/address.h"
#include "base/time.h"
#include "core/rate_limiter.h"

namespace flowmob::core {

/// Whether one member's router still has the link-layer address that is in use, when an advertisement in its
/// name gives another (RFC 4861 section 7.3, before what section 6.3.4 says is done). Anyone on the link can
/// send such a one, so the old address is asked first, and stays if it answers.
class AddressCheck {
 public:
  enum class Step { Wait, Ask, Take };

  /// With the first question due. Whether it has begun: there is one at a time, and they have a rate. Who is
  /// farther than usual (`round_trip`) gets more time.
  bool start(TimePoint now, const MacAddress& said, std::optional<Duration> round_trip);
  /// The old address stays.
  void stop();
  /// The router's answer, from the old address unless it gives the new one.
  void hear_answer(const MacAddress& given);
  /// The last question could not be sent: that says nothing, and others would fare alike.
  void not_asked();
  /// Until that fails, and again when something was answered.
  bool can_ask() const { return can_ask_; }
  /// `Ask`: the old address, once more. `Take`: it is silent, said() is the router's now; the check has
  /// ended.
  Step handle_due(TimePoint now);

  const MacAddress& said() const { return said_; }
  std::optional<TimePoint> next() const { return next_; }

 private:
  std::optional<TimePoint> next_;
  MacAddress said_;
  Duration patience_{};
  unsigned asked_ = 0;
  bool can_ask_ = true;
  RateLimiter rate_{std::chrono::seconds(2), 2};
};

}  // namespace flowmob::core
