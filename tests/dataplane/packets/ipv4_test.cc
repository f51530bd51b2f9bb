// SPDX-License-Identifier: Apache-2.0
// IPv4 of mobile nodes in tunnels of IPv6 (RFC 5844 sections 3.1.3 and 3.2.4).
#include "lma_bench.h"
#include "packet_ipv4.h"
#include "platform/dataplane/cut_queue.h"
#include "platform/dataplane/mag_dataplane.h"

namespace flowmob::dataplane::testing {
namespace {

class LmaIpv4 : public LmaBench {
 protected:
  void SetUp() override {
    LmaBench::SetUp();
    install(true);
  }
  void install(bool at_mag2) {
    must(lma_->install_session(
        {kSession1, kNodeIndex, ip(kLma), ip(kMag1), {prefix(kPrefix)}, kMtu, ip4(kNode4)}));
    const auto second = at_mag2 ? std::optional(ip4(kNode4)) : std::nullopt;
    must(
        lma_->install_session({kSession2, kNodeIndex, ip(kLma), ip(kMag2), {prefix(kPrefix)}, kMtu, second}));
    wire::TrafficSelector6 selector;
    selector.source_port = {5004, 5005};
    must(lma_->install_node(
        {kNodeIndex, {prefix(kPrefix)}, kDefault, 1, {{10, kVideo, selector}}, ip4(kNode4)}));
  }
  Outcome from_core4(const Packet4& packet) const {
    return run(lma_->object(), "lma_downlink", "core0", frame4(kCoreMac, kPeerMac, packet.build()));
  }
  static Packet4 up() { return {.source = kNode4, .destination = kCn4}; }
  static std::string way_of(const Outcome& outcome) {
    if (outcome.verdict != Verdict::Redirect) return ::testing::PrintToString(outcome.verdict);
    const auto outer = Ipv6View::in_frame(outcome.frame);
    return outer.next_header == 4 ? outer.destination.to_string() : "not a tunnel of IPv4";
  }
};

TEST_F(LmaIpv4, DownlinkGoesIntoTheTunnelOfItsFlow) {
  const auto outcome = from_core4({.tos = 0xb8, .ttl = 9});
  ASSERT_EQ(way_of(outcome), kMag2);
  const auto outer = Ipv6View::in_frame(outcome.frame);
  EXPECT_EQ(outer.source, ip(kLma));
  EXPECT_EQ(outer.traffic_class, 0xb8);
  EXPECT_NE(outer.flow_label, 0U);
  EXPECT_EQ(outer.payload, (Packet4{.tos = 0xb8, .ttl = 8}.build()));
  EXPECT_EQ(packets_dropped(lma_->drops()), 0U);
}

TEST_F(LmaIpv4, SelectorsWithoutAddressesAreForBothFamilies) {
  EXPECT_EQ(way_of(from_core4({.source_port = 5004})), kMag1);
}

TEST_F(LmaIpv4, LaterFragmentsFollowTheFirst) {
  EXPECT_EQ(way_of(from_core4({.source_port = 5004, .fragment = 0x2000})), kMag1);
  EXPECT_EQ(way_of(from_core4({.source_port = 1, .fragment = 0x0010})), kMag1);
  EXPECT_EQ(way_of(from_core4({.source_port = 1, .identification = 8, .fragment = 0x0010})), kMag2);
  EXPECT_EQ(way_of(from_core4({.protocol = 6, .source_port = 1, .fragment = 0x0010})), kMag2)
      << "another datagram's (RFC 791 section 2.3)";
}

TEST_F(LmaIpv4, OthersAreTheStacks) {
  EXPECT_EQ(from_core4({.destination = "192.0.2.3"}).verdict, Verdict::Pass);
  EXPECT_EQ(from_core4({.ttl = 1}).verdict, Verdict::Pass);
}

/// Which cuts it, or answers, by the route's MTU.
TEST_F(LmaIpv4, TooBigForTheTunnelIsTheStacks) {
  const Packet4 big{.payload = 1460};
  const auto outcome = from_core4(big);
  EXPECT_EQ(outcome.verdict, Verdict::Pass);
  EXPECT_EQ(outcome.frame, frame4(kCoreMac, kPeerMac, big.build()));
  EXPECT_EQ(way_of(from_core4({.payload = 1432})), kMag2);
}

TEST_F(LmaIpv4, TooBigForAPathThatIsTooSmallForIpv6IsTheStacksToo) {
  ip_command("link set acc2 mtu 1280");
  const auto fits = way_of(from_core4({.payload = 1240 - 28}));
  const auto outcome = from_core4({.payload = 1241 - 28});
  ip_command("link set acc2 mtu 1500");
  EXPECT_EQ(fits, kMag2);
  EXPECT_EQ(outcome.verdict, Verdict::Pass);
  EXPECT_EQ(packets_dropped(lma_->drops()), 0U);
}

TEST_F(LmaIpv4, UplinkComesOutAsItWasAndIsTheStacks) {
  const auto outcome = from_access(up().in_tunnel(kMag1, kLma));
  EXPECT_EQ(outcome.verdict, Verdict::Pass);
  EXPECT_EQ(outcome.frame, frame4(kAccess1Mac, kPeerMac, up().build()));
  EXPECT_EQ(packets_dropped(lma_->drops()), 0U);
}

TEST_F(LmaIpv4, CongestionInTheTunnelGetsIntoTheHeaderAndItsChecksum) {
  auto sent = up();
  sent.tos = 2;
  const auto outcome =
      from_access(Packet().from(kMag1).to(kLma).traffic_class(3).upper(4, sent.build()).build());
  sent.tos = 3;
  EXPECT_EQ(outcome.frame, frame4(kAccess1Mac, kPeerMac, sent.build()));
}

TEST_F(LmaIpv4, UplinkFromAForeignSourceIsDropped) {
  auto foreign = up();
  foreign.source = "192.0.2.3";
  EXPECT_TRUE(dropped(from_access(foreign.in_tunnel(kMag1, kLma)), "spoofed-source"));
}

TEST_F(LmaIpv4, UplinkOfAMagWithoutTheAddressIsDropped) {
  install(false);
  EXPECT_TRUE(dropped(from_access(up().in_tunnel(kMag2, kLma)), "spoofed-source"));
  EXPECT_EQ(from_access(up().in_tunnel(kMag1, kLma)).verdict, Verdict::Pass);
}

TEST_F(LmaIpv4, UplinkOutsideTunnelsIsDropped) {
  const auto outcome = run(lma_->object(), "lma_uplink", "acc1", frame4(kAccess1Mac, kPeerMac, up().build()));
  EXPECT_TRUE(dropped(outcome, "spoofed-source"));
}

TEST_F(LmaIpv4, TheHeaderHasToSayWhatIsInside) {
  const auto wrong = Packet().from(kMag1).to(kLma).upper(41, up().build()).build();
  EXPECT_TRUE(dropped(from_access(wrong), "inner-not-ipv6"));
}

TEST_F(LmaIpv4, WithoutTheAddressNothingIsLeft) {
  LmaBench::install_rules({});
  EXPECT_EQ(from_core4({}).verdict, Verdict::Pass);
}

TEST_F(LmaIpv4, FromOneNodeToTheOther) {
  const auto outcome =
      run(lma_->object(), "lma_local", "acc1", frame4(kPeerMac, kAccess1Mac, Packet4{}.build()));
  ASSERT_EQ(way_of(outcome), kMag2);
  EXPECT_EQ(Ipv6View::in_frame(outcome.frame).payload, Packet4{}.build());
}

class MagIpv4 : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = MagDataplane::open(options());
    ASSERT_TRUE(opened) << opened.error().message;
    mag_ = std::move(*opened);
    ASSERT_TRUE(mag_->install_host(host()));
  }
  void TearDown() override { ASSERT_TRUE(MagDataplane::teardown(options())); }

