// SPDX-License-Identifier: Apache-2.0
#include "core/mag/advertisement_schedule.h"

namespace flowmob::core {

/// What is owed goes with it.
void AdvertisementSchedule::advance(TimePoint now) {
  if (owed_) answered_ = now;
  owed_.reset();
  if (now < regular_) return;
  ++sent_;
  regular_ = now + (sent_ < kInitialCount ? std::min(kInitialInterval, interval_) : interval_);
}

AdvertisementSchedule::Answer AdvertisementSchedule::answer(TimePoint now) {
  if (owed_) return Answer::Awaited;
  if (answered_ && now < *answered_ + kMinAnswerInterval) {
    owed_ = *answered_ + kMinAnswerInterval;
    return Answer::Later;
  }
  answered_ = now;
  return Answer::Now;
}

}  // namespace flowmob::core
