// SPDX-License-Identifier: Apache-2.0
#include <time.h>

#include <cstring>

#include "dataplane/abi/order.h"
#include "lma_bench.h"

namespace flowmob::dataplane::testing {
namespace {

using namespace std::chrono_literals;

TimePoint clock_of_kernel() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return TimePoint(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

/// The video flow moves from MAG 1 to MAG 2 in order. A gap of an hour is never found, one of nothing at
/// once: how long a test takes does not matter.
class OrderedFlow : public LmaBench {
 protected:
  static constexpr Duration kNever = 1h;

  void move(Duration gap, Duration deadline, bool makes_gaps = true) {
    const auto now = clock_of_kernel();
    const core::FlowOrder order{kSession1, now, gap, now + deadline, makes_gaps};
    must(lma_->install_flow({kVideo, kNodeIndex, kSession2, {}, order}));
  }
  void adjust(Duration gap) { must(lma_->adjust_order({kVideo, gap})); }
  /// At an interface of the test's, which keeps nothing.
  void have_hold() { must(lma_->hold_at("if1")); }
  std::string way_of(const Packet& packet) const { return tunnel_of(from_core(packet.build())); }
  static Packet video_to(std::uint16_t port) {
    return Packet().from(kCn).to(kNode).udp(5004, port).payload(100);
  }
  static bool waits(const Outcome& outcome) {
    return outcome.verdict == Verdict::Redirect && outcome.frame[0] == FM_HELD_MARK;
  }
  Outcome release(const Bytes& held) const { return run(lma_->object(), "lma_released", "if1", held); }
  core::OrderSeen seen() const { return lma_->read_order(kVideo).value_or(core::OrderSeen{}); }
  const std::string kOld{kMag1}, kNew{kMag2};
};

TEST_F(OrderedFlow, WithinItsGapItGoesByTheOldPath) {
  move(kNever, kNever);
  EXPECT_EQ(way_of(video()), kOld);
  EXPECT_EQ(way_of(video()), kOld);
  EXPECT_EQ(way_of(other()), kNew) << "whose path is MAG 2's anyway";
  EXPECT_EQ(seen().node, ip(kNode));
  EXPECT_EQ(seen().at_gaps + seen().held + seen().at_deadline, 0U);
}

TEST_F(OrderedFlow, BehindAGapItTurnsForGood) {
  move(kNever, kNever);
  EXPECT_EQ(way_of(video()), kOld);
  adjust(0ns);
  EXPECT_EQ(way_of(video()), kNew);
  adjust(kNever);
  EXPECT_EQ(way_of(video()), kNew);
  EXPECT_EQ(seen().at_gaps, 1U);
  EXPECT_EQ(seen().early, 0U);
  EXPECT_TRUE(seen().last_turn);
}

TEST_F(OrderedFlow, Each5TupleHasItsOwnGap) {
  move(kNever, kNever);
  EXPECT_EQ(way_of(video_to(1)), kOld);
  EXPECT_EQ(way_of(video_to(2)), kOld);
  adjust(0ns);
  EXPECT_EQ(way_of(video_to(1)), kNew);
  adjust(kNever);
  EXPECT_EQ(way_of(video_to(1)), kNew);
  EXPECT_EQ(way_of(video_to(2)), kOld);
  EXPECT_EQ(way_of(video_to(3)), kOld) << "the move's beginning is its last packet";
}

TEST_F(OrderedFlow, WithNowhereToWaitItTurnsAtTheDeadline) {
  move(kNever, 0s);
  EXPECT_EQ(way_of(video()), kNew);
  EXPECT_EQ(way_of(video()), kNew);
  EXPECT_EQ(seen().at_deadline, 1U);
  EXPECT_EQ(seen().early, 2U) << "both may overtake what is on the old path";
}

TEST_F(OrderedFlow, AtTheDeadlineItIsMadeToWait) {
  have_hold();
  move(kNever, 0s);
  const auto first = from_core(video().build());
  ASSERT_TRUE(waits(first));
  EXPECT_TRUE(waits(from_core(video().build())));
  EXPECT_EQ(seen().held, 1U);
  EXPECT_EQ(seen().held_packets, 2U);
  fm_held held{};
  std::memcpy(&held, first.frame.data(), sizeof held);
  EXPECT_EQ(held.kind, FM_HELD_FORWARDED);
  EXPECT_EQ(held.flow, kVideo.value);
  const auto outcome = release(first.frame);
  EXPECT_EQ(tunnel_of(outcome), kNew);
  EXPECT_EQ(Ipv6View::in_frame(outcome.frame).payload_length, 40 + 8 + 100);
  EXPECT_EQ(lma_->flow_traffic(kVideo)->down.packets, 1U) << "who waits has not gone yet";
}

TEST_F(OrderedFlow, BehindThoseThatWaitOthersWait) {
  have_hold();
  move(50ms, 0s);
  const auto first = from_core(video().build());
  ASSERT_TRUE(waits(first));
  ::usleep(60'000);  // its gap has passed; patience lasts longer, unless this machine is asleep
  const auto second = from_core(video().build());
  EXPECT_EQ(tunnel_of(release(first.frame)), kNew);
  if (waits(second)) {
    EXPECT_EQ(tunnel_of(release(second.frame)), kNew);
  }
  EXPECT_EQ(way_of(video()), kNew) << "nobody waits any more";
  EXPECT_EQ(seen().early, 0U);
}

TEST_F(OrderedFlow, NobodyWaitsForWhatIsNeverReleased) {
  have_hold();
  move(1ms, 0s);
  static_cast<void>(from_core(video().build()));
  ::usleep(150'000);
  EXPECT_EQ(way_of(video()), kNew);
}

TEST_F(OrderedFlow, WhenTheOldSessionEndsItTurnsAtOnce) {
  move(kNever, kNever);
  EXPECT_EQ(way_of(video()), kOld);
  must(lma_->remove_session({kSession1, ip(kMag1), {prefix(kPrefix)}}));
  EXPECT_EQ(way_of(video()), kNew);
}

TEST_F(OrderedFlow, ItsOrderEndsWhenItIsTold) {
  move(kNever, kNever);
  EXPECT_EQ(way_of(video()), kOld);
  must(lma_->end_order({kVideo}));
  EXPECT_EQ(way_of(video()), kNew);
  EXPECT_FALSE(lma_->read_order(kVideo));
  must(lma_->end_order({kVideo}));
  must(lma_->adjust_order({kVideo, 1ms}));
  EXPECT_EQ(way_of(video()), kNew);
}

TEST_F(OrderedFlow, AnotherMoveTakesItsPlace) {
  move(kNever, kNever);
  EXPECT_EQ(way_of(video()), kOld);
  adjust(0ns);
  EXPECT_EQ(way_of(video()), kNew);
  move(kNever, kNever);
  EXPECT_EQ(way_of(video()), kOld) << "what has turned in one move has not in the next";
  must(lma_->install_flow({kVideo, kNodeIndex, kSession2}));
  EXPECT_EQ(way_of(video()), kNew);
  EXPECT_FALSE(lma_->read_order(kVideo));
}

TEST_F(OrderedFlow, WhatAPredecessorWasMovingHasMoved) {
  move(kNever, kNever);
  EXPECT_EQ(way_of(video()), kOld);
  lma_.reset();
  auto opened = LmaDataplane::open(options());
  ASSERT_TRUE(opened) << opened.error().message;
  lma_ = std::move(*opened);
  EXPECT_EQ(way_of(video()), kNew);
}

TEST_F(OrderedFlow, FromTheHostItselfItWaitsAsWell) {
  have_hold();
  move(kNever, 0s);
  const auto outcome = out_of_stack(video().build());
  ASSERT_TRUE(waits(outcome));
  const auto released = release(outcome.frame);
  EXPECT_EQ(tunnel_of(released), kNew);
}

TEST_F(OrderedFlow, OnlyItsOwnComeOutOfTheInterface) {
  have_hold();
  EXPECT_EQ(release(frame(kPeerMac, kPeerMac, video().build())).verdict, Verdict::Drop);
}

TEST_F(OrderedFlow, AMeasurementGoesByItsSessionWhateverItsFlowDoes) {
  for (const auto& [session, mag] : {std::pair{kSession1, kOld}, std::pair{kSession2, kNew}}) {
    Bytes packet = frame(kPeerMac, kPeerMac, Packet().from(kLma).to(kNode).echo_request(7).build());
    const fm_held held{FM_HELD_MARK, FM_HELD_BY_SESSION, 0, session.value, 0};
    std::memcpy(packet.data(), &held, sizeof held);
    EXPECT_EQ(tunnel_of(release(packet)), mag);
  }
}

/// The node follows as soon as it hears by the new path; what it has sent by the old one comes later.
TEST_F(OrderedFlow, UplinkByTheNewPathWaitsForThatByTheOld) {
  have_hold();
  move(kNever, 0s);
  const auto up = [&](std::string_view mag) {
    return from_access(Packet().from(kNode).to(kCn).udp(4000, 5004).in_tunnel(mag, kLma).build());
  };
  EXPECT_EQ(up(kMag2).verdict, Verdict::Pass) << "nobody knows yet for how long";
  adjust(kNever);
  ASSERT_TRUE(waits(out_of_stack(video().build()))) << "what the node is going to follow";
  EXPECT_EQ(up(kMag1).verdict, Verdict::Pass);
  const auto early = up(kMag2);
  ASSERT_TRUE(waits(early));
  EXPECT_EQ(up(kMag1).verdict, Verdict::Pass);
  EXPECT_EQ(release(early.frame).verdict, Verdict::Redirect);
  EXPECT_EQ(seen().up_held, 1U);
  EXPECT_EQ(seen().up_held_packets, 1U);
}

TEST_F(OrderedFlow, UplinkThatWentByTheNewPathBeforeItsDownlinkDoesNotWait) {
  have_hold();
  move(kNever, 0s);
  adjust(kNever);
  const auto up = Packet().from(kNode).to(kCn).udp(4000, 5004).in_tunnel(kMag2, kLma);
  EXPECT_EQ(from_access(up.build()).verdict, Verdict::Pass) << "the node has decided so itself";
  ASSERT_TRUE(waits(out_of_stack(video().build())));
  EXPECT_EQ(from_access(up.build()).verdict, Verdict::Pass);
}

TEST_F(OrderedFlow, LongBehindTheDeadlineNoUplinkWaits) {
  have_hold();
  move(kNever, -5s);
  adjust(kNever);
  ASSERT_TRUE(waits(out_of_stack(video().build())));
  EXPECT_EQ(from_access(Packet().from(kNode).to(kCn).udp(4000, 5004).in_tunnel(kMag2, kLma).build()).verdict,
            Verdict::Pass);
}

TEST_F(OrderedFlow, WhatWaitsOfAFlowThatGoesIsSentWhereItsPacketsGoNow) {
  have_hold();
  move(kNever, 0s);
  const auto held = out_of_stack(video().build());
  ASSERT_TRUE(waits(held));
  must(lma_->install_flow({kDefault, kNodeIndex, kSession1}));
  must(lma_->install_node({kNodeIndex, {prefix(kPrefix)}, kDefault, 2, {}}));
  must(lma_->remove_flow({kVideo}));
  EXPECT_EQ(tunnel_of(release(held.frame)), kOld);
}

TEST_F(OrderedFlow, OfAFlowThatDoesNotMoveNoUplinkWaits) {
  have_hold();
  move(kNever, kNever);
  adjust(kNever);
  const auto packet = Packet().from(kNode).to(kCn).udp(4000, 80).in_tunnel(kMag2, kLma);
  EXPECT_EQ(from_access(packet.build()).verdict, Verdict::Pass);
}

}  // namespace
}  // namespace flowmob::dataplane::testing
