// SPDX-License-Identifier: Apache-2.0
#include "lab/wire/link_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace flowmob::lab {
namespace {

using namespace std::chrono_literals;
using Fate = LinkModel::Fate;

constexpr TimePoint at(Duration d) { return TimePoint{1h + d}; }

TEST(LinkModel, DelayAloneShiftsEveryFrame) {
  LinkModel link({.delay = 20ms}, 1);
  for (const auto when : {0ms, 1ms, 50ms}) {
    const auto verdict = link.offer(at(when), 1514);
    EXPECT_EQ(verdict.fate, Fate::Delivered);
    EXPECT_EQ(verdict.due, at(when + 20ms));
  }
}

TEST(LinkModel, ARateSpacesABurst) {
  LinkModel link({.delay = 3ms, .rate = 10'000'000}, 1);
  // 1250 octets at 10 Mbit/s take 1 ms.
  EXPECT_EQ(link.offer(at(0ms), 1250).due, at(4ms));
  EXPECT_EQ(link.offer(at(0ms), 1250).due, at(5ms));
  EXPECT_EQ(link.offer(at(500us), 1250).due, at(6ms));
  EXPECT_EQ(link.offer(at(100ms), 1250).due, at(104ms)) << "an idle link starts at once";
}

TEST(LinkModel, TheQueueIsBoundedInOctets) {
  LinkModel link({.rate = 8'000'000, .queue = 3000}, 1);
  int delivered = 0;
  for (int i = 0; i < 10; ++i) delivered += link.offer(at(0ms), 1000).fate == Fate::Delivered ? 1 : 0;
  EXPECT_EQ(delivered, 3);
  EXPECT_EQ(link.offer(at(0ms), 1000).fate, Fate::QueueFull);
  EXPECT_EQ(link.offer(at(1ms), 1000).fate, Fate::Delivered) << "one has left by now";
}

TEST(LinkModel, LongRunsKeepTheRate) {
  LinkModel link({.rate = 50'000'000}, 1);
  TimePoint last;
  for (int i = 0; i < 10'000; ++i) {
    const auto verdict = link.offer(at(i * 250us), 1514);
    if (verdict.fate == Fate::Delivered) last = verdict.due;
  }
  EXPECT_NEAR(std::chrono::duration<double>(last - at(0ms)).count(), 10'000 * 250e-6, 0.01);
}

TEST(LinkModel, LossIsSeededAndOfTheAskedSize) {
  const auto losses = [](std::uint64_t seed) {
    LinkModel link({.loss = 0.1}, seed);
    std::vector<bool> lost;
    lost.reserve(20'000);
    for (int i = 0; i < 20'000; ++i) lost.push_back(link.offer(at(i * 1ms), 100).fate == Fate::Lost);
    return lost;
  };
  const auto first = losses(7);
  EXPECT_EQ(first, losses(7));
  EXPECT_NE(first, losses(8));
  EXPECT_NEAR(static_cast<double>(std::ranges::count(first, true)), 2000, 150);
}

TEST(LinkModel, JitterNeitherReordersNorLeavesItsBounds) {
  LinkModel link({.delay = 10ms, .jitter = 4ms}, 3);
  TimePoint last{};
  for (int i = 0; i < 1000; ++i) {
    const auto verdict = link.offer(at(i * 20ms), 100);
    EXPECT_GE(verdict.due - at(i * 20ms), 6ms);
    EXPECT_LE(verdict.due - at(i * 20ms), 14ms);
    EXPECT_GE(verdict.due, last);
    last = verdict.due;
  }
  EXPECT_GE(link.offer(at(20s), 100).due, last);
}

TEST(LinkModel, AShorterDelayDoesNotOvertakeWhatIsUnderWay) {
  LinkModel link({.delay = 50ms}, 1);
  const auto first = link.offer(at(0ms), 100);
  link.set_parameters({.delay = 1ms});
  EXPECT_GE(link.offer(at(1ms), 100).due, first.due);
  EXPECT_EQ(link.offer(at(100ms), 100).due, at(101ms));
}

}  // namespace
}  // namespace flowmob::lab
