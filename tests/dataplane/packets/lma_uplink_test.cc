// SPDX-License-Identifier: Apache-2.0
#include "lma_bench.h"

namespace flowmob::dataplane::testing {
namespace {

class LmaUplink : public LmaBench {
 protected:
  static Packet uplink() { return Packet().from(kNode).to(kCn).udp(4000, 5004).payload(100); }
  static Packet through(std::string_view mag, const Packet& inner = uplink()) {
    return inner.in_tunnel(mag, kLma);
  }
  static Bytes bare(const Packet& packet) { return frame(kAccess1Mac, kPeerMac, packet.build()); }
};

TEST_F(LmaUplink, TheInnerPacketComesOutAsItWasAndIsTheStacks) {
  const auto sent = uplink().traffic_class(0xb8).flow_label(0xabcde).hop_limit(1);
  const auto outcome = from_access(through(kMag1, sent).build());
  EXPECT_EQ(outcome.verdict, Verdict::Pass);
  EXPECT_EQ(outcome.frame, bare(sent));
  EXPECT_EQ(packets_dropped(lma_->drops()), 0U);
}

TEST_F(LmaUplink, EveryMagOfTheNodeMaySend) {
  EXPECT_EQ(from_access(through(kMag2).build()).frame, bare(uplink()));
}

TEST_F(LmaUplink, AnEncapsulationLimitIsTakenOffToo) {
  const auto outcome = from_access(through(kMag1).encapsulation_limit().build());
  EXPECT_EQ(outcome.verdict, Verdict::Pass);
  EXPECT_EQ(outcome.frame, bare(uplink()));
}

TEST_F(LmaUplink, OtherDestinationOptionsAreTheStacks) {
  for (const Packet& sent : {through(kMag1).destination_options(), through(kMag1).destination_options(16),
                             through(kMag1).encapsulation_limit(5)}) {
    const auto outcome = from_access(sent.build());
    EXPECT_EQ(outcome.verdict, Verdict::Pass);
    EXPECT_EQ(outcome.frame, bare(sent));
  }
}

TEST_F(LmaUplink, AForeignSourceIsDropped) {
  EXPECT_TRUE(
      dropped(from_access(through(kMag1, uplink().from("2001:db8:101::10")).build()), "spoofed-source"));
}

TEST_F(LmaUplink, AMagWithoutASessionOfTheNodeIsDropped) {
  must(lma_->remove_session({kSession1, ip(kMag1), {prefix(kPrefix)}}));
  EXPECT_TRUE(dropped(from_access(through(kMag1).build()), "spoofed-source"));
  EXPECT_EQ(from_access(through(kMag2).build()).verdict, Verdict::Pass);
}

TEST_F(LmaUplink, AStrangersTunnelIsDropped) {
  EXPECT_TRUE(dropped(from_access(through(kNowhere).build()), "unknown-tunnel"));
}

TEST_F(LmaUplink, AFragmentOfATunnelPacketIsDropped) {
  EXPECT_TRUE(dropped(from_access(through(kMag1).fragment(0, true, 9).build()), "outer-fragment"));
}

TEST_F(LmaUplink, ATunnelThatCarriesNoIpv6IsDropped) {
  const auto odd = Packet().from(kMag1).to(kLma).upper(41, Bytes(60, 0x45));
  EXPECT_TRUE(dropped(from_access(odd.build()), "inner-not-ipv6"));
}

TEST_F(LmaUplink, ATruncatedInnerPacketIsDropped) {
  EXPECT_TRUE(dropped(from_access(through(kMag1, uplink().claimed_length(1200)).build()), "malformed"));
}

TEST_F(LmaUplink, AnInnerHeaderThatIsNotThereIsDropped) {
  const auto odd = Packet().from(kMag1).to(kLma).upper(41, Bytes(20, 0x60));
  EXPECT_TRUE(dropped(from_access(odd.build()), "malformed"));
}

TEST_F(LmaUplink, WhatIsNotATunnelPacketOfOursIsLeftAlone) {
  const Packet others = Packet().from(kMag1).udp(4000, 5004).payload(100);
  for (const Packet& packet :
       {Packet(others).to(kLma), Packet(others).to(kCn), uplink().in_tunnel(kMag1, kNowhere),
        Packet(others).from("fe80::1").to(kLma), Packet(others).from("2001:db8:101::1").to(kCn)}) {
    const auto outcome = from_access(packet.build());
    EXPECT_EQ(outcome.verdict, Verdict::Pass);
    EXPECT_EQ(outcome.frame, bare(packet));
  }
}

TEST_F(LmaUplink, ANodesPacketOutsideATunnelIsDropped) {
  EXPECT_TRUE(dropped(from_access(uplink().build()), "spoofed-source"));
  for (const Packet& packet : {uplink().to(kLma), uplink().from("2001:db8:100::bad").to(kNowhere),
                               uplink().in_tunnel(kNode, kNowhere), uplink().to("ff02::1")})
    EXPECT_EQ(from_access(packet.build()).verdict, Verdict::Drop);
  EXPECT_EQ(packets_dropped(lma_->drops(), "spoofed-source"), 5U);
}

TEST_F(LmaUplink, NoFrameHidesANodesPacket) {
  const auto plain = uplink().build();
  const auto to = [&](std::string_view address) { return frame(address, kPeerMac, plain); };
  const auto tagged = [&](const std::vector<Tag>& tags) {
    return run_tagged(lma_->object(), "lma_uplink", "acc1", to(kAccess1Mac), tags).verdict;
  };
  EXPECT_EQ(tagged({{}}), Verdict::Drop);
  EXPECT_EQ(tagged({{0, 0x88a8}}), Verdict::Drop);
  for (const auto address : {"33:33:00:00:00:01", "ff:ff:ff:ff:ff:ff"})
    EXPECT_EQ(run(lma_->object(), "lma_uplink", "acc1", to(address)).verdict, Verdict::Drop);
  EXPECT_EQ(packets_dropped(lma_->drops(), "spoofed-source"), 4U);
  EXPECT_EQ(tagged({{}, {}}), Verdict::Drop);
  EXPECT_EQ(packets_dropped(lma_->drops(), "nested-tags"), 1U);
  EXPECT_EQ(tagged({{7}}), Verdict::Pass) << "a VLAN interface's, or the kernel discards it";
  EXPECT_EQ(run(lma_->object(), "lma_uplink", "acc1", to(kPeerMac)).verdict, Verdict::Pass);
}

TEST_F(LmaUplink, APriorityTagChangesNothing) {
  const auto sent = frame(kAccess1Mac, kPeerMac, through(kMag1).build());
  const auto outcome = run_tagged(lma_->object(), "lma_uplink", "acc1", sent, {{3 << 13}});
  EXPECT_EQ(outcome.verdict, Verdict::Pass);
  EXPECT_EQ(outcome.frame, bare(uplink()));
}

TEST_F(LmaUplink, WhatIsNoPacketIsDropped) {
  EXPECT_TRUE(dropped(from_access(uplink().to(kLma).from(kMag1).claimed_length(900).build()), "malformed"));
}

TEST_F(LmaUplink, ANodeThatLeftIsLikeAnybody) {
  must(lma_->remove_node({kNodeIndex, {prefix(kPrefix)}}));
  EXPECT_EQ(from_access(uplink().build()).verdict, Verdict::Pass);
}

TEST_F(LmaUplink, CountsForTheFlowOfTheAnswer) {
  static_cast<void>(from_access(through(kMag1).build()));
  static_cast<void>(from_access(through(kMag1, uplink().udp(4000, 80)).build()));
  const auto length = uplink().build().size();
  EXPECT_EQ(lma_->flow_traffic(kVideo)->up, (Counter{1, length}));
  EXPECT_EQ(lma_->flow_traffic(kDefault)->up, (Counter{1, length}));
  EXPECT_EQ(lma_->session_traffic(kSession1)->up, (Counter{2, 2 * length}));
  EXPECT_EQ(lma_->session_traffic(kSession2)->up, Counter{});
  EXPECT_EQ(lma_->flow_traffic(kVideo)->down, Counter{});
}

/// RFC 6040 figure 4: inner and outer field, and what comes out; -1 for drop.
struct EcnCase {
  std::uint8_t inner, outer;
  int out;
};
constexpr std::uint8_t kNot = 0, kEct1 = 1, kEct0 = 2, kCe = 3;

class LmaUplinkEcn : public LmaUplink, public ::testing::WithParamInterface<EcnCase> {};

TEST_P(LmaUplinkEcn, FollowsTheTable) {
  const auto [inner, outer, out] = GetParam();
  const auto sent = uplink().dscp(46).ecn(inner).flow_label(0xfffff);
  const auto outcome = from_access(through(kMag1, sent).traffic_class(outer).build());
  if (out < 0) {
    EXPECT_TRUE(dropped(outcome, "ecn"));
  } else {
    EXPECT_EQ(outcome.verdict, Verdict::Pass);
    EXPECT_EQ(outcome.frame, bare(Packet(sent).ecn(static_cast<std::uint8_t>(out))));
  }
}

INSTANTIATE_TEST_SUITE_P(Rfc6040, LmaUplinkEcn,
                         ::testing::Values(EcnCase{kNot, kNot, kNot}, EcnCase{kNot, kEct0, kNot},
                                           EcnCase{kNot, kEct1, kNot}, EcnCase{kNot, kCe, -1},
                                           EcnCase{kEct0, kNot, kEct0}, EcnCase{kEct0, kEct0, kEct0},
                                           EcnCase{kEct0, kEct1, kEct1}, EcnCase{kEct0, kCe, kCe},
                                           EcnCase{kEct1, kNot, kEct1}, EcnCase{kEct1, kEct0, kEct1},
                                           EcnCase{kEct1, kEct1, kEct1}, EcnCase{kEct1, kCe, kCe},
                                           EcnCase{kCe, kNot, kCe}, EcnCase{kCe, kEct0, kCe},
                                           EcnCase{kCe, kEct1, kCe}, EcnCase{kCe, kCe, kCe}));

}  // namespace
}  // namespace flowmob::dataplane::testing
