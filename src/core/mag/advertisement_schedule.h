// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/time.h"

namespace flowmob::core {

/// When one node gets its Router Advertisements: at once, a few times more early on in case one is lost (RFC
/// 4861 section 6.2.4), then at a steady pace; and in answer to its solicitations at a bounded rate.
class AdvertisementSchedule {
 public:
  AdvertisementSchedule(TimePoint now, Duration interval) : interval_(interval), next_(now) {}

  TimePoint next() const { return next_; }
  /// The advertisement due at next() has gone out.
  void advance(TimePoint now);
  /// Whether a solicitation is answered now: unicast, so the 3 s between multicasts do not bind (RFC 4861
  /// section 6.2.6).
  bool answer(TimePoint now);

 private:
  static constexpr unsigned kInitialCount = 3;
  static constexpr Duration kInitialInterval = std::chrono::seconds(1);
  static constexpr Duration kMinAnswerInterval = std::chrono::milliseconds(300);

  Duration interval_;
  TimePoint next_;
  unsigned sent_ = 0;
  std::optional<TimePoint> answered_;
};

}  // namespace flowmob::core