  static MagDataplaneOptions options() {
    return {bpf_directory(), {"acc1"}, {"core0"}, ip(kMag1), false, 64};
  }
  static Host host() {
    return {SessionId{41},
            InterfaceIndex{index_of("core0")},
            mac(kNode4Mac),
            mac(kRouter4Mac),
            {prefix("2001:db8:100::/64")},
            ip(kMag1),
            ip(kLma),
            1460,
            core::Ipv4Home{{ip4(kNode4), 24}, ip4(kRouter4)}};
  }
  Outcome from_transport(const Packet4& packet, std::string_view lma = kLma) const {
    return run(mag_->object(), "mag_downlink", "acc1",
               frame(kAccess1Mac, kPeerMac, packet.in_tunnel(lma, kMag1)));
  }
  Outcome from_access(const Packet4& packet, std::string_view sender = kNode4Mac,
                      std::string_view to = kCoreMac) const {
    return run(mag_->object(), "mag_uplink", "core0", frame4(to, sender, packet.build()));
  }
  ::testing::AssertionResult dropped(const Outcome& outcome, std::string_view reason) const {
    return dropped_for(outcome, mag_->drops(), reason);
  }
  static Packet4 up() { return {.source = kNode4, .destination = kCn4}; }

  std::unique_ptr<MagDataplane> mag_;
};

