// SPDX-License-Identifier: Apache-2.0
#include "bench.h"
#include "platform/dataplane/mag_dataplane.h"
#include "wire/checksum.h"

namespace flowmob::dataplane::testing {
namespace {

constexpr std::string_view kNodeMac = "02:00:00:00:09:01", kRouterMac = "02:00:00:00:09:fe";

/// A gateway with its transport interface acc1 and its access interface core0, where the node is attached.
class MagBench : public ::testing::Test {
 protected:
  static constexpr SessionId kAttachment{41};
  static constexpr std::uint16_t kMtu = 1460;

  void SetUp() override {
    auto opened = MagDataplane::open(options());
    ASSERT_TRUE(opened) << opened.error().message;
    mag_ = std::move(*opened);
    must(mag_->install_host(host()));
  }
  void TearDown() override { must(MagDataplane::teardown(options())); }

  static MagDataplaneOptions options() {
    return {bpf_directory(), {"acc1"}, {"core0"}, ip(kMag1), false, 64};
  }
  static Host host() {
    return {kAttachment,
            InterfaceIndex{index_of("core0")},
            mac(kNodeMac),
            mac(kRouterMac),
            {prefix("2001:db8:100::/64"), prefix("2001:db8:200::/64")},
            ip(kMag1),
            ip(kLma),
            kMtu};
  }
  static void must(const Result<void>& done) { ASSERT_TRUE(done) << done.error().message; }

  Outcome from_transport(const Packet& packet) const {
    return run(mag_->object(), "mag_downlink", "acc1", frame(kAccess1Mac, kPeerMac, packet.build()));
  }
  Outcome from_access(const Packet& packet, std::string_view sender = kNodeMac) const {
    return run(mag_->object(), "mag_uplink", "core0", frame(kCoreMac, sender, packet.build()));
  }
  Outcome from_access(const Packet& packet, const std::vector<Tag>& tags) const {
    return run_tagged(mag_->object(), "mag_uplink", "core0", frame(kCoreMac, kNodeMac, packet.build()), tags);
  }
  Outcome from_access_to(std::string_view destination, const Packet& packet) const {
    return run(mag_->object(), "mag_uplink", "core0", frame(destination, kNodeMac, packet.build()));
  }
  ::testing::AssertionResult dropped(const Outcome& outcome, std::string_view reason) const {
    return dropped_for(outcome, mag_->drops(), reason);
  }

  static Packet down() { return Packet().from(kCn).to(kNode).udp(5004, 4000).payload(100); }
  static Packet up() { return Packet().from(kNode).to(kCn).udp(4000, 5004).payload(100); }
  static Packet tunnelled(const Packet& inner = down()) { return inner.in_tunnel(kLma, kMag1); }

