// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/time.h"

namespace flowmob::core {

/// Permits something once in an interval, so that hostile input cannot make us loud.
class RateLimiter {
 public:
  explicit RateLimiter(Duration interval) : interval_(interval) {}

  bool allow(TimePoint now) {
    if (last_ && now < *last_ + interval_) return false;
    last_ = now;
    return true;
  }

 private:
  Duration interval_;
  std::optional<TimePoint> last_;
};

}  // namespace flowmob::core