TEST_F(MagIpv4, DeliversToTheNodesLinkLayerAddress) {
  const auto outcome = from_transport({.ttl = 9});
  EXPECT_EQ(outcome.verdict, Verdict::Redirect);
  EXPECT_EQ(outcome.frame, frame4(kNode4Mac, kRouter4Mac, Packet4{.ttl = 8}.build()));
}

TEST_F(MagIpv4, DeliversOnlyWhatTheAnchorSendsToNodesThatAreHere) {
  EXPECT_TRUE(dropped(from_transport({.destination = "192.0.2.3"}), "not-hosted"));
}

TEST_F(MagIpv4, AStrangersTunnelIsDropped) {
  EXPECT_TRUE(dropped(from_transport({}, kNowhere), "unknown-tunnel"));
}

TEST_F(MagIpv4, UplinkGoesIntoTheTunnel) {
  const auto outcome = from_access(up());
  ASSERT_EQ(outcome.verdict, Verdict::Redirect);
  const auto outer = Ipv6View::in_frame(outcome.frame);
  EXPECT_EQ(outer.next_header, 4);
  EXPECT_EQ(outer.source, ip(kMag1));
  EXPECT_EQ(outer.destination, ip(kLma));
  auto sent = up();
  sent.ttl = 62;
  EXPECT_EQ(outer.payload, sent.build());
}

TEST_F(MagIpv4, OnlyTheNodesAddressGoes) {
  auto foreign = up();
  foreign.source = "192.0.2.3";
  EXPECT_TRUE(dropped(from_access(foreign), "spoofed-source"));
}

TEST_F(MagIpv4, OnlyTheNodesLinkLayerAddressGoes) {
  EXPECT_TRUE(dropped(from_access(up(), kPeerMac), "spoofed-mac"));
}

TEST_F(MagIpv4, WhoHasNoBindingGoesNowhere) {
  auto stranger = up();
  stranger.source = "203.0.113.1";
  EXPECT_TRUE(dropped(from_access(stranger, kPeerMac), "no-binding"));
}

TEST_F(MagIpv4, WithoutIpv4InTheBindingNothingGoes) {
  auto without = host();
  without.ipv4.reset();
  ASSERT_TRUE(mag_->install_host(without));
  EXPECT_TRUE(dropped(from_access(up()), "spoofed-source"));
}

