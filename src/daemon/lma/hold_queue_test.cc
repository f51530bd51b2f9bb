// SPDX-License-Identifier: Apache-2.0
#include "daemon/lma/hold_queue.h"

#include <gmock/gmock.h>

#include <cstring>

namespace flowmob::daemon {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::Optional;

constexpr TimePoint kBegin{100s};

std::vector<std::uint8_t> leaving(HoldQueue& queue, TimePoint now) {
  std::vector<std::uint8_t> all;
  while (auto frame = queue.take(now)) all.push_back(frame->front());
  return all;
}

TEST(HoldQueue, NothingLeavesBeforeItsTime) {
  HoldQueue queue;
  EXPECT_FALSE(queue.next_deadline());
  queue.put(kBegin, 1, kBegin + 20ms, Bytes{1});
  EXPECT_EQ(queue.next_deadline(), kBegin + 20ms);
  EXPECT_FALSE(queue.take(kBegin + 19ms));
  EXPECT_THAT(queue.take(kBegin + 20ms), Optional(Bytes{1}));
  EXPECT_FALSE(queue.next_deadline());
  EXPECT_EQ(queue.bytes(), 0U);
}

TEST(HoldQueue, AFlowLeavesInItsOrderFourTimesAsFast) {
  HoldQueue queue;
  for (std::uint8_t i = 0; i < 5; ++i) queue.put(kBegin + i * 4ms, 1, kBegin + 20ms, Bytes{i});
  EXPECT_THAT(leaving(queue, kBegin + 20ms), ElementsAre(0));
  EXPECT_THAT(leaving(queue, kBegin + 22ms), ElementsAre(1, 2));
  queue.put(kBegin + 22ms, 1, kBegin + 20ms, Bytes{5});
  EXPECT_THAT(leaving(queue, kBegin + 30ms), ElementsAre(3, 4, 5));
}

TEST(HoldQueue, FlowsDoNotWaitForEachOther) {
  HoldQueue queue;
  queue.put(kBegin, 1, kBegin + 50ms, Bytes{1});
  queue.put(kBegin + 1ms, 2, kBegin + 10ms, Bytes{2});
  EXPECT_EQ(queue.next_deadline(), kBegin + 10ms);
  EXPECT_THAT(leaving(queue, kBegin + 10ms), ElementsAre(2));
  EXPECT_THAT(leaving(queue, kBegin + 50ms), ElementsAre(1));
}

TEST(HoldQueue, WhatWouldBeTooMuchDoesNotWait) {
  HoldQueue queue;
  const Bytes frame(60'000);
  while (queue.bytes() + frame.size() <= HoldQueue::kMostBytes) queue.put(kBegin, 1, kBegin + 1s, frame);
  EXPECT_FALSE(queue.take(kBegin));
  queue.put(kBegin, 2, kBegin + 1s, frame);
  EXPECT_TRUE(queue.take(kBegin));
  EXPECT_FALSE(queue.take(kBegin));
}

TEST(Held, IsTakenFromTheFrameThatHasIt) {
  fm_held held{FM_HELD_MARK, FM_HELD_FORWARDED, 7, 42, 0};
  Bytes frame(14);
  std::memcpy(frame.data(), &held, sizeof held);
  EXPECT_EQ(held_of(frame)->flow, 42U);
  EXPECT_FALSE(held_of(ByteView(frame).first(11)));
  frame[0] = 0x33;
  EXPECT_FALSE(held_of(frame)) << "a multicast of the kernel's own";
}

/// Its 32 bits of 1024 ns each come round once in 73 minutes.
TEST(Held, ItsTimeIsTheOneNearestToNow) {
  for (const auto now : {TimePoint(1s), TimePoint(Duration(std::int64_t{1} << 42) - 5ms), TimePoint(100h)}) {
    const TimePoint release = now + 20ms;
    fm_held held{};
    held.release = static_cast<std::uint32_t>(
        static_cast<std::uint64_t>(release.time_since_epoch().count()) >> FM_HELD_TIME);
    const auto off = release - release_of(held, now);
    EXPECT_LT(off, 2us);
    EXPECT_GT(off, -2us);
  }
}

}  // namespace
}  // namespace flowmob::daemon
