// SPDX-License-Identifier: Apache-2.0
#include "core/mn/router_watch.h"

#include <utility>

namespace flowmob::core {

void RouterWatch::start(TimePoint now, Duration interval) {
  if (!next_ && interval != Duration::zero()) next_ = now + interval;
}

void RouterWatch::stop() { *this = {}; }

RouterWatch::Step RouterWatch::handle_due(TimePoint now, Duration interval, unsigned questions) {
  if (!next_ || *next_ > now) return Step::Wait;
  const bool falls_silent = !silent_ && unanswered_ >= questions;
  if (interval == Duration::zero()) return stop(), Step::Wait;
  silent_ = silent_ || falls_silent;
  unanswered_ += silent_ ? 0 : 1;
  asked_ = now;
  next_ = now + interval;
  return falls_silent ? Step::FellSilent : Step::Ask;
}

void RouterWatch::not_asked() {
  asked_.reset();
  if (unanswered_ != 0) --unanswered_;
}

bool RouterWatch::answered(TimePoint now) {
  if (asked_) round_trip_ = now - *std::exchange(asked_, std::nullopt);
  unanswered_ = 0;
  return std::exchange(silent_, false);
}

}  // namespace flowmob::core