TEST_F(MagIpv4, WithoutIpv4InTheBindingNothingComes) {
  auto without = host();
  without.ipv4.reset();
  ASSERT_TRUE(mag_->install_host(without));
  EXPECT_TRUE(dropped(from_transport({}), "not-hosted"));
}

TEST_F(MagIpv4, DhcpIsTheGatewaysOwn) {
  Packet4 discover{.source = "0.0.0.0", .destination = "255.255.255.255", .source_port = 68};
  discover.destination_port = 67;
  EXPECT_EQ(from_access(discover, kNode4Mac, "ff:ff:ff:ff:ff:ff").verdict, Verdict::Pass);
  auto renewal = up();
  renewal.destination = kRouter4;
  renewal.destination_port = 67;
  EXPECT_EQ(from_access(renewal).verdict, Verdict::Pass);
}

TEST_F(MagIpv4, AnotherServersDhcpGoesThroughTheTunnelAsAllElse) {
  auto renewal = up();
  renewal.destination_port = 67;
  EXPECT_EQ(from_access(renewal).verdict, Verdict::Redirect);
  renewal.source = "192.0.2.3";
  EXPECT_TRUE(dropped(from_access(renewal), "spoofed-source"));
}

TEST_F(MagIpv4, TheAnchorIsByPassedOnlyWhereLocalRoutingIsOn) {
  auto peer = host();
  peer.attachment = SessionId{42};
  peer.node = mac("02:00:00:00:09:02");
  peer.prefixes.clear();
  peer.ipv4 = core::Ipv4Home{{ip4("192.0.2.3"), 24}, ip4(kRouter4)};
  ASSERT_TRUE(mag_->install_host(peer));
  const Packet4 sent{.source = kNode4, .destination = "192.0.2.3", .ttl = 9};
  EXPECT_EQ(Ipv6View::in_frame(from_access(sent).frame).destination, ip(kLma));
  ASSERT_TRUE(mag_->set_local_routing(true));
  const auto outcome = from_access(sent);
  EXPECT_EQ(outcome.verdict, Verdict::Redirect);
  const Packet4 arrived{.source = kNode4, .destination = "192.0.2.3", .ttl = 8};
  EXPECT_EQ(outcome.frame, frame4("02:00:00:00:09:02", kRouter4Mac, arrived.build()));
}

TEST_F(MagIpv4, TooBigForTheTunnelIsAnswered) {
  auto big = up();
  big.payload = 1460;
  const auto outcome = from_access(big);
  ASSERT_EQ(outcome.verdict, Verdict::Redirect);
  EXPECT_EQ(frame_destination(outcome.frame), mac(kNode4Mac));
  const Bytes packet(outcome.frame.begin() + 14, outcome.frame.end());
  ASSERT_EQ(packet.size(), 20U + 8 + 20 + 64);
  EXPECT_EQ(internet_checksum(ByteView(packet).first(20)), 0);
  EXPECT_EQ(internet_checksum(ByteView(packet).subspan(20)), 0);
  EXPECT_EQ(packet[9], 1);
  EXPECT_TRUE(std::equal(packet.begin() + 12, packet.begin() + 16, ip4(kRouter4).octets.begin()));
  EXPECT_TRUE(std::equal(packet.begin() + 16, packet.begin() + 20, ip4(kNode4).octets.begin()));
  EXPECT_EQ(packet[20], 3);
  EXPECT_EQ(packet[21], 4);
  EXPECT_EQ(packet[26] << 8 | packet[27], 1460);
  const Bytes quoted = big.build();
  EXPECT_TRUE(std::equal(packet.begin() + 28, packet.end(), quoted.begin()));
  EXPECT_EQ(packets_dropped(mag_->drops(), "too-big"), 1U);
}

