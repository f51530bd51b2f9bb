// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

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
    events_.push_back({std::max(when, now_), next_++, std::move(action)});
    std::ranges::push_heap(events_, is_later);
  }
  void after(Duration delay, Action action) { at(now_ + delay, std::move(action)); }

  void run_until(Duration end) {
    while (!events_.empty() && events_.front().when <= end) step();
    now_ = std::max(now_, end);
  }
  void run_for(Duration span) { run_until(now_ + span); }

  /// Called behind every event.
  void watch(Action watcher) { watcher_ = std::move(watcher); }

 private:
  struct Event {
    Duration when;
    std::uint64_t order;
    Action action;
  };
  static bool is_later(const Event& a, const Event& b) {
    return a.when != b.when ? a.when > b.when : a.order > b.order;
  }

  void step() {
    std::ranges::pop_heap(events_, is_later);
    const Event next = std::move(events_.back());
    events_.pop_back();
    now_ = next.when;
    ++count_;
    next.action();
    if (watcher_) watcher_();
  }

  Duration now_{};
  std::uint64_t next_ = 0;
  std::uint64_t count_ = 0;
  std::vector<Event> events_;  ///< a heap
  Action watcher_;
};

}  // namespace flowmob::sim
