// SPDX-License-Identifier: Apache-2.0
#include "lma_bench.h"

namespace flowmob::dataplane::testing {
namespace {

using LmaDownlink = LmaBench;

TEST_F(LmaDownlink, FlowsGoIntoTheirOwnTunnels) {
  EXPECT_EQ(tunnel_of(from_core(video().build())), kMag1);
  EXPECT_EQ(tunnel_of(from_core(other().build())), kMag2);
  EXPECT_EQ(tunnel_of(from_core(Packet(video()).tcp(5004, 4000).build())), kMag2);
  EXPECT_EQ(packets_dropped(lma_->drops()), 0U);
}

TEST_F(LmaDownlink, TheOuterHeaderSaysWhatItShould) {
  const auto sent = video().traffic_class(0xb9).flow_label(0x12345).hop_limit(17);
  const auto outer = Ipv6View::in_frame(from_core(sent.build()).frame);
  EXPECT_EQ(outer.source, ip(kLma));
  EXPECT_EQ(outer.next_header, 41);
  EXPECT_EQ(outer.hop_limit, 64);
  EXPECT_EQ(outer.traffic_class, 0xb9) << "DSCP and ECN are copied";
  EXPECT_EQ(outer.payload_length, sent.build().size());
  EXPECT_EQ(outer.payload, Packet(sent).hop_limit(16).build()) << "only the hop limit changes";
}

TEST_F(LmaDownlink, EveryEcnFieldIsCopied) {
  for (std::uint8_t ecn = 0; ecn < 4; ++ecn)
    EXPECT_EQ(Ipv6View::in_frame(from_core(video().ecn(ecn).build()).frame).traffic_class & 3, ecn);
}

TEST_F(LmaDownlink, TheOuterFlowLabelIsTheFlows) {
  const auto label = [&](const Packet& packet) {
    return Ipv6View::in_frame(from_core(packet.build()).frame).flow_label;
  };
  EXPECT_NE(label(video()), 0U);
  EXPECT_EQ(label(video()), label(video().payload(200).hop_limit(7)));
  EXPECT_NE(label(video()), label(Packet(video()).udp(5004, 4001).payload(100)));
}

TEST_F(LmaDownlink, AMoveHoldsForTheNextPacket) {
  EXPECT_EQ(tunnel_of(from_core(video().build())), kMag1);
  must(lma_->install_flow({kVideo, kNodeIndex, kSession2}));
  EXPECT_EQ(tunnel_of(from_core(video().build())), kMag2);
  must(lma_->install_flow({kVideo, kNodeIndex, kSession1}));
  EXPECT_EQ(tunnel_of(from_core(video().build())), kMag1);
}

TEST_F(LmaDownlink, NewRulesHoldForFlowsSeenBefore) {
  EXPECT_EQ(tunnel_of(from_core(video().build())), kMag1);
  install_rules({});
  EXPECT_EQ(tunnel_of(from_core(video().build())), kMag2);
  wire::TrafficSelector6 web;
  web.source_port = {80, 80};
  install_rules({{5, kVideo, web}});
  EXPECT_EQ(tunnel_of(from_core(video().build())), kMag2);
  EXPECT_EQ(tunnel_of(from_core(other().build())), kMag1);
}

TEST_F(LmaDownlink, TheLowestOrderWins) {
  wire::TrafficSelector6 all, udp;
  udp.next_header = {17, 17};
  install_rules({{20, kDefault, udp}, {10, kVideo, all}}, FlowIndex{});
  EXPECT_EQ(tunnel_of(from_core(other().build())), kMag1);
  install_rules({{5, kDefault, udp}, {10, kVideo, all}}, FlowIndex{});
  EXPECT_EQ(tunnel_of(from_core(other().build())), kMag2);
  EXPECT_EQ(tunnel_of(from_core(Packet(other()).tcp(80, 4000).build())), kMag1);
}

TEST_F(LmaDownlink, TheLastOfSixtyFourRulesIsTried) {
  std::vector<core::ClassifierRule> rules;
  for (std::uint16_t i = 0; i < 64; ++i) {
    wire::TrafficSelector6 port;
    port.source_port = {static_cast<std::uint16_t>(1000 + i), static_cast<std::uint16_t>(1000 + i)};
    rules.push_back({i, i == 63 ? kVideo : kDefault, port});
  }
  install_rules(rules);
  EXPECT_EQ(tunnel_of(from_core(Packet(other()).udp(1062, 1).build())), kMag2);
  EXPECT_EQ(tunnel_of(from_core(Packet(other()).udp(1063, 1).build())), kMag1);
}

TEST_F(LmaDownlink, WhatIsNotForANodeIsLeftAlone) {
  for (const Packet& packet :
       {video().to("2001:db8:101::10"), video().to("ff02::1"), video().to("fe80::1"), video().to(kLma)}) {
    const auto outcome = from_core(packet.build());
    EXPECT_EQ(outcome.verdict, Verdict::Pass);
    EXPECT_EQ(outcome.frame, frame(kCoreMac, kPeerMac, packet.build()));
  }
  EXPECT_EQ(packets_dropped(lma_->drops()), 0U);
}

TEST_F(LmaDownlink, WhatTheStackMustAnswerIsLeftToIt) {
  EXPECT_EQ(from_core(video().hop_limit(1).build()).verdict, Verdict::Pass);
  EXPECT_EQ(from_core(video().hop_limit(0).build()).verdict, Verdict::Pass);
  EXPECT_EQ(tunnel_of(from_core(video().hop_limit(2).build())), kMag1);
  EXPECT_EQ(from_core(video().from("fe80::5").build()).verdict, Verdict::Pass);
}

TEST_F(LmaDownlink, OtherPeoplesFramesAreLeftAlone) {
  const auto packet = video().build();
  const auto& object = lma_->object();
  EXPECT_EQ(run(object, "lma_downlink", "core0", frame(kPeerMac, kPeerMac, packet)).verdict, Verdict::Pass);
  EXPECT_EQ(run(object, "lma_downlink", "core0", frame(kCoreMac, kPeerMac, packet, 0x0800)).verdict,
            Verdict::Pass);
  EXPECT_EQ(from_core(video().claimed_length(9000).build()).verdict, Verdict::Pass);
}

TEST_F(LmaDownlink, PacketsOfThisHostKeepTheirHopLimit) {
  const auto outer = Ipv6View::in_frame(out_of_stack(video().hop_limit(1).build()).frame);
  EXPECT_EQ(outer.destination, ip(kMag1));
  EXPECT_EQ(outer.payload, video().hop_limit(1).build());
}

TEST_F(LmaDownlink, ATunnelPacketIsNotPutIntoAnother) {
  install_rules({});
  const auto nested = video().in_tunnel(kLma, kNode).build();
  EXPECT_EQ(out_of_stack(nested).verdict, Verdict::Pass);
  EXPECT_EQ(tunnel_of(out_of_stack(video().in_tunnel(kCn, kNode).build())), kMag2) << "somebody else's is";
}

TEST_F(LmaDownlink, AFlowWithoutASessionIsDropped) {
  must(lma_->install_flow({kVideo, kNodeIndex, SessionId{}}));
  EXPECT_TRUE(dropped(from_core(video().build()), "no-session"));
}

TEST_F(LmaDownlink, AFlowWhoseSessionIsGoneIsDropped) {
  must(lma_->remove_session({kSession1, ip(kMag1), {prefix(kPrefix)}}));
  EXPECT_TRUE(dropped(from_core(video().build()), "no-session"));
  EXPECT_EQ(tunnel_of(from_core(other().build())), kMag2);
}

TEST_F(LmaDownlink, ARuleWithoutItsFlowDrops) {
  must(lma_->remove_flow({kVideo}));
  EXPECT_TRUE(dropped(from_core(video().build()), "no-flow"));
}

TEST_F(LmaDownlink, NoDefaultMeansDrop) {
  install_rules({}, FlowIndex{});
  EXPECT_TRUE(dropped(from_core(video().build()), "no-flow"));
}

TEST_F(LmaDownlink, ATunnelToNowhereDrops) {
  must(lma_->install_session({kSession1, kNodeIndex, ip(kLma), ip(kNowhere), {prefix(kPrefix)}, kMtu}));
  EXPECT_TRUE(dropped(from_core(video().build()), "no-route"));
}

TEST_F(LmaDownlink, ANodeThatLeftIsNoLongerOurs) {
  must(lma_->remove_node({kNodeIndex, {prefix(kPrefix)}}));
  EXPECT_EQ(from_core(video().build()).verdict, Verdict::Pass);
}

TEST_F(LmaDownlink, CountsByFlowAndSession) {
  static_cast<void>(from_core(video().build()));
  static_cast<void>(from_core(video().payload(300).build()));
  static_cast<void>(from_core(other().build()));
  const auto length = video().build().size();
  EXPECT_EQ(lma_->flow_traffic(kVideo)->down, (Counter{2, 2 * length + 200}));
  EXPECT_EQ(lma_->session_traffic(kSession1)->down, (Counter{2, 2 * length + 200}));
  EXPECT_EQ(lma_->flow_traffic(kDefault)->down, (Counter{1, length}));
  EXPECT_EQ(lma_->session_traffic(kSession2)->down, (Counter{1, length}));
  EXPECT_EQ(lma_->session_traffic(kSession2)->up, Counter{});
}

TEST_F(LmaDownlink, FragmentsFollowTheFirst) {
  const auto first = video().fragment(0, true, 7).payload(504);
  const auto second = video().fragment(512, false, 7).payload(100);
  const auto stranger = video().fragment(512, false, 8).payload(100);
  EXPECT_EQ(tunnel_of(from_core(first.build())), kMag1);
  EXPECT_EQ(tunnel_of(from_core(second.build())), kMag1);
  EXPECT_EQ(tunnel_of(from_core(stranger.build())), kMag2) << "its first was never seen: no ports";
  EXPECT_EQ(tunnel_of(from_core(Packet(other()).fragment(0, true, 8).build())), kMag2);
}

TEST_F(LmaDownlink, PortsAreFoundBehindExtensionHeaders) {
  EXPECT_EQ(tunnel_of(from_core(video().destination_options().build())), kMag1);
  EXPECT_EQ(tunnel_of(from_core(video().destination_options(24).destination_options().build())), kMag1);
  EXPECT_EQ(tunnel_of(from_core(video().authentication(7).build())), kMag1);
  EXPECT_EQ(tunnel_of(from_core(other().destination_options(24).build())), kMag2);
}

TEST_F(LmaDownlink, AFragmentWithoutItsFirstIsNotRemembered) {
  EXPECT_EQ(tunnel_of(from_core(video().fragment(512, false, 7).payload(100).build())), kMag2);
  EXPECT_EQ(tunnel_of(from_core(video().fragment(0, true, 7).build())), kMag1);
  EXPECT_EQ(tunnel_of(from_core(video().fragment(512, false, 7).payload(100).build())), kMag1);
  EXPECT_EQ(cached_flows(), 1U) << "that of the first";
}

TEST_F(LmaDownlink, AFlowIsCachedOnceWhateverRulesDoNotLookAt) {
  for (std::uint8_t i = 0; i < 8; ++i)
    EXPECT_EQ(
        tunnel_of(from_core(video().traffic_class(static_cast<std::uint8_t>(i << 2)).flow_label(i).build())),
        kMag1);
  EXPECT_EQ(cached_flows(), 1U);
  wire::TrafficSelector6 marked;
  marked.traffic_class = {1, 1};
  install_rules({{1, kVideo, marked}});
  for (std::uint8_t i = 0; i < 8; ++i)
    EXPECT_EQ(
        tunnel_of(from_core(video().traffic_class(static_cast<std::uint8_t>(i << 2)).flow_label(i).build())),
        i == 1 ? kMag1 : kMag2);
  EXPECT_EQ(cached_flows(), 1U + 7U) << "the mark 0 replaces the flow without one";
}

TEST_F(LmaDownlink, PingsAreFlowsOfTheirOwn) {
  const auto ping = [](std::uint16_t identifier) {
    return Packet().from(kCn).to(kNode).echo_request(identifier);
  };
  for (std::uint16_t i = 0; i < 4; ++i) static_cast<void>(from_core(ping(i % 2).build()));
  EXPECT_EQ(cached_flows(), 2U);
}

TEST_F(LmaDownlink, AFlowMayBeToldToDrop) {
  BpfMap<std::uint32_t, fm_flow_row> flows(lma_->object(), "flows");
  must(flows.set(kVideo.value, {kSession1.value, FM_ACTION_DROP}));
  EXPECT_TRUE(dropped(from_core(video().build()), "policy"));
}

}  // namespace
}  // namespace flowmob::dataplane::testing