/// IPv6 has to get 1280 octets through; IPv4 is told and cut below, too.
TEST_F(MagIpv4, TooBigForAPathThatIsTooSmallForIpv6IsAnswered) {
  ip_command("link set acc1 mtu 1280");
  auto big = up();
  big.payload = 1240 - 28;
  EXPECT_EQ(Ipv6View::in_frame(from_access(big).frame).destination, ip(kLma));
  big.payload += 1;
  const auto outcome = from_access(big);
  ip_command("link set acc1 mtu 1500");
  ASSERT_EQ(outcome.verdict, Verdict::Redirect);
  EXPECT_EQ(frame_destination(outcome.frame), mac(kNode4Mac));
  EXPECT_EQ(outcome.frame[14 + 26] << 8 | outcome.frame[14 + 27], 1240);
  EXPECT_EQ(packets_dropped(mag_->drops(), "too-big"), 1U);
  EXPECT_EQ(packets_dropped(mag_->drops()), 1U);
}

TEST_F(MagIpv4, TooBigForATunnelThatIsTooSmallForIpv6IsAnswered) {
  auto small = host();
  small.mtu = 1000;
  ASSERT_TRUE(mag_->install_host(small));
  auto big = up();
  big.payload = 1001 - 28;
  const auto outcome = from_access(big);
  EXPECT_EQ(frame_destination(outcome.frame), mac(kNode4Mac));
  EXPECT_EQ(outcome.frame[14 + 26] << 8 | outcome.frame[14 + 27], 1000);
}

/// RFC 2473 section 7.2.
TEST_F(MagIpv4, TooBigAndToBeCutIsTheDaemons) {
  struct Handed {
    SessionId attachment;
    std::size_t mtu;
    Bytes packet;
  };
  std::vector<Handed> handed;
  auto queue = open_cut_queue(mag_->object(), [&](SessionId attachment, std::size_t mtu, ByteView packet) {
                 handed.push_back({attachment, mtu, Bytes(packet.begin(), packet.end())});
               }).value();
  auto big = up();
  big.payload = 1460;
  big.fragment = 0x2000;
  EXPECT_TRUE(dropped(from_access(big), "cut"));
  queue->take();
  ASSERT_EQ(handed.size(), 1U);
  EXPECT_EQ(handed[0].attachment, SessionId{41});
  EXPECT_EQ(handed[0].mtu, 1460U);
  EXPECT_EQ(handed[0].packet, big.build());
  EXPECT_EQ(mag_->attachment_traffic(SessionId{41})->up.packets, 1U);

  ip_command("link set acc1 mtu 1280");
  big.payload = 1260;
  static_cast<void>(from_access(big));
  ip_command("link set acc1 mtu 1500");
  queue->take();
  ASSERT_EQ(handed.size(), 2U);
  EXPECT_EQ(handed[1].mtu, 1240U) << "what the path carries";
}

TEST_F(MagIpv4, WhatTheDaemonsQueueHasNoRoomForIsDropped) {
  auto big = up();
  big.fragment = 0;
  big.payload = 1460;
  for (int i = 0; i < 200; ++i) static_cast<void>(from_access(big));
  EXPECT_GT(packets_dropped(mag_->drops(), "cut"), 50U);
  EXPECT_LT(packets_dropped(mag_->drops(), "cut"), 130U) << "nobody reads";
  EXPECT_GT(packets_dropped(mag_->drops(), "too-big-silent"), 50U);
  EXPECT_EQ(packets_dropped(mag_->drops()), 200U);
}

TEST_F(MagIpv4, WhatWaitedForAPredecessorIsNotCut) {
  auto big = up();
  big.payload = 1460;
  big.fragment = 0;
  static_cast<void>(from_access(big));
  int handed = 0;
  auto queue = open_cut_queue(mag_->object(), [&](SessionId, std::size_t, ByteView) { ++handed; }).value();
  queue->take();
  EXPECT_EQ(handed, 0);
}

}  // namespace
}  // namespace flowmob::dataplane::testing
