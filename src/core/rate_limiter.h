// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "base/time.h"

namespace flowmob::core {

/// A token bucket, so that hostile input cannot make us loud: `burst` at once, and one more every `interval`.
class RateLimiter {
 public:
  explicit RateLimiter(Duration interval, unsigned burst = 1) : interval_(interval), burst_(burst) {}
  /// Holds one second's worth; zero is never.
  static RateLimiter per_second(unsigned rate) {
    return RateLimiter(rate == 0 ? Duration{} : Duration(std::chrono::seconds(1)) / rate, rate);
  }

  bool allow(TimePoint now) {
    if (burst_ == 0 || full_at_ > now + interval_ * (burst_ - 1)) return false;
    full_at_ = std::max(full_at_, now) + interval_;
    return true;
  }
  /// What was taken stays taken.
  void set_rate(unsigned rate) {
    const TimePoint full_at = full_at_;
    *this = per_second(rate);
    full_at_ = full_at;
  }

 private:
  Duration interval_;
  unsigned burst_;
  TimePoint full_at_ = TimePoint::min();  ///< when the bucket will be full again
};

}  // namespace flowmob::core
