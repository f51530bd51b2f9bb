// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/time.h"

namespace flowmob::core {

/// Neighbor Unreachability Detection of one member's router (RFC 4861 section 7.3), at a pace of its own: a
/// link may have a carrier and carry nothing. The router is asked at every interval; one that has left so
/// many questions unanswered when the next is due is silent, until it answers.
class RouterWatch {
 public:
  enum class Step { Wait, Ask, FellSilent };

  /// From an interval later. One that is watched already is not begun anew.
  void start(TimePoint now, Duration interval);
  void stop();
  /// What is to be done now. `FellSilent` is an `Ask`, too.
  Step handle_due(TimePoint now, Duration interval, unsigned questions);
  /// The last question could not be sent: nobody is to be blamed.
  void not_asked();
  /// Whether it was silent before.
  bool answered(TimePoint now);

  bool is_silent() const { return silent_; }
  /// More than the latest question is unanswered: it may have another link-layer address by now.
  bool is_missing() const { return silent_ || unanswered_ > 1; }
  std::optional<TimePoint> next() const { return next_; }
  /// From the latest question to the first answer to it; none before the first.
  std::optional<Duration> round_trip() const { return round_trip_; }

 private:
  std::optional<TimePoint> next_;
  std::optional<TimePoint> asked_;  ///< the latest question, while it waits
  unsigned unanswered_ = 0;
  bool silent_ = false;
  std::optional<Duration> round_trip_;
};

}  // namespace flowmob::core
