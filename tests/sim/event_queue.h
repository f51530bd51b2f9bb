// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "base/time.h"

namespace flowmob::sim {

/// Virtual time: it stands still while something happens and jumps to the next thing that will.
class EventQueue {
 public:
  using Action = std::function<void()>;

  Duration now() const { return now_; }
  std::uint64_t count() const { return count_; }

  /// Things for the same moment happen in the order in which they were asked for.
  void at(Duration when, Action action) {
    events_.emplace(std::pair(std::max(when, now_), next_++), std::move(action));
  }
  void after(Duration delay, Action action) { at(now_ + delay, std::move(action)); }

  void run_until(Duration end) {
    while (!events_.empty() && events_.begin()->first.first <= end) step();
    now_ = std::max(now_, end);
  }
  void run_for(Duration span) { run_until(now_ + span); }

  /// Called behind every event.
  void watch(Action watcher) { watcher_ = std::move(watcher); }

 private:
  void step() {
    auto next = events_.extract(events_.begin());
    now_ = next.key().first;
    ++count_;
    next.mapped()();
    if (watcher_) watcher_();
  }

  Duration now_{};
  std::uint64_t next_ = 0;
  std::uint64_t count_ = 0;
  std::map<std::pair<Duration, std::uint64_t>, Action> events_;
  Action watcher_;
};

}  // namespace flowmob::sim
