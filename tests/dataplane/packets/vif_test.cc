// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "core/flow/spread.h"
#include "packet_ipv4.h"
#include "platform/dataplane/vif_dataplane.h"
#include "wire/checksum.h"
#include "wire/neighbor_discovery.h"

namespace flowmob::dataplane::testing {
namespace {

/// A virtual interface with two members, both up; member 0 is the default.
class Vif : public ::testing::Test {
 protected:
  void SetUp() override { open({}); }
  void TearDown() override { must(VifDataplane::teardown(options({}))); }

  void open(Duration hold) {
    auto opened = VifDataplane::open(options(hold));
    ASSERT_TRUE(opened) << opened.error().message;
    vif_ = std::move(*opened);
    set_up(0, true);
    set_up(1, true);
    must(vif_->set_default_member(0));
  }
  static VifDataplaneOptions options(Duration hold, bool reflect = true) {
    return {bpf_directory(), "vif0", {"if1", "if2"}, reflect, hold, 256};
  }
  static void must(const Result<void>& done) { ASSERT_TRUE(done) << done.error().message; }

  void set_up(std::uint32_t number, bool up) {
    must(vif_->set_member({number, InterfaceIndex{index_of(number ? "if2" : "if1")},
                           mac(number ? kMember2Mac : kMember1Mac), up}));
  }

  Outcome send(const Bytes& packet) const {
    return run(vif_->object(), "vif_egress", "vif0", frame(kPeerMac, kVifMac, packet));
  }
  Outcome receive(std::uint32_t number, const Bytes& packet, std::string_view to = {}) const {
    const auto own = number ? kMember2Mac : kMember1Mac;
    return run(vif_->object(), "member_ingress", number ? "if2" : "if1",
               frame(to.empty() ? own : to, kPeerMac, packet));
  }
  /// The member that an uplink packet leaves by, told by its source.
  int member_of(const Packet& packet) const {
    const auto outcome = send(packet.build());
    EXPECT_EQ(outcome.verdict, Verdict::Redirect);
    if (frame_source(outcome.frame) == mac(kMember1Mac)) return 0;
    return frame_source(outcome.frame) == mac(kMember2Mac) ? 1 : -1;
  }

  static Packet up() { return Packet().from(kNode).to(kCn).udp(4000, 5004).payload(100); }
  static Packet down() { return Packet().from(kCn).to(kNode).udp(5004, 4000).payload(100); }
  static Packet other_up() { return Packet().from(kNode).to(kCn).tcp(4000, 5004); }

