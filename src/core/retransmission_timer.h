// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "base/time.h"

namespace flowmob::core {

/// When an unanswered message is sent again: the timeout doubles until it reaches its maximum and stays there
/// (RFC 5213 section 6.9.4 and RFC 6275 section 11.8 of updates, RFC 5846 section 6.3 of revocations).
class RetransmissionTimer {
 public:
  RetransmissionTimer(TimePoint now, Duration initial, Duration maximum)
      : timeout_(initial), maximum_(maximum), deadline_(now + initial) {}

  TimePoint deadline() const { return deadline_; }
  /// The message has gone out again.
  void restart(TimePoint now) {
    timeout_ = std::min(timeout_ * 2, maximum_);
    deadline_ = now + timeout_;
  }

 private:
  Duration timeout_;
  Duration maximum_;
  TimePoint deadline_;
};

}  // namespace flowmob::core
