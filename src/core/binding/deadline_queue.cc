// SPDX-License-Identifier: Apache-2.0
#include "core/binding/deadline_queue.h"

#include <algorithm>

namespace flowmob::core {
namespace {

bool is_later(const DeadlineQueue::Entry& a, const DeadlineQueue::Entry& b) {
  return a.deadline > b.deadline;
}

}  // namespace

void DeadlineQueue::push(NodeIndex node, Timer& timer) {
  timer.queued = timer.deadline;
  heap_.push_back({timer.deadline, node});
  std::push_heap(heap_.begin(), heap_.end(), is_later);
}

void DeadlineQueue::pop() {
  std::pop_heap(heap_.begin(), heap_.end(), is_later);
  heap_.pop_back();
}

void DeadlineQueue::order() { std::make_heap(heap_.begin(), heap_.end(), is_later); }

}  // namespace flowmob::core
