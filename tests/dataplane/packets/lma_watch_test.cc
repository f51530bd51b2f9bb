// SPDX-License-Identifier: Apache-2.0
#include <time.h>

#include "lma_bench.h"

namespace flowmob::dataplane::testing {
namespace {

using core::FlowWatch;

TimePoint clock_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return TimePoint(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

/// The video flow moves from MAG 1 to MAG 2 while it is watched.
class WatchedFlow : public LmaBench {
 protected:
  static constexpr auto kTick = std::chrono::milliseconds(20);  ///< more than one of the kernel's clock

  void down() { EXPECT_EQ(from_core(video().build()).verdict, Verdict::Redirect); }
  void up_by(std::string_view mag) {
    const auto packet = Packet().from(kNode).to(kCn).udp(4000, 5004).in_tunnel(mag, kLma);
    EXPECT_EQ(from_access(packet.build()).verdict, Verdict::Pass);
  }
  void watch(FlowIndex flow = kVideo) { must(lma_->watch_flow({flow, kSession1, kSession2})); }
  void move() { must(lma_->install_flow({kVideo, kNodeIndex, kSession2})); }
  FlowWatch seen(FlowIndex flow = kVideo) const {
    const auto watch = lma_->read_watch({flow});
    EXPECT_TRUE(watch);
    return watch.value_or(FlowWatch{});
  }
};

TEST_F(WatchedFlow, PacketsAreCountedByPathWithTheirTimes) {
  const auto begin = clock_now();
  watch();
  down();
  up_by(kMag1);
  move();
  down();
  down();
  up_by(kMag2);
  up_by(kMag1);
  up_by(kMag1);
  const auto end = clock_now();
  const auto [down, up, order] = seen();
  EXPECT_EQ(down.old_path.packets, 1U);
  EXPECT_EQ(down.new_path.packets, 2U);
  EXPECT_EQ(down.late, 0U);
  EXPECT_EQ(up.old_path.packets, 3U);
  EXPECT_EQ(up.new_path.packets, 1U);
  EXPECT_EQ(up.late, 2U);
  EXPECT_LE(begin, *down.old_path.first);
  EXPECT_EQ(*down.old_path.first, *down.old_path.last);
  EXPECT_LT(*down.old_path.last, *down.new_path.first);
  EXPECT_LT(*down.new_path.first, *down.new_path.last);
  EXPECT_LT(*up.new_path.first, *up.old_path.last);
  EXPECT_LE(*up.old_path.last, end);
}

TEST_F(WatchedFlow, TheLastPacketBeforeItIsKnownToATick) {
  down();
  const auto sent = clock_now();
  ::usleep(50'000);
  watch();
  const auto seen_down = seen().down;
  ASSERT_TRUE(seen_down.old_path.last);
  EXPECT_FALSE(seen_down.old_path.first);
  EXPECT_EQ(seen_down.old_path.packets, 0U);
  EXPECT_LT(*seen_down.old_path.last, sent + std::chrono::milliseconds(1));
  EXPECT_GT(*seen_down.old_path.last, sent - kTick);
  EXPECT_FALSE(seen().up.old_path.last) << "nothing came up";
}

TEST_F(WatchedFlow, OthersAreNot) {
  watch();
  EXPECT_EQ(from_core(other().build()).verdict, Verdict::Redirect);
  EXPECT_EQ(seen().down, FlowWatch::Way{});
  EXPECT_FALSE(lma_->read_watch({kDefault}));
}

/// Flows whose marks are the same bit are told apart by their rows.
TEST_F(WatchedFlow, SharesItsMarkWithOthers) {
  const FlowIndex twin{kVideo.value + 1024};
  must(lma_->install_flow({twin, kNodeIndex, kSession1}));
  watch();
  watch(twin);
  down();
  EXPECT_EQ(seen(twin).down.old_path.packets, 0U);
  must(lma_->end_watch({twin}));
  EXPECT_FALSE(lma_->read_watch({twin}));
  down();
  EXPECT_EQ(seen().down.old_path.packets, 2U) << "its mark is still there";
  must(lma_->end_watch({kVideo}));
  EXPECT_FALSE(lma_->read_watch({kVideo}));
  down();
  must(lma_->end_watch({kVideo}));
}

TEST_F(WatchedFlow, ANewWatchBeginsAnew) {
  watch();
  down();
  watch();
  EXPECT_EQ(seen().down.old_path.packets, 0U);
}

TEST_F(WatchedFlow, ItsEndIsTheFlows) {
  watch();
  must(lma_->remove_flow({kVideo}));
  EXPECT_FALSE(lma_->read_watch({kVideo}));
}

/// The session of the video flow goes on by MAG 2; the node has another session there, with other flows.
TEST_F(WatchedFlow, ASessionThatIsHandedOffIsCountedByItsTunnels) {
  const core::Watched session{{}, kSession1};
  down();
  ::usleep(50'000);
  must(lma_->watch_session({kSession1, ip(kMag1), ip(kMag2), {kVideo}}));
  const auto begin = clock_now();
  down();
  up_by(kMag1);
  must(lma_->install_session({kSession1, kNodeIndex, ip(kLma), ip(kMag2), {prefix(kPrefix)}, kMtu}));
  down();
  down();
  up_by(kMag2);
  const auto others = Packet().from(kNode).to(kCn).udp(5000, 80).in_tunnel(kMag2, kLma);
  EXPECT_EQ(from_access(others.build()).verdict, Verdict::Pass)
      << "of the other session's flow, by the same row";
  up_by(kMag1);  // its row is still there
  const auto seen = lma_->read_watch(session);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->down.old_path.packets, 1U);
  EXPECT_EQ(seen->down.new_path.packets, 2U);
  EXPECT_EQ(seen->up.old_path.packets, 2U);
  EXPECT_EQ(seen->up.new_path.packets, 1U);
  EXPECT_EQ(seen->up.late, 1U);
  EXPECT_LE(begin, *seen->down.old_path.last);
  EXPECT_LT(*seen->down.old_path.last, *seen->down.new_path.first);
  EXPECT_FALSE(seen->order);
  EXPECT_FALSE(lma_->read_watch({kVideo})) << "nobody asked for that";
  must(lma_->end_watch(session));
  EXPECT_FALSE(lma_->read_watch(session));
}

TEST_F(WatchedFlow, WhatTheSessionsFlowsCarriedBeforeIsKnownToATick) {
  down();
  const auto sent = clock_now();
  ::usleep(50'000);
  must(lma_->watch_session({kSession1, ip(kMag1), ip(kMag2), {kVideo, kDefault}}));
  const auto seen = lma_->read_watch({{}, kSession1});
  ASSERT_TRUE(seen && seen->down.old_path.last);
  EXPECT_LT(*seen->down.old_path.last, sent + std::chrono::milliseconds(1));
  EXPECT_GT(*seen->down.old_path.last, sent - kTick);
}

TEST_F(WatchedFlow, ASessionsWatchEndsWithIt) {
  must(lma_->watch_session({kSession1, ip(kMag1), ip(kMag2), {}}));
  must(lma_->remove_session({kSession1, ip(kMag1), {prefix(kPrefix)}}));
  EXPECT_FALSE(lma_->read_watch({{}, kSession1}));
}

TEST_F(WatchedFlow, NobodyWaitsForWhatAPredecessorWatched) {
  watch();
  lma_.reset();
  auto opened = LmaDataplane::open(options());
  ASSERT_TRUE(opened) << opened.error().message;
  lma_ = std::move(*opened);
  EXPECT_FALSE(lma_->read_watch({kVideo}));
  down();
  EXPECT_EQ(lma_->flow_traffic(kVideo)->down.packets, 1U);
}

}  // namespace
}  // namespace flowmob::dataplane::testing
