// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/strong_id.h"
#include "base/time.h"

namespace flowmob::core {

/// Which of many nodes' deadlines is next. Bindings are refreshed far more often than they expire: a deadline
/// that is put off leaves its entry where it is, until that comes to the front.
class DeadlineQueue {
 public:
  static constexpr TimePoint kNone = TimePoint::max();
  /// One node's, kept by whoever has the node.
  struct Timer {
    TimePoint deadline = kNone;
    TimePoint queued = kNone;  ///< the entry that counts
  };
  struct Entry {
    TimePoint deadline;
    NodeIndex node;
  };

  void set(NodeIndex node, Timer& timer, TimePoint deadline) {
    timer.deadline = deadline;
    if (deadline < timer.queued) push(node, timer);
  }

  /// After every change: makes the entry in front a deadline. `find` gives a node's Timer; nullptr: the node
  /// has gone.
  template <class Find>
  void settle(std::size_t nodes, Find find) {
    const auto counts = [&](const Entry& entry) {
      const Timer* timer = find(entry.node);
      return timer && timer->queued == entry.deadline;
    };
    // Who comes and goes again and again must not fill the queue.
    if (heap_.size() > 2 * nodes + kSpare) keep_if(counts);
    while (!heap_.empty()) {
      const Entry entry = heap_.front();
      Timer* timer = counts(entry) ? find(entry.node) : nullptr;
      if (timer && timer->deadline == entry.deadline) return;
      pop();
      if (!timer) continue;
      timer->queued = kNone;
      set(entry.node, *timer, timer->deadline);
    }
  }

  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  const Entry& front() const { return heap_.front(); }

 private:
  static constexpr std::size_t kSpare = 16;

  void push(NodeIndex node, Timer& timer);
  void pop();
  template <class Counts>
  void keep_if(Counts counts) {
    std::erase_if(heap_, [&](const Entry& entry) { return !counts(entry); });
    order();
  }
  void order();

  std::vector<Entry> heap_;
};

}  // namespace flowmob::core