  std::unique_ptr<VifDataplane> vif_;
};

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

/// About what it has received, or what it has sent.
Packet error(const Packet& quoted, std::string_view from, std::string_view to) {
  Bytes upper{1, 4, 0, 0, 0, 0, 0, 0};
  const Bytes quote = quoted.build();
  upper.insert(upper.end(), quote.begin(), quote.end());
  return Packet().from(from).to(to).upper(58, upper);
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

Bytes icmp(std::string_view from, std::string_view to, const wire::NdMessage& message) {
  return Packet().from(from).to(to).hop_limit(255).upper(58, encode_nd(message, ip(from), ip(to))).build();
}

Bytes octets(std::string_view address) {
  const auto parsed = mac(address);
  return {parsed.octets.begin(), parsed.octets.end()};
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

/// UDP of port 5004 goes by both members.
class VifCopies : public Vif {
 protected:
  void SetUp() override {
    Vif::SetUp();
    wire::TrafficSelector6 video;
    video.source_port = {5004, 5004};
    video.next_header = {17, 17};
    must(vif_->set_rules({{video}}));
  }
  static constexpr int kPackets = 100, kFewOthers = 20;
  static std::uint64_t sent_by(const std::string& interface) {
    std::ifstream file("/proc/thread-self/net/dev");
    for (std::string line; std::getline(file, line);) {
      const auto name = line.find(interface + ":");
      if (name == std::string::npos) continue;
      std::istringstream numbers(line.substr(name + interface.size() + 1));
      std::uint64_t number = 0;
      for (int column = 0; column < 10; ++column) numbers >> number;
      return number;
    }
    ADD_FAILURE() << "no interface " << interface;
    return 0;
  }
};

/// The kernel says a little of its own there.
TEST_F(VifCopies, EachPacketLeavesByEveryMember) {
  const auto sent_beside = [this](const Packet& packet) {
    const auto before = sent_by("if2");
    for (int i = 0; i < kPackets; ++i) EXPECT_EQ(member_of(packet), 0);
    return static_cast<int>(sent_by("if2") - before);
  };
  EXPECT_NEAR(sent_beside(up()), kPackets, kFewOthers);
  EXPECT_LT(sent_beside(other_up()), kFewOthers) << "another flow";
  set_up(1, false);
  EXPECT_LT(sent_beside(up()), kFewOthers) << "a member that is down";
}

TEST_F(VifCopies, QuestionsAndWordsAboutGroupsLeaveByEveryMember) {
  const auto sent_beside = [this](const Bytes& packet) {
    const auto before = sent_by("if2");
    for (int i = 0; i < kPackets; ++i) EXPECT_EQ(frame_source(send(packet).frame), mac(kMember1Mac));
    return static_cast<int>(sent_by("if2") - before);
  };
  const wire::NeighborSolicitation asking{ip("fe80::1"), {wire::SourceLinkLayerAddress{octets(kVifMac)}}};
  EXPECT_NEAR(sent_beside(icmp(kNode, "ff02::1:ff00:1", asking)), kPackets, kFewOthers);
  EXPECT_LT(sent_beside(icmp(kNode, "fe80::1", asking)), kFewOthers) << "a question for one";
  constexpr std::size_t kType = 40;
  auto other = icmp(kNode, "ff02::16", asking);
  other[kType] = 143;
  EXPECT_NEAR(sent_beside(other), kPackets, kFewOthers) << "a report of multicast listeners";
  other[kType] = 128;
  EXPECT_LT(sent_beside(other), kFewOthers) << "an echo request";
}

TEST_F(VifCopies, OfWhatComesTheFirstCounts) {
  EXPECT_EQ(receive(0, down().build()).verdict, Verdict::Redirect);
  const auto second = receive(1, down().build());
  EXPECT_TRUE(dropped_for(second, vif_->drops(), "copy"));
  EXPECT_EQ(receive(0, down().build()).verdict, Verdict::Redirect) << "it was said twice";
  ASSERT_EQ(vif_->flows().size(), 1U);
  EXPECT_EQ(vif_->flows()[0].traffic.down.packets, 2U);
}

TEST_F(VifCopies, OfErrorsAboutSuchAFlowTheFirstCounts) {
  EXPECT_EQ(receive(0, down().build()).verdict, Verdict::Redirect);
  const auto answer = error(up(), "2001:db8:e::1", kNode).build();
  EXPECT_EQ(receive(0, answer).verdict, Verdict::Redirect);
  const auto second = receive(1, answer);
  EXPECT_TRUE(dropped_for(second, vif_->drops(), "copy"));
}

TEST_F(VifCopies, RulesCountForFlowsThatLive) {
  must(vif_->set_rules({}));
  EXPECT_EQ(receive(0, down().build()).verdict, Verdict::Redirect);
  EXPECT_EQ(receive(1, down().build()).verdict, Verdict::Redirect);
  wire::TrafficSelector6 all;
  must(vif_->set_rules({{all}}));
  EXPECT_EQ(receive(0, down().payload(7).build()).verdict, Verdict::Redirect);
  EXPECT_EQ(receive(1, down().payload(7).build()).verdict, Verdict::Drop);
}

TEST_F(VifCopies, ByMoreMembersThanFourTheFirstStillCounts) {
  std::vector<std::uint32_t> ways{1, 2, 3, 4, 5, 6, 7};
  EXPECT_EQ(receive(0, down().payload(9).build()).verdict, Verdict::Redirect);
  for (const auto number : ways) {
    if (number > 1) must(vif_->set_member({number - 1, {}, {}, false}));
    must(vif_->set_member({number, InterfaceIndex{index_of("if2")}, mac(kMember2Mac), true}));
    EXPECT_EQ(receive(1, down().payload(9).build()).verdict, Verdict::Drop) << number;
  }
}

/// docs/adr/0062: the node itself decides.
class VifPreference : public Vif {
 protected:
  static wire::TrafficSelector6 port(std::uint16_t number) {
    wire::TrafficSelector6 selector;
    selector.source_port = {number, number};
    return selector;
  }
  void prefer(std::vector<std::uint32_t> members) {
    must(vif_->set_rules({{port(5004), std::move(members)}}));
  }
  VifFlow video() const {
    for (const auto& flow : vif_->flows())
      if (flow.source_port == 5004 && flow.protocol == 17) return flow;
    ADD_FAILURE() << "no such flow";
    return {};
  }
  static Packet unlisted() { return Packet().from(kNode).to(kCn).udp(4000, 5005).payload(100); }
  static Packet unlisted_down() { return Packet().from(kCn).to(kNode).udp(5005, 4000).payload(100); }
};

TEST_F(VifPreference, TheFirstThatIsUpTakesTheFlow) {
  prefer({1, 0});
  EXPECT_EQ(member_of(up()), 1);
  EXPECT_EQ(member_of(unlisted()), 0) << "the default";
  EXPECT_EQ(video().moves, 0U) << "it began there";
  set_up(1, false);
  EXPECT_EQ(member_of(up()), 0);
  set_up(1, true);
  EXPECT_EQ(member_of(up()), 1) << "and back when it can";
  EXPECT_EQ(video().moves, 2U);
  EXPECT_EQ(video().member, 1U);
}

TEST_F(VifPreference, WhereNoneIsUpTheDefaultDoes) {
  prefer({1});
  set_up(1, false);
  EXPECT_EQ(member_of(up()), 0);
  set_up(0, false);
  EXPECT_EQ(send(up().build()).verdict, Verdict::Drop);
  set_up(1, true);
  EXPECT_EQ(member_of(up()), 1);
}

TEST_F(VifPreference, ItsDownlinkFollowsAndDoesNotLead) {
  prefer({1, 0});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(receive(0, down().build()).verdict, Verdict::Redirect) << "it is delivered all the same";
    EXPECT_EQ(member_of(up()), 1);
  }
  static_cast<void>(receive(1, unlisted_down().build()));
  EXPECT_EQ(member_of(unlisted()), 1) << "others reflect";
}

TEST_F(VifPreference, ANewListMovesItAtOnceAndNothingElse) {
  prefer({0});
  static_cast<void>(receive(1, unlisted_down().build()));
  for (const std::uint32_t member : {1U, 0U, 1U}) {
    prefer({member});
    EXPECT_EQ(member_of(up()), static_cast<int>(member));
    EXPECT_EQ(member_of(unlisted()), 1);
  }
  EXPECT_EQ(video().moves, 2U);
}

class VifShares : public VifPreference {
 protected:
  void share(std::vector<std::uint16_t> shares) {
    must(vif_->set_rules({{port(5004), {0, 1}, std::move(shares)}}));
  }
  static Packet connection(std::uint16_t number) {
    return Packet().from(kNode).to(kCn).udp(static_cast<std::uint16_t>(20000 + number), 5004).payload(100);
  }
  std::vector<int> members(std::uint16_t count = 400) {
    std::vector<int> all;
    for (std::uint16_t i = 0; i < count; ++i) all.push_back(member_of(connection(i)));
    return all;
  }
};

TEST_F(VifShares, NewFlowsAreSharedOutByTheirWeights) {
  share({3, 1});
  const auto all = members();
  const auto on_second = std::ranges::count(all, 1);
  EXPECT_GT(on_second, 60);
  EXPECT_LT(on_second, 140) << "a quarter of 400";
  EXPECT_EQ(members(), all) << "each stays where it began";
  EXPECT_EQ(member_of(unlisted()), 0);
}

TEST_F(VifShares, AFlowThatLivesStaysWhateverTheWeightsAre) {
  share({1, 0});
  EXPECT_EQ(std::ranges::count(members(50), 0), 50);
  share({0, 1});
  EXPECT_EQ(std::ranges::count(members(50), 0), 50);
  EXPECT_EQ(member_of(connection(100)), 1) << "one that is new";
}

TEST_F(VifShares, WhatIsDownLosesItsFlowsAndNoOtherOnes) {
  share({1, 1});
  const auto before = members(100);
  set_up(1, false);
  EXPECT_EQ(std::ranges::count(members(100), 0), 100);
  set_up(1, true);
  EXPECT_EQ(std::ranges::count(members(100), 0), 100) << "they live, and stay";
  EXPECT_GT(std::ranges::count(before, 1), 0);
}

TEST_F(VifShares, AMemberWithoutAShareIsTheLastResort) {
  must(vif_->set_rules({{port(5004), {0, 1}, {0, 1}}}));
  set_up(1, false);
  EXPECT_EQ(std::ranges::count(members(20), 0), 20);
  set_up(1, true);
  EXPECT_EQ(member_of(connection(300)), 1);
}

TEST_F(VifShares, ADownlinkThatComesElsewhereDoesNotCallThem) {
  share({0, 1});
  static_cast<void>(receive(0, down().build()));
  EXPECT_EQ(member_of(up()), 1);
  static_cast<void>(receive(0, down().build()));
  EXPECT_EQ(member_of(up()), 1);
}

/// What the user space says of shares is what the program does.
TEST_F(VifShares, TheMemberIsThatOfTheCoresHash) {
  share({2, 1});
  core::Spread spread{core::SpreadKind::Shares, {{SessionId{1}, 2}, {SessionId{2}, 1}}};
  for (std::uint16_t i = 0; i < 100; ++i) {
    const auto key = core::parse_flow_key(fmt::format("udp,{},5004,{},{}", kCn, kNode, 20000 + i));
    ASSERT_TRUE(key);
    EXPECT_EQ(member_of(connection(i)), static_cast<int>(core::share_of(spread, *key).value) - 1);
  }
}

TEST_F(VifPreference, WithoutItsRuleItFollowsItsDownlinkAgain) {
  prefer({1});
  EXPECT_EQ(member_of(up()), 1);
  must(vif_->set_rules({}));
  EXPECT_EQ(member_of(up()), 1) << "where it was";
  EXPECT_EQ(video().rule, std::nullopt);
  static_cast<void>(receive(0, down().build()));
  EXPECT_EQ(member_of(up()), 0);
}

TEST_F(VifPreference, TheFirstRuleThatMatchesCountsAndIsTold) {
  must(vif_->set_rules({{port(1), {0}}, {port(5004), {1}}, {port(5004), {0}}, {wire::TrafficSelector6{}}}));
  EXPECT_EQ(member_of(up()), 1);
  EXPECT_EQ(video().rule, std::optional<std::size_t>(1));
}

TEST_F(VifPreference, EveryRuleHasItsRow) {
  std::vector<VifRule> rules;
  for (std::uint16_t i = 0; i < FM_MAX_VIF_RULES; ++i)
    rules.push_back({port(static_cast<std::uint16_t>(7000 + i)), {i % 2U}});
  for (int round = 0; round < 2; ++round) {  // both halves of the table
    must(vif_->set_rules(rules));
    for (std::uint16_t i = 0; i < FM_MAX_VIF_RULES; ++i)
      EXPECT_EQ(member_of(Packet().from(kNode).to(kCn).udp(4000, static_cast<std::uint16_t>(7000 + i))),
                i % 2);
  }
  const auto standing = rules;
  rules.push_back({port(1), {0}});
  EXPECT_EQ(vif_->set_rules(rules).error().code, "too-many-rules");
  EXPECT_EQ(vif_->rules(), standing) << "who asks again is not told that they hold";
}

TEST_F(VifPreference, ASuccessorHasItsOwnRules) {
  prefer({1});
  EXPECT_EQ(member_of(up()), 1);
  vif_.reset();
  open({});
  static_cast<void>(receive(0, down().build()));
  EXPECT_EQ(member_of(up()), 0);
}

}  // namespace
}  // namespace flowmob::dataplane::testing
