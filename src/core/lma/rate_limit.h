// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "base/time.h"

namespace flowmob::core {

/// A token bucket that holds one second's worth.
class RateLimit {
 public:
  explicit RateLimit(unsigned per_second) : per_second_(per_second), tokens_(per_second) {}

  bool allow(TimePoint now) {
    refill(now);
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }
  void set_rate(unsigned per_second) {
    per_second_ = per_second;
    tokens_ = std::min<double>(tokens_, per_second_);
  }

 private:
  void refill(TimePoint now) {
    if (now <= last_) return;
    const std::chrono::duration<double> passed = now - last_;
    tokens_ = std::min<double>(per_second_, tokens_ + passed.count() * per_second_);
    last_ = now;
  }

  double per_second_;
  double tokens_;
  TimePoint last_{};
};

}  // namespace flowmob::core
