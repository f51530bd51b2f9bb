// SPDX-License-Identifier: Apache-2.0
#include "vif_bench.h"
#include "wire/checksum.h"
#include "wire/neighbor_discovery.h"

namespace flowmob::dataplane::testing {
namespace {

TEST_F(Vif, AnUnknownFlowLeavesByTheDefaultMember) {
  EXPECT_EQ(member_of(up()), 0);
  must(vif_->set_default_member(1));
  EXPECT_EQ(member_of(other_up()), 1);
}

TEST_F(Vif, AnUnknownFlowLeavesByAMemberWhoseGatewayTakesItsSource) {
  const auto source = Ipv6Prefix::truncated(ip(kNode), 64);
  must(vif_->set_source(source, 0b10));
  EXPECT_EQ(member_of(up()), 1) << "not by the default member";
  set_up(1, false);
  EXPECT_EQ(member_of(up()), 0) << "better than nothing";
  set_up(1, true);
  EXPECT_EQ(member_of(up()), 1);
  static_cast<void>(receive(0, down().build()));
  EXPECT_EQ(member_of(up()), 0) << "its downlink says otherwise";
  must(vif_->set_rules({{wire::TrafficSelector6{}, {0, 1}}}));
  EXPECT_EQ(member_of(other_up()), 1) << "whatever a rule prefers";
  must(vif_->set_rules({{wire::TrafficSelector6{}, {0}}}));
  EXPECT_EQ(member_of(Packet().from(kNode).to(kCn).tcp(4001, 80)), 1);
  must(vif_->set_source(source, 0));
  EXPECT_EQ(member_of(Packet().from(kNode).to(kCn).tcp(4002, 80)), 0);
  must(vif_->set_source(source, 0b10));
  must(vif_->forget_sources_but({}));
  EXPECT_EQ(member_of(Packet().from(kNode).to(kCn).tcp(4003, 80)), 0);
}

TEST_F(Vif, OnlyTheSourceOfTheFrameChangesOnTheWayOut) {
  EXPECT_EQ(send(up().traffic_class(7).build()).frame,
            frame(kPeerMac, kMember1Mac, up().traffic_class(7).build()));
}

TEST_F(Vif, WhatComesByAMemberIsTheVirtualInterfaces) {
  const auto outcome = receive(1, down().build());
  EXPECT_EQ(outcome.verdict, Verdict::Redirect);
  EXPECT_EQ(outcome.frame, frame(kVifMac, kPeerMac, down().build()));
}

TEST_F(Vif, UplinkFollowsTheLinkOfTheDownlink) {
  static_cast<void>(receive(1, down().build()));
  EXPECT_EQ(member_of(up()), 1);
  EXPECT_EQ(member_of(other_up()), 0) << "another flow";
  static_cast<void>(receive(0, down().build()));
  EXPECT_EQ(member_of(up()), 0);
}

TEST_F(Vif, AnErrorLeavesByTheLinkOfTheFlowThatItQuotes) {
  static_cast<void>(receive(1, down().build()));
  EXPECT_EQ(member_of(error(down(), kNode, kCn)), 1);
  EXPECT_EQ(member_of(error(down().udp(5005, 4000), kNode, kCn)), 0) << "a flow that is not known";
  EXPECT_EQ(vif_->flows().size(), 2U) << "it, and the last error as a flow of its own";
}

TEST_F(Vif, AnErrorDoesNotCallTheFlowThatItQuotes) {
  static_cast<void>(receive(0, down().build()));
  EXPECT_EQ(receive(1, error(up(), "2001:db8:e::1", kNode).build()).verdict, Verdict::Redirect);
  EXPECT_EQ(member_of(up()), 0);
  EXPECT_EQ(vif_->flows().size(), 1U);
}

TEST_F(Vif, MarksAndLabelsDoNotMakeAnotherFlow) {
  static_cast<void>(receive(1, down().traffic_class(0xb8).flow_label(5).build()));
  EXPECT_EQ(member_of(up().flow_label(77)), 1);
}

TEST_F(Vif, FragmentsBelongToTheirFlow) {
  static_cast<void>(receive(1, down().build()));
  EXPECT_EQ(member_of(up().fragment(0, true, 5)), 1);
  EXPECT_EQ(member_of(up().fragment(1024, false, 5)), 1);
}

TEST_F(Vif, AMemberThatIsDownIsNotUsed) {
  static_cast<void>(receive(1, down().build()));
  set_up(1, false);
  EXPECT_EQ(member_of(up()), 0);
  set_up(1, true);
  EXPECT_EQ(member_of(up()), 1) << "the flow is still known";
  set_up(0, false);
  EXPECT_EQ(member_of(other_up()), 1) << "the default is down: any that is up";
}

TEST_F(Vif, WithoutAMemberPacketsAreCounted) {
  set_up(0, false);
  set_up(1, false);
  const auto outcome = send(up().build());
  EXPECT_TRUE(dropped_for(outcome, vif_->drops(), "no-member"));
}

TEST_F(Vif, CarriesIpv4LikeIpv6) {
  const Packet4 down{},
      up{.source = kNode4, .destination = kCn4, .source_port = 4000, .destination_port = 80};
  const auto received =
      run(vif_->object(), "member_ingress", "if2", frame4(kMember2Mac, kPeerMac, down.build()));
  EXPECT_EQ(received.verdict, Verdict::Redirect);
  EXPECT_EQ(received.frame, frame4(kVifMac, kPeerMac, down.build()));
  const auto sent = run(vif_->object(), "vif_egress", "vif0", frame4(kPeerMac, kVifMac, up.build()));
  EXPECT_EQ(sent.verdict, Verdict::Redirect);
  EXPECT_EQ(sent.frame, frame4(kPeerMac, kMember2Mac, up.build())) << "by the link of the downlink";
}

TEST_F(Vif, AsksByTheDefaultMemberInItsName) {
  Bytes arp(46);
  const auto put = [&arp](std::size_t at, std::string_view address) {
    std::ranges::copy(mac(address).octets, arp.begin() + static_cast<std::ptrdiff_t>(at));
  };
  put(8, kVifMac);
  const auto sent =
      run(vif_->object(), "vif_egress", "vif0", frame("ff:ff:ff:ff:ff:ff", kVifMac, arp, 0x0806));
  EXPECT_EQ(sent.verdict, Verdict::Redirect);
  put(8, kMember1Mac);
  EXPECT_EQ(sent.frame, frame("ff:ff:ff:ff:ff:ff", kMember1Mac, arp, 0x0806));
  const auto answer = run(vif_->object(), "member_ingress", "if1", frame(kMember1Mac, kPeerMac, arp, 0x0806));
  EXPECT_EQ(answer.verdict, Verdict::Redirect);
  EXPECT_EQ(answer.frame, frame(kVifMac, kPeerMac, arp, 0x0806));
}

TEST_F(Vif, CarriesIpAndArpOnly) {
  const auto other = frame(kPeerMac, kVifMac, Bytes(46), 0x88cc);
  const auto outcome = run(vif_->object(), "vif_egress", "vif0", other);
  EXPECT_TRUE(dropped_for(outcome, vif_->drops(), "not-ipv6"));
}

TEST_F(Vif, AMalformedPacketIsCounted) {
  const auto outcome = send(up().claimed_length(5000).build());
  EXPECT_TRUE(dropped_for(outcome, vif_->drops(), "malformed"));
}

TEST_F(Vif, APacketThatWasUnderWayDoesNotCallTheFlowBack) {
  open(std::chrono::hours(1));
  static_cast<void>(receive(0, down().build()));
  static_cast<void>(receive(1, down().build()));
  static_cast<void>(receive(0, down().build()));
  EXPECT_EQ(member_of(up()), 1);
  set_up(1, false);
  static_cast<void>(receive(0, down().build()));
  set_up(1, true);
  EXPECT_EQ(member_of(up()), 0) << "unless its new link is down";
}

TEST_F(Vif, WithoutReflectionFlowsStay) {
  auto opened = VifDataplane::open(options({}, false));
  ASSERT_TRUE(opened);
  vif_ = std::move(*opened);
  EXPECT_EQ(member_of(up()), 0);
  static_cast<void>(receive(1, down().build()));
  EXPECT_EQ(member_of(up()), 0);
}

TEST_F(Vif, ListsItsFlows) {
  static_cast<void>(receive(0, down().build()));
  static_cast<void>(receive(1, down().build()));
  static_cast<void>(send(up().build()));
  const auto flows = vif_->flows();
  ASSERT_EQ(flows.size(), 1U);
  const auto length = up().build().size();
  EXPECT_EQ(flows[0].source, ip(kCn));
  EXPECT_EQ(flows[0].destination, ip(kNode));
  EXPECT_EQ(flows[0].protocol, 17);
  EXPECT_EQ(flows[0].source_port, 5004);
  EXPECT_EQ(flows[0].destination_port, 4000);
  EXPECT_EQ(flows[0].member, 1U);
  EXPECT_EQ(flows[0].moves, 1U);
  EXPECT_EQ(flows[0].traffic, (Traffic{{2, 2 * length}, {1, length}}));
}

/// Most packets are read in place, those that are too short for it are not.
TEST_F(Vif, ReadsShortPacketsAsItReadsLongOnes) {
  Counter sent{}, came{};
  const auto count = [](Counter& counter, const Bytes& packet) {
    ++counter.packets;
    counter.bytes += packet.size();
    return packet;
  };
  for (const std::size_t octets : {0U, 1U, 7U, 8U, 9U, 100U}) {
    const auto packet = [&](Packet begun) {
      return begun.traffic_class(0xb8).flow_label(0x12345).payload(octets).build();
    };
    EXPECT_EQ(send(count(sent, packet(up()))).verdict, Verdict::Redirect);
    EXPECT_EQ(receive(0, count(came, packet(down()))).verdict, Verdict::Redirect);
    EXPECT_EQ(send(packet(other_up())).verdict, Verdict::Redirect);
  }
  auto flows = vif_->flows();
  ASSERT_EQ(flows.size(), 2U);
  std::ranges::sort(flows, {}, &VifFlow::protocol);
  EXPECT_EQ(flows[0].traffic.up.packets, 6U);
  EXPECT_EQ(flows[1].traffic, (Traffic{came, sent}));
}

TEST_F(Vif, TheMembersOwnTrafficStaysWithIt) {
  const wire::NeighborSolicitation solicitation{ip("fe80::7"),
                                                {wire::SourceLinkLayerAddress{octets(kPeerMac)}}};
  for (const Bytes& packet :
       {icmp("fe80::1", "ff02::1", wire::RouterAdvertisement{}),
        icmp("fe80::1", kNode, wire::RouterAdvertisement{}), icmp("fe80::1", "fe80::7", solicitation),
        icmp("fe80::1", "ff02::1:ff00:7", solicitation), down().to("fe80::7").build(),
        down().to("ff02::fb").build()}) {
    const auto outcome = receive(1, packet);
    EXPECT_EQ(outcome.verdict, Verdict::Pass);
    EXPECT_EQ(outcome.frame, frame(kMember2Mac, kPeerMac, packet));
  }
}

/// Whose client speaks with link-local addresses (RFC 8415 section 13).
TEST_F(Vif, AnswersOfDhcpv6AreForTheVirtualInterface) {
  const auto answer = Packet().from("fe80::1").to("fe80::f10b").udp(547, 546).payload(60).build();
  EXPECT_EQ(receive(1, answer).verdict, Verdict::Redirect);
  const auto asked = Packet().from("fe80::1").to("fe80::7").udp(546, 547).payload(60).build();
  EXPECT_EQ(receive(1, asked).verdict, Verdict::Pass) << "a server's is no client";
  const auto solicit = Packet().from("fe80::f10b").to("ff02::1:2").udp(546, 547).payload(60).build();
  EXPECT_EQ(send(solicit).verdict, Verdict::Redirect);
}

/// One of all link-local addresses is its own.
TEST_F(Vif, WhatIsForItsLinkLocalAddressReachesIt) {
  auto with_address = options({});
  with_address.link_local = ip("fe80::f10b");
  auto opened = VifDataplane::open(with_address);
  ASSERT_TRUE(opened) << opened.error().message;
  vif_ = std::move(*opened);
  const auto asks = [](std::string_view target, std::string_view to) {
    return icmp("fe80::1", to,
                wire::NeighborSolicitation{ip(target), {wire::SourceLinkLayerAddress{octets(kPeerMac)}}});
  };
  const auto question = asks("fe80::f10b", "ff02::1:ff00:f10b");
  EXPECT_EQ(receive(1, question, "33:33:ff:00:f1:0b").verdict, Verdict::Redirect);
  EXPECT_EQ(receive(1, asks("fe80::f10b", "fe80::f10b")).verdict, Verdict::Redirect);
  EXPECT_EQ(receive(1, down().to("fe80::f10b").build()).verdict, Verdict::Redirect);
  EXPECT_EQ(receive(1, asks("fe80::f10c", "ff02::1:ff00:f10c")).verdict, Verdict::Pass);
  EXPECT_EQ(receive(1, down().to("fe80::f10c").build()).verdict, Verdict::Pass);
  EXPECT_EQ(receive(1, icmp("fe80::1", "fe80::f10b", wire::RouterAdvertisement{})).verdict, Verdict::Pass)
      << "routers are found by the daemon";
  // And the answer leaves by the member that was asked, with its address.
  static_cast<void>(receive(1, question, "33:33:ff:00:f1:0b"));
  const wire::NeighborAdvertisement answer{
      false, true, true, ip("fe80::f10b"), {wire::TargetLinkLayerAddress{octets(kVifMac)}}};
  const auto sent = send(icmp("fe80::f10b", "fe80::1", answer));
  EXPECT_EQ(frame_source(sent.frame), mac(kMember2Mac));
}

/// The daemon has heard it; their bridge, bond or team would take it for its own.
TEST_F(Vif, ThatOfPortsEndsThere) {
  auto with_ports = options({});
  with_ports.has_ports = true;
  auto opened = VifDataplane::open(with_ports);
  ASSERT_TRUE(opened) << opened.error().message;
  vif_ = std::move(*opened);
  EXPECT_EQ(receive(1, down().to("fe80::7").build()).verdict, Verdict::Drop);
  EXPECT_EQ(receive(1, down().build()).verdict, Verdict::Redirect);
  EXPECT_EQ(receive(1, down().build(), kPeerMac).verdict, Verdict::Pass) << "another's frame";
  EXPECT_EQ(packets_dropped(vif_->drops()), 0U) << "nothing is lost";
  must(VifDataplane::teardown(with_ports));
}

TEST_F(Vif, SolicitationsForItsAddressReachIt) {
  const auto asked =
      icmp("fe80::1", "ff02::1:ff00:10",
           wire::NeighborSolicitation{ip(kNode), {wire::SourceLinkLayerAddress{octets(kPeerMac)}}});
  const auto outcome = receive(1, asked, "33:33:ff:00:00:10");
  EXPECT_EQ(outcome.verdict, Verdict::Redirect);
  EXPECT_EQ(outcome.frame, frame("33:33:ff:00:00:10", kPeerMac, asked));
}

TEST_F(Vif, WhatAMemberHasSentIsNotHeardByAnother) {
  const auto probe = icmp("::", "ff02::1:ff00:10", wire::NeighborSolicitation{ip(kNode), {}});
  const auto heard = [this, &probe](std::string_view from) {
    return run(vif_->object(), "member_ingress", "if2", frame("33:33:ff:00:00:10", from, probe)).verdict;
  };
  EXPECT_EQ(heard(kPeerMac), Verdict::Redirect) << "somebody else's, which is a conflict";
  EXPECT_EQ(heard(kMember1Mac), Verdict::Drop);
  EXPECT_EQ(heard(kMember2Mac), Verdict::Drop);
  EXPECT_EQ(packets_dropped(vif_->drops(), "own-frame"), 2U);
}

TEST_F(Vif, TheAnswerGoesBackByTheSameMemberWithItsAddress) {
  const auto asked = icmp("fe80::1", "ff02::1:ff00:10", wire::NeighborSolicitation{ip(kNode), {}});
  static_cast<void>(receive(1, asked, "33:33:ff:00:00:10"));
  const wire::NeighborAdvertisement answer{
      false, true, true, ip(kNode), {wire::TargetLinkLayerAddress{octets(kVifMac)}}};
  const auto outcome = send(icmp(kNode, "fe80::1", answer));
  EXPECT_EQ(outcome.verdict, Verdict::Redirect);
  EXPECT_EQ(frame_source(outcome.frame), mac(kMember2Mac));
  const auto sent = Ipv6View::in_frame(outcome.frame);
  const auto decoded = wire::decode_nd(sent.payload, sent.source, sent.destination);
  ASSERT_TRUE(decoded) << decoded.error().code;
  const auto& advertised = std::get<wire::NeighborAdvertisement>(*decoded);
  ASSERT_EQ(advertised.options.size(), 1U);
  EXPECT_EQ(std::get<wire::TargetLinkLayerAddress>(advertised.options[0]).address, octets(kMember2Mac));
}

TEST_F(Vif, ItsOwnSolicitationsCarryTheMembersAddress) {
  const wire::NeighborSolicitation asking{ip("fe80::1"), {wire::SourceLinkLayerAddress{octets(kVifMac)}}};
  const auto sent = Ipv6View::in_frame(send(icmp(kNode, "ff02::1:ff00:1", asking)).frame);
  const auto decoded = wire::decode_nd(sent.payload, sent.source, sent.destination);
  ASSERT_TRUE(decoded) << decoded.error().code;
  const auto& solicited = std::get<wire::NeighborSolicitation>(*decoded);
  EXPECT_EQ(solicited.target, ip("fe80::1"));
  EXPECT_EQ(std::get<wire::SourceLinkLayerAddress>(solicited.options.at(0)).address, octets(kMember1Mac));
}

TEST_F(Vif, DuplicateDetectionLeavesUnchanged) {
  const auto probe = icmp("::", "ff02::1:ff00:10", wire::NeighborSolicitation{ip(kNode), {}});
  EXPECT_EQ(send(probe).frame, frame(kPeerMac, kMember1Mac, probe));
}

TEST_F(Vif, WhatIsNotNeighborDiscoveryKeepsItsOctets) {
  auto looks_like_it =
      icmp(kNode, "fe80::1",
           wire::NeighborSolicitation{ip("fe80::1"), {wire::SourceLinkLayerAddress{octets(kVifMac)}}});
  looks_like_it[7] = 64;  // a hop limit that routers have had their hands on
  EXPECT_EQ(send(looks_like_it).frame, frame(kPeerMac, kMember1Mac, looks_like_it));
}

TEST_F(Vif, APriorityTagChangesNothing) {
  const auto sent = frame(kMember2Mac, kPeerMac, down().build());
  const auto outcome = run_tagged(vif_->object(), "member_ingress", "if2", sent, {{}});
  EXPECT_EQ(outcome.verdict, Verdict::Redirect);
  EXPECT_EQ(outcome.frame, frame(kVifMac, kPeerMac, down().build()));
  EXPECT_EQ(member_of(up()), 1);
  EXPECT_EQ(run_tagged(vif_->object(), "member_ingress", "if2", sent, {{7}}).verdict, Verdict::Pass);
  EXPECT_EQ(run_tagged(vif_->object(), "member_ingress", "if2", sent, {{}, {}}).verdict, Verdict::Drop);
}

TEST_F(Vif, OthersFramesAndInterfacesAreLeftAlone) {
  EXPECT_EQ(receive(1, down().build(), kPeerMac).verdict, Verdict::Pass);
  const auto elsewhere =
      run(vif_->object(), "member_ingress", "core0", frame(kCoreMac, kPeerMac, down().build()));
  EXPECT_EQ(elsewhere.verdict, Verdict::Pass);
  EXPECT_TRUE(vif_->flows().empty());
}

TEST_F(Vif, EveryMemberMayHaveItsOwnRouter) {
  must(vif_->set_member(
      {1, InterfaceIndex{index_of("if2")}, mac(kMember2Mac), true, mac("02:00:00:00:02:02")}));
  must(vif_->set_default_member(1));
  EXPECT_EQ(frame_destination(send(up().build()).frame), mac("02:00:00:00:02:02"));
}

}  // namespace
}  // namespace flowmob::dataplane::testing
