// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <optional>

#include "base/time.h"

namespace flowmob::core {

/// When one node gets its Router Advertisements: at once, a few times more early on in case one is lost (RFC
/// 4861 section 6.2.4), then at a steady pace; and in answer to its solicitations at a bounded rate. One that
/// is early is answered later: to the node an answer that fails to come is a loss, and it solicits again only
/// after 4 s.
class AdvertisementSchedule {
 public:
  enum class Answer {
    Now,
    Later,    ///< next() is when
    Awaited,  ///< by an advertisement that is owed to another solicitation (RFC 4861 section 6.2.6)
  };

  AdvertisementSchedule(TimePoint now, Duration interval) : interval_(interval), regular_(now) {}

  TimePoint next() const { return owed_ ? std::min(*owed_, regular_) : regular_; }
  /// The advertisement due at next() has gone out.
  void advance(TimePoint now);
  /// When a solicitation is answered: unicast, so the 3 s between multicasts do not bind (RFC 4861 section
  /// 6.2.6).
  Answer answer(TimePoint now);

 private:
  static constexpr unsigned kInitialCount = 3;
  static constexpr Duration kInitialInterval = std::chrono::seconds(1);
  static constexpr Duration kMinAnswerInterval = std::chrono::milliseconds(300);

  Duration interval_;
  TimePoint regular_;              ///< the next one that nobody asks for
  std::optional<TimePoint> owed_;  ///< the next one that a solicitation waits for
  unsigned sent_ = 0;
  std::optional<TimePoint> answered_;
};

}  // namespace flowmob::core