  std::unique_ptr<MagDataplane> mag_;
};

using MagDownlink = MagBench;

TEST_F(MagDownlink, DeliversToTheNodesLinkLayerAddress) {
  const auto outcome = from_transport(tunnelled(down().hop_limit(9)));
  EXPECT_EQ(outcome.verdict, Verdict::Redirect);
  EXPECT_EQ(outcome.frame, frame(kNodeMac, kRouterMac, down().hop_limit(8).build()));
  EXPECT_EQ(packets_dropped(mag_->drops()), 0U);
  EXPECT_EQ(mag_->attachment_traffic(kAttachment)->down, (Counter{1, down().build().size()}));
}

TEST_F(MagDownlink, EveryPrefixOfTheNodeIsDelivered) {
  EXPECT_EQ(from_transport(tunnelled(down().to("2001:db8:200::5"))).verdict, Verdict::Redirect);
}

TEST_F(MagDownlink, AcceptsAnEncapsulationLimit) {
  const auto outcome = from_transport(tunnelled().encapsulation_limit());
  EXPECT_EQ(outcome.frame, frame(kNodeMac, kRouterMac, down().hop_limit(62).build()));
}

TEST_F(MagDownlink, CongestionReachesTheNode) {
  const auto outcome = from_transport(tunnelled(down().dscp(46).ecn(2)).traffic_class(3));
  EXPECT_EQ(outcome.frame, frame(kNodeMac, kRouterMac, down().dscp(46).ecn(3).hop_limit(62).build()));
  EXPECT_TRUE(dropped(from_transport(tunnelled(down()).traffic_class(3)), "ecn"));
}

TEST_F(MagDownlink, AHopLimitThatEndsHereIsTheStacksToAnswer) {
  const auto outcome = from_transport(tunnelled(down().hop_limit(1)));
  EXPECT_EQ(outcome.verdict, Verdict::Pass);
  EXPECT_EQ(outcome.frame, frame(kAccess1Mac, kPeerMac, down().hop_limit(1).build()));
}

TEST_F(MagDownlink, OnlyTheNodesAnchorMaySend) {
  EXPECT_TRUE(dropped(from_transport(down().in_tunnel(kMag2, kMag1)), "unknown-tunnel"));
}

TEST_F(MagDownlink, ANodeThatIsNotHereIsCounted) {
  EXPECT_TRUE(dropped(from_transport(tunnelled(down().to("2001:db8:300::1"))), "not-hosted"));
}

TEST_F(MagDownlink, ANodeThatLeftIsNotHere) {
  must(mag_->remove_host(host()));
  EXPECT_TRUE(dropped(from_transport(tunnelled()), "not-hosted"));
}

TEST_F(MagDownlink, WhatIsNotATunnelPacketOfOursIsLeftAlone) {
  for (const Packet& packet : {down(), down().in_tunnel(kLma, kMag2), down().to(kMag1)}) {
    const auto outcome = from_transport(packet);
    EXPECT_EQ(outcome.verdict, Verdict::Pass);
    EXPECT_EQ(outcome.frame, frame(kAccess1Mac, kPeerMac, packet.build()));
  }
}

TEST_F(MagDownlink, EveryCareOfAddressIsATunnelsEnd) {  // RFC 8278
  auto several = options();
  several.care_of = {ip(kMag1), ip(kMag2)};
  mag_.reset();
  auto opened = MagDataplane::open(several);
  ASSERT_TRUE(opened) << opened.error().message;
  mag_ = std::move(*opened);
  must(mag_->install_host(host()));
  for (const auto address : {kMag1, kMag2})
    EXPECT_EQ(from_transport(down().in_tunnel(kLma, address)).frame,
              frame(kNodeMac, kRouterMac, down().hop_limit(62).build()));
  mag_.reset();
  mag_ = std::move(*MagDataplane::open(options()));
  must(mag_->install_host(host()));
  EXPECT_EQ(from_transport(down().in_tunnel(kLma, kMag2)).verdict, Verdict::Pass) << "it is no more";
}

TEST_F(MagDownlink, BrokenTunnelPacketsAreCounted) {
  EXPECT_EQ(from_transport(tunnelled().fragment(0, true, 3)).verdict, Verdict::Drop);
  EXPECT_EQ(from_transport(tunnelled(down().claimed_length(900))).verdict, Verdict::Drop);
  EXPECT_EQ(from_transport(Packet().from(kLma).to(kMag1).upper(41, Bytes(60, 0x45))).verdict, Verdict::Drop);
  for (const char* reason : {"outer-fragment", "malformed", "inner-not-ipv6"})
    EXPECT_EQ(packets_dropped(mag_->drops(), reason), 1U) << reason;
  EXPECT_EQ(packets_dropped(mag_->drops()), 3U);
}

TEST_F(MagDownlink, APriorityTagChangesNothing) {
  const auto sent = frame(kAccess1Mac, kPeerMac, tunnelled().build());
  const auto outcome = run_tagged(mag_->object(), "mag_downlink", "acc1", sent, {{}});
  EXPECT_EQ(outcome.verdict, Verdict::Redirect);
  EXPECT_EQ(outcome.frame, frame(kNodeMac, kRouterMac, down().hop_limit(62).build()));
}

using MagUplink = MagBench;

TEST_F(MagUplink, SendsToTheNodesAnchor) {
  const auto outcome = from_access(up().traffic_class(0xba).hop_limit(64));
  EXPECT_EQ(outcome.verdict, Verdict::Redirect);
  const auto outer = Ipv6View::in_frame(outcome.frame);
  EXPECT_EQ(outer.source, ip(kMag1));
  EXPECT_EQ(outer.destination, ip(kLma));
  EXPECT_EQ(outer.hop_limit, 64);
  EXPECT_EQ(outer.traffic_class, 0xba);
  EXPECT_EQ(outer.payload, up().traffic_class(0xba).hop_limit(63).build());
  EXPECT_EQ(mag_->attachment_traffic(kAttachment)->up, (Counter{1, up().build().size()}));
}

TEST_F(MagUplink, NeighborDiscoveryIsTheStacks) {
  for (const Packet& packet : {up().from("fe80::1"), up().from("::").to("ff02::1"), up().from("::"),
                               up().to("ff02::2"), up().to("fe80::1")}) {
    for (const auto sender : {kNodeMac, kPeerMac})
      EXPECT_EQ(from_access(packet, sender).verdict, Verdict::Pass);
  }
  EXPECT_EQ(packets_dropped(mag_->drops()), 0U);
}

TEST_F(MagUplink, WhatIsNotIpv6IsLeftAlone) {
  const auto arp = frame(kCoreMac, kPeerMac, Bytes(46), 0x0806);
  EXPECT_EQ(run(mag_->object(), "mag_uplink", "core0", arp).verdict, Verdict::Pass);
}

TEST_F(MagUplink, SomebodyElsesSourceIsDropped) {
  EXPECT_TRUE(dropped(from_access(up().from("2001:db8:300::1")), "spoofed-source"));
}

TEST_F(MagUplink, NoPrefixIsNotThePrefixZero) {
  EXPECT_TRUE(dropped(from_access(up().from("::5")), "spoofed-source"));
}

TEST_F(MagUplink, TheNodesSourceFromSomebodyElseIsDropped) {
  EXPECT_TRUE(dropped(from_access(up(), kPeerMac), "spoofed-mac"));
}

TEST_F(MagUplink, AStrangerIsDropped) {
  EXPECT_TRUE(dropped(from_access(up().from("2001:db8:300::1"), kPeerMac), "no-binding"));
}

TEST_F(MagUplink, TheNodeOnAnotherInterfaceIsAStranger) {
  const auto outcome = run(mag_->object(), "mag_uplink", "acc2", frame(kAccess2Mac, kNodeMac, up().build()));
  EXPECT_TRUE(dropped(outcome, "spoofed-mac"));
}

TEST_F(MagUplink, ANodeThatLeftIsAStranger) {
  must(mag_->remove_host(host()));
  EXPECT_TRUE(dropped(from_access(up()), "no-binding"));
}

constexpr std::string_view kForeign = "2001:db8:300::1", kAllNodesMac = "33:33:00:00:00:01",
                           kEverybodyMac = "ff:ff:ff:ff:ff:ff";
constexpr Tag kPriority{}, kServicePriority{0, 0x88a8}, kVlan7{7};

TEST_F(MagUplink, APriorityTagHidesNoForeignSource) {
  EXPECT_TRUE(dropped(from_access(up().from(kForeign), {kPriority}), "spoofed-source"));
  EXPECT_EQ(from_access(up().from(kForeign), {kServicePriority}).verdict, Verdict::Drop);
  EXPECT_EQ(packets_dropped(mag_->drops(), "spoofed-source"), 2U);
}

TEST_F(MagUplink, APriorityTagComesOffOnTheWay) {
  const auto outcome = from_access(up(), {Tag{5 << 13}});
  EXPECT_EQ(outcome.verdict, Verdict::Redirect);
  EXPECT_EQ(outcome.frame, from_access(up()).frame);
}

TEST_F(MagUplink, OnePriorityTagInsideAnotherIsDropped) {
  EXPECT_TRUE(dropped(from_access(up(), {kPriority, kPriority}), "nested-tags"));
  EXPECT_EQ(from_access(up(), {kServicePriority, kPriority, kPriority}).verdict, Verdict::Drop);
}

/// There the kernel has the VLAN interface, whose own program decides, or it discards the frame.
TEST_F(MagUplink, WhatBelongsToAVlanIsLeftAlone) {
  for (const std::vector<Tag>& tags : {std::vector{kVlan7}, {kVlan7, kPriority}, {kPriority, kVlan7}})
    EXPECT_EQ(from_access(up().from(kForeign), tags).verdict, Verdict::Pass);
  EXPECT_EQ(packets_dropped(mag_->drops()), 0U);
}

TEST_F(MagUplink, NeighborDiscoveryMayHaveAPriorityTag) {
  const auto outcome = from_access(up().from("fe80::1").to("ff02::2"), {kPriority});
  EXPECT_EQ(outcome.verdict, Verdict::Pass);
  EXPECT_EQ(outcome.frame, frame(kCoreMac, kNodeMac, up().from("fe80::1").to("ff02::2").build()));
}

TEST_F(MagUplink, AFrameForManyCarriesNothingForOne) {
  EXPECT_TRUE(dropped(from_access_to(kAllNodesMac, up().from(kLma).to(kMag1)), "multicast-frame"));
  for (const auto destination : {kAllNodesMac, kEverybodyMac})
    EXPECT_EQ(from_access_to(destination, up()).verdict, Verdict::Drop);
  EXPECT_EQ(packets_dropped(mag_->drops(), "multicast-frame"), 3U);
  EXPECT_EQ(from_access_to(kAllNodesMac, up().from("fe80::1").to("ff02::1")).verdict, Verdict::Pass);
}

TEST_F(MagUplink, OthersFramesAreLeftToTheStackWhichDiscardsThem) {
  EXPECT_EQ(from_access_to("02:00:00:00:0a:0a", up().from(kForeign)).verdict, Verdict::Pass);
}

TEST_F(MagUplink, WhatIsNoPacketIsDropped) {
  EXPECT_TRUE(dropped(from_access(up().claimed_length(900)), "malformed"));
}

Packet mobility_header(std::string_view from, std::string_view to) {
  return Packet().from(from).to(to).upper(135, {59, 1, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
}

TEST_F(MagUplink, NobodySignalsFromAnAccessLink) {
  for (const Packet& message :
       {mobility_header(kNode, kMag1), mobility_header(kNode, kMag1).hop_limit(1),
        mobility_header(kNode, kMag1).destination_options(),
        mobility_header(kNode, kMag1).fragment(0, true, 5), mobility_header("fe80::1", kMag1),
        mobility_header("fe80::1", "fe80::2"), mobility_header(kLma, "ff02::1"),
        mobility_header("::", kMag1).destination_options()})
    EXPECT_EQ(from_access(message).verdict, Verdict::Drop);
  EXPECT_EQ(packets_dropped(mag_->drops(), "mobility-header"), 8U);
  EXPECT_EQ(packets_dropped(mag_->drops()), 8U);
}

/// The stack would follow them all to the end.
TEST_F(MagUplink, MoreExtensionHeadersThanWeFollowMayHideAMobilityHeader) {
  const auto behind = [](int headers, std::string_view from, std::string_view to) {
    Packet packet = mobility_header(from, to);
    for (int i = 0; i < headers; ++i) packet.destination_options();
    return packet;
  };
  EXPECT_TRUE(dropped(from_access(behind(9, "fe80::1", "fe80::2")), "mobility-header"));
  EXPECT_EQ(from_access(behind(20, kNode, kMag1)).verdict, Verdict::Drop);
  EXPECT_EQ(from_access(behind(9, kNode, kCn)).verdict, Verdict::Redirect);
}

TEST_F(MagUplink, TheAnchorIsNotOnAnAccessLink) {
  EXPECT_TRUE(dropped(from_access(mobility_header(kLma, kMag1)), "spoofed-source"));
  EXPECT_EQ(from_access(mobility_header(kLma, kMag1), {kPriority}).verdict, Verdict::Drop);
}

/// RFC 6275 through Proxy Mobile IPv6 is the node's own affair.
TEST_F(MagUplink, ANodeMaySignalToItsOwnHomeAgent) {
  EXPECT_EQ(from_access(mobility_header(kNode, kCn)).verdict, Verdict::Redirect);
}

TEST_F(MagUplink, AHopLimitThatEndsHereIsTheStacksToAnswer) {
  EXPECT_EQ(from_access(up().hop_limit(1)).verdict, Verdict::Pass);
}

TEST_F(MagUplink, TheNodeIsToldTheTunnelsMtu) {
  const auto sent = up().payload(1413).build();
  ASSERT_EQ(sent.size(), kMtu + 1U);
  const auto outcome = from_access(up().payload(1413));
  EXPECT_EQ(outcome.verdict, Verdict::Redirect);
  EXPECT_EQ(frame_destination(outcome.frame), mac(kNodeMac));
  const auto answer = Ipv6View::in_frame(outcome.frame);
  EXPECT_EQ(answer.source, ip(kMag1));
  EXPECT_EQ(answer.destination, ip(kNode));
  EXPECT_EQ(wire::ipv6_checksum(answer.source, answer.destination, 58, answer.payload), 0);
  EXPECT_EQ(answer.payload[0], 2);
  EXPECT_EQ(answer.payload[6] << 8 | answer.payload[7], kMtu);
  EXPECT_EQ(packets_dropped(mag_->drops(), "too-big"), 1U);
  EXPECT_EQ(mag_->attachment_traffic(kAttachment)->up, Counter{});
}

TEST_F(MagUplink, ANewLinkLayerAddressReplacesTheOld) {
  auto moved = host();
  moved.node = mac(kPeerMac);
  must(mag_->install_host(moved));
  EXPECT_EQ(from_access(up(), kPeerMac).verdict, Verdict::Redirect);
  EXPECT_TRUE(dropped(from_access(up()), "spoofed-mac"));
}

TEST_F(MagUplink, APrefixThatIsGoneIsNoLongerTheNodes) {
  auto less = host();
  less.prefixes.pop_back();
  must(mag_->install_host(less));
  EXPECT_TRUE(dropped(from_access(up().from("2001:db8:200::5")), "spoofed-source"));
}

/// EnableMAGLocalRouting (RFC 5213 sections 6.10.3 and 9.2), with a second node at acc2.
class MagLocalRouting : public MagBench {
 protected:
  static constexpr SessionId kOtherAttachment{42};
  static constexpr std::string_view kOther = "2001:db8:300::10", kOtherMac = "02:00:00:00:09:02";

  void SetUp() override {
    MagBench::SetUp();
    auto other = host();
    other.attachment = kOtherAttachment;
    other.interface = InterfaceIndex{index_of("acc2")};
    other.node = mac(kOtherMac);
    other.prefixes = {prefix("2001:db8:300::/64")};
    must(mag_->install_host(other));
  }
  static Packet across() { return up().to(kOther).hop_limit(9); }
};

TEST_F(MagLocalRouting, WithoutItAllGoesThroughTheAnchor) {
  const auto outcome = from_access(across());
  EXPECT_EQ(outcome.verdict, Verdict::Redirect);
  EXPECT_EQ(Ipv6View::in_frame(outcome.frame).destination, ip(kLma));
}

TEST_F(MagLocalRouting, WithItANodeHereIsReachedDirectly) {
  must(mag_->set_local_routing(true));
  const auto outcome = from_access(across());
  EXPECT_EQ(outcome.verdict, Verdict::Redirect);
  EXPECT_EQ(outcome.frame, frame(kOtherMac, kRouterMac, across().hop_limit(8).build()));
  EXPECT_EQ(mag_->attachment_traffic(kAttachment)->up, (Counter{1, across().build().size()}));
  EXPECT_EQ(mag_->attachment_traffic(kOtherAttachment)->down, (Counter{1, across().build().size()}));
  must(mag_->set_local_routing(false));
  EXPECT_EQ(Ipv6View::in_frame(from_access(across()).frame).destination, ip(kLma));
}

TEST_F(MagLocalRouting, WithItWhoIsNotHereIsReachedThroughTheAnchor) {
  must(mag_->set_local_routing(true));
  EXPECT_EQ(Ipv6View::in_frame(from_access(up()).frame).destination, ip(kLma));
}

TEST_F(MagLocalRouting, NobodyGetsThroughWithAForeignSource) {
  for (const bool on : {false, true}) {
    must(mag_->set_local_routing(on));
    EXPECT_EQ(from_access(across().from("2001:db8:400::1")).verdict, Verdict::Drop);
    EXPECT_EQ(from_access(across().from("2001:db8:300::11")).verdict, Verdict::Drop);
    EXPECT_EQ(from_access(across(), kPeerMac).verdict, Verdict::Drop);
    EXPECT_EQ(from_access(across().from("2001:db8:400::1"), kPeerMac).verdict, Verdict::Drop);
  }
  EXPECT_EQ(packets_dropped(mag_->drops(), "spoofed-source"), 4U);
  EXPECT_EQ(packets_dropped(mag_->drops(), "spoofed-mac"), 2U);
  EXPECT_EQ(packets_dropped(mag_->drops(), "no-binding"), 2U);
}

TEST_F(MagLocalRouting, WhatTheTunnelWouldNotCarryIsAnswered) {
  must(mag_->set_local_routing(true));
  const auto outcome = from_access(across().payload(1413));
  EXPECT_EQ(outcome.verdict, Verdict::Redirect);
  EXPECT_EQ(frame_destination(outcome.frame), mac(kNodeMac));
  EXPECT_EQ(packets_dropped(mag_->drops(), "too-big"), 1U);
}

TEST_F(MagLocalRouting, AHopLimitThatEndsHereIsTheStacksToAnswer) {
  must(mag_->set_local_routing(true));
  EXPECT_EQ(from_access(across().hop_limit(1)).verdict, Verdict::Pass);
}

/// Plain IPv6 from a visited prefix at core0 (RFC 5213 section 6.14).
class MagVisitor : public MagLocalRouting {
 protected:
  static constexpr std::string_view kVisitor = "2001:db8:f00::9";
  void SetUp() override {
    MagLocalRouting::SetUp();
    must(mag_->set_visited({{prefix("2001:db8:f00::/64"), InterfaceIndex{index_of("core0")}}}));
  }
  static Packet visiting() { return up().from(kVisitor); }
};

TEST_F(MagVisitor, IsRoutedByTheStackAndNotTunnelled) {
  const auto outcome = from_access(visiting(), kPeerMac);
  EXPECT_EQ(outcome.verdict, Verdict::Pass);
  EXPECT_EQ(outcome.frame, frame(kCoreMac, kPeerMac, visiting().build()));
  EXPECT_EQ(packets_dropped(mag_->drops()), 0U);
}

TEST_F(MagVisitor, HasTheVisitedPrefixOnItsOwnLinkOnly) {
  EXPECT_TRUE(dropped(from_access(visiting().from("2001:db8:f01::9"), kPeerMac), "no-binding"));
  const auto elsewhere =
      run(mag_->object(), "mag_uplink", "acc2", frame(kAccess2Mac, kPeerMac, visiting().build()));
  EXPECT_EQ(elsewhere.verdict, Verdict::Drop);
}

TEST_F(MagVisitor, IsNoNodeWithService) { EXPECT_TRUE(dropped(from_access(visiting()), "spoofed-source")); }

TEST_F(MagVisitor, DoesNotSignal) {
  EXPECT_TRUE(dropped(from_access(mobility_header(kVisitor, kMag1), kPeerMac), "mobility-header"));
}

TEST_F(MagVisitor, ReachesANodeHereDirectlyOnlyWithLocalRouting) {
  EXPECT_EQ(from_access(visiting().to(kOther), kPeerMac).verdict, Verdict::Pass);
  must(mag_->set_local_routing(true));
  const auto outcome = from_access(visiting().to(kOther).hop_limit(9), kPeerMac);
  EXPECT_EQ(outcome.frame, frame(kOtherMac, kRouterMac, visiting().to(kOther).hop_limit(8).build()));
}

TEST_F(MagVisitor, IsReachedDirectlyOnlyWithLocalRouting) {
  EXPECT_EQ(Ipv6View::in_frame(from_access(up().to(kVisitor)).frame).destination, ip(kLma));
  must(mag_->set_local_routing(true));
  EXPECT_EQ(from_access(up().to(kVisitor)).verdict, Verdict::Pass);
}

TEST_F(MagVisitor, IsAStrangerWhenThePrefixIsGone) {
  must(mag_->set_visited({}));
  EXPECT_TRUE(dropped(from_access(visiting(), kPeerMac), "no-binding"));
}

}  // namespace
}  // namespace flowmob::dataplane::testing
