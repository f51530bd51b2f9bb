// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "base/time.h"

namespace flowmob::core {

/// When an unanswered Proxy Binding Update is sent again: the timeout doubles until it reaches its maximum
/// and stays there (RFC 5213 section 6.9.4, RFC 6275 section 11.8).
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
