// SPDX-License-Identifier: Apache-2.0
#include "core/binding/deadline_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>

namespace flowmob::core {
namespace {

/// A few nodes with their timers.
struct Nodes {
  std::map<NodeIndex, DeadlineQueue::Timer> timers;
  DeadlineQueue queue;

  void set(std::uint32_t node, TimePoint deadline) {
    queue.set(NodeIndex{node}, timers[NodeIndex{node}], deadline);
    settle();
  }
  void erase(std::uint32_t node) {
    timers.erase(NodeIndex{node});
    settle();
  }
  void settle() {
    queue.settle(timers.size(), [this](NodeIndex node) {
      const auto found = timers.find(node);
      return found == timers.end() ? nullptr : &found->second;
    });
  }
  std::optional<TimePoint> next() const {
    return queue.empty() ? std::nullopt : std::optional(queue.front().deadline);
  }
};

TimePoint at(Duration::rep time) { return TimePoint{Duration{time}}; }

TEST(DeadlineQueue, ADeadlineIsPutOffAndBroughtForward) {
  Nodes nodes;
  nodes.set(1, at(2));
  nodes.set(2, at(4));
  nodes.set(1, at(6));
  EXPECT_EQ(nodes.next(), at(4));
  nodes.set(2, at(8));
  EXPECT_EQ(nodes.next(), at(6));
  nodes.set(2, at(3));
  EXPECT_EQ(nodes.next(), at(3));
  EXPECT_EQ(nodes.queue.front().node, NodeIndex{2});
  nodes.set(2, DeadlineQueue::kNone);
  EXPECT_EQ(nodes.next(), at(6));
  nodes.erase(1);
  EXPECT_EQ(nodes.next(), std::nullopt);
}

TEST(DeadlineQueue, OfDeadlinesInAnyOrderTheFirstIsNext) {
  Nodes nodes;
  std::map<std::uint32_t, TimePoint> deadlines;
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    const auto node = static_cast<std::uint32_t>(random() % 20 + 1);
    if (random() % 4 == 0) {
      nodes.erase(node);
      deadlines.erase(node);
    } else {
      deadlines[node] = at(static_cast<Duration::rep>(random() % 1000));
      nodes.set(node, deadlines[node]);
    }
    const auto first = std::min_element(deadlines.begin(), deadlines.end(),
                                        [](const auto& a, const auto& b) { return a.second < b.second; });
    ASSERT_EQ(nodes.next(), first == deadlines.end() ? std::nullopt : std::optional(first->second));
  }
}

TEST(DeadlineQueue, WhoComesAndGoesDoesNotFillIt) {
  Nodes nodes;
  for (Duration::rep i = 0; i < 10'000; ++i) {
    nodes.set(1, at(1'000'000 - i));
    nodes.set(2, at(2'000'000));
    nodes.erase(2);
  }
  EXPECT_LT(nodes.queue.size(), 100U);
  EXPECT_EQ(nodes.next(), at(1'000'000 - 9'999));
}

}  // namespace
}  // namespace flowmob::core
