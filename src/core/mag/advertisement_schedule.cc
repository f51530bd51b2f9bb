// SPDX-License-Identifier: Apache-2.0
#include "core/mag/advertisement_schedule.h"

#include <algorithm>

namespace flowmob::core {

void AdvertisementSchedule::advance(TimePoint now) {
  ++sent_;
  next_ = now + (sent_ < kInitialCount ? std::min(kInitialInterval, interval_) : interval_);
}

bool AdvertisementSchedule::answer(TimePoint now) {
  if (answered_ && now < *answered_ + kMinAnswerInterval) return false;
  answered_ = now;
  return true;
}

}  // namespace flowmob::core
