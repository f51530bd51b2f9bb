// SPDX-License-Identifier: Apache-2.0
// Packets such as nobody should send, found by the difference to the reference classifier (../difference).
#include "lma_bench.h"
#include "packet_ipv4.h"
#include "vif_bench.h"
#include "vif_flows.h"

namespace flowmob::dataplane::testing {
namespace {

constexpr std::string_view kAsRowsHaveNode4 = "0:ffff:c000:202::";

class OddDownlink : public LmaBench {
 protected:
  void install_protocol(std::uint8_t protocol) {
    wire::TrafficSelector6 selector;
    selector.next_header = {protocol, protocol};
    install_rules({{10, kVideo, selector}});
  }
  void install_ipv4() {
    must(lma_->install_node({kNodeIndex, {prefix(kPrefix)}, kDefault, 1, {}, ip4(kNode4)}));
    must(lma_->install_session(
        {kSession2, kNodeIndex, ip(kLma), ip(kMag2), {prefix(kPrefix)}, kMtu, ip4(kNode4)}));
  }
  std::string way_of(const Packet& packet) const { return tunnel_of(from_core(packet.build())); }
};

TEST_F(OddDownlink, WhatIsBehindThePacketInItsFrameIsNotItsOwn) {
  EXPECT_EQ(way_of(video().claimed_length(4)), kMag1);
  EXPECT_EQ(way_of(video().claimed_length(3)), kMag2) << "half of the ports are";
  install_protocol(17);
  EXPECT_EQ(way_of(video().destination_options().claimed_length(8)), kMag1);
  EXPECT_EQ(way_of(video().destination_options().claimed_length(7)), kMag2);
  Bytes short_one = Packet4{.source_port = 5004}.build();
  short_one[3] = 23;
  install_ipv4();
  wire::TrafficSelector6 port;
  port.source_port = {5004, 5004};
  must(lma_->install_node({kNodeIndex, {prefix(kPrefix)}, {}, 2, {{1, kDefault, port}}, ip4(kNode4)}));
  EXPECT_TRUE(dropped(run(lma_->object(), "lma_downlink", "core0", frame4(kCoreMac, kPeerMac, short_one)),
                      "no-flow"));
}

TEST_F(OddDownlink, FragmentsFollowAFirstThatEndsWithinItsHeaders) {
  install_protocol(60);
  const auto later = video().fragment(512, false, 7);
  EXPECT_EQ(way_of(later), kMag2);
  EXPECT_EQ(way_of(Packet().from(kCn).to(kNode).fragment(0, true, 7).upper(60, {})), kMag1);
  EXPECT_EQ(way_of(later), kMag1);
}

TEST_F(OddDownlink, OfTwoFragmentHeadersTheOuterSaysWhichDatagramItIs) {
  EXPECT_EQ(way_of(video().fragment(0, true, 7).fragment(0, false, 8)), kMag1);
  EXPECT_EQ(way_of(video().fragment(512, false, 7)), kMag1);
  EXPECT_EQ(way_of(video().fragment(512, false, 8)), kMag2);
}

TEST_F(OddDownlink, IcmpOfTheOtherFamilyIsNoPing) {
  for (const std::uint8_t identifier : {std::uint8_t{1}, std::uint8_t{2}})
    static_cast<void>(way_of(Packet().from(kCn).to(kNode).upper(1, {128, 0, 0, 0, 0, identifier, 0, 0})));
  EXPECT_EQ(cached_flows(), 1U);
}

TEST_F(OddDownlink, WhatNoRouterForwardsIsDropped) {  // RFC 4291 sections 2.5.2, 2.5.3 and 2.7
  for (const auto source : {"::", "::1", "ff02::1", "::ffff:198.51.100.10", "::198.51.100.10"})
    EXPECT_EQ(from_core(video().from(source).build()).verdict, Verdict::Drop) << source;
  EXPECT_EQ(packets_dropped(lma_->drops(), "malformed"), 5U);
  EXPECT_EQ(way_of(video().from("64:ff9b::198.51.100.10")), kMag1) << "RFC 6052";
  install_ipv4();
  for (const auto source :
       {"0.0.0.1", "127.0.0.1", "224.0.0.1", "255.255.255.255"}) {  // RFC 1812 section 5.3.7
    const auto packet = Packet4{.source = source}.build();
    EXPECT_TRUE(run(lma_->object(), "lma_downlink", "core0", frame4(kCoreMac, kPeerMac, packet)).verdict ==
                Verdict::Drop)
        << source;
  }
  EXPECT_EQ(packets_dropped(lma_->drops(), "malformed"), 9U);
}

TEST_F(OddDownlink, AnIpv6AddressIsNeverTakenForANodesOfIpv4) {
  install_ipv4();
  EXPECT_EQ(from_core(video().to(kAsRowsHaveNode4).build()).verdict, Verdict::Pass);
  const auto sent = Packet().from(kAsRowsHaveNode4).to(kCn).udp(4000, 80).in_tunnel(kMag2, kLma);
  EXPECT_TRUE(dropped(from_access(sent.build()), "malformed"));
}

class OddErrors : public OddDownlink {
 protected:
  static Packet sent() { return Packet().from(kNode).to(kCn).udp(4000, 5004).payload(64); }
  static Packet about(const Packet& quoted) {
    Bytes upper{1, 4, 0, 0, 0, 0, 0, 0};
    append(upper, quoted.build());
    return Packet().from("2001:db8:e::1").to(kNode).upper(58, upper);
  }
};

TEST_F(OddErrors, PortsBehindTheErrorAreNotOfItsQuotation) {
  EXPECT_EQ(way_of(about(sent()).claimed_length(8 + 40 + 4)), kMag1);
  EXPECT_EQ(way_of(about(sent()).claimed_length(8 + 40 + 3)), kMag2);
  EXPECT_EQ(way_of(about(sent().claimed_length(0))), kMag1) << "there are routers that quote another length";
}

TEST_F(OddErrors, AQuotationWithMoreHeadersThanWeFollowShowsNothing) {
  install_protocol(60);
  auto endless = sent();
  for (int i = 0; i < 9; ++i) endless.destination_options();
  EXPECT_EQ(way_of(about(endless)), kMag2);
}

/// Its other fragments do not show what it quotes, and all go the same way.
TEST_F(OddErrors, AnErrorInFragmentsIsAPacketOfItsOwn) {
  EXPECT_EQ(way_of(about(sent()).fragment(0, true, 5)), kMag2);
  EXPECT_EQ(way_of(about(sent()).fragment(1024, false, 5)), kMag2);
}

class OddUplink : public LmaBench {
 protected:
  static Packet up() { return Packet().from(kNode).to(kCn).udp(4000, 5004).payload(100); }
};

TEST_F(OddUplink, ThePacketInsideEndsWithTheTunnels) {
  const auto length = static_cast<std::uint16_t>(up().build().size());
  EXPECT_EQ(from_access(up().in_tunnel(kMag1, kLma).claimed_length(length).build()).verdict, Verdict::Pass);
  for (const std::uint16_t less :
       {std::uint16_t(length - 1), std::uint16_t{40}, std::uint16_t{39}, std::uint16_t{0}})
    EXPECT_EQ(from_access(up().in_tunnel(kMag1, kLma).claimed_length(less).build()).verdict, Verdict::Drop)
        << less;
  EXPECT_EQ(from_access(up().in_gre(kMag1, kLma, {}).claimed_length(3).build()).verdict, Verdict::Drop);
  EXPECT_EQ(packets_dropped(lma_->drops(), "malformed"), 5U);
}

TEST_F(OddUplink, AnEncapsulationLimitBehindThePacketIsNotItsOwn) {
  const auto sent = up().in_tunnel(kMag1, kLma).encapsulation_limit().claimed_length(7).build();
  const auto outcome = from_access(sent);
  EXPECT_EQ(outcome.verdict, Verdict::Pass);
  EXPECT_EQ(outcome.frame, frame(kAccess1Mac, kPeerMac, sent)) << "the stack's";
}

using OddVif = Vif;

TEST_F(OddVif, WhatIsBehindThePacketInItsFrameIsNotItsOwn) {
  static_cast<void>(receive(0, down().claimed_length(3).build()));
  const auto flows = flows_of_tests(*vif_);
  ASSERT_EQ(flows.size(), 1U);
  EXPECT_EQ(flows[0].source_port, 0);
}

}  // namespace
}  // namespace flowmob::dataplane::testing
