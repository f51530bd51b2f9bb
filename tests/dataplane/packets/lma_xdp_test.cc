// SPDX-License-Identifier: Apache-2.0
// The anchor's XDP program beside its tc program: the same packets come out of both, or XDP leaves them as
// they came (docs/adr/0080).
#include "xdp_bench.h"

namespace flowmob::dataplane::testing {
namespace {

using LmaXdp = XdpBench;

struct Sent {
  const char* what;
  Bytes frame;
};

class LmaXdpFast : public LmaXdp {
 protected:
  static std::vector<Sent> packets() {
    std::vector<Sent> all{{"UDP of the video", framed(video())},
                          {"UDP of the rest", framed(other())},
                          {"UDP without a payload", framed(Packet(other()).payload(0))},
                          {"TCP", framed(Packet(other()).tcp(443, 4000).payload(900))},
                          {"TCP without a payload", framed(Packet(other()).tcp(443, 4000).payload(0))},
                          {"the last hop but one", framed(video().hop_limit(2))},
                          {"the longest that fits", framed(other().payload(kMtu - 48))},
                          {"a flow label and a DS field", framed(video().flow_label(0xfffff).dscp(46))},
                          {"to another address of the prefix", framed(video().to("2001:db8:100::ffff"))},
                          {"from another mobile node's address", framed(video().from("2001:db8:100::77"))},
                          {"padding behind the packet", framed(Packet(other()).payload(0))},
                          {"IPv4", framed(Packet4{})},
                          {"IPv4 of the video", framed(Packet4{.source_port = 5004})},
                          {"IPv4 and TCP", framed(Packet4{.protocol = 6})},
                          {"IPv4 at the last hop but one", framed(Packet4{.tos = 0xb9, .ttl = 2})},
                          {"IPv4 that may be cut", framed(Packet4{.fragment = 0})},
                          {"IPv4 as long as fits", framed(Packet4{.payload = kMtu - 28})},
                          {"IPv4 with padding", framed(Packet4{.payload = 1})}};
    for (auto& sent : all)
      if (std::string_view(sent.what).find("padding") != std::string_view::npos) sent.frame.resize(90, 0xee);
    for (std::uint8_t ecn = 0; ecn < 4; ++ecn) {
      all.push_back({"ECN", framed(video().ecn(ecn))});
      all.push_back({"ECN of IPv4", framed(Packet4{.tos = ecn})});
    }
    return all;
  }
};

TEST_F(LmaXdpFast, TheSamePacketsComeOutAsOfTc) {
  for (const auto& [what, sent] : packets()) {
    const auto fast = by_xdp(sent);
    const auto slow = by_tc(sent);
    EXPECT_TRUE(fast.redirected) << what;
    EXPECT_EQ(slow.verdict, Verdict::Redirect) << what;
    EXPECT_EQ(packet_of(fast.frame), packet_of(slow.frame)) << what;
  }
  EXPECT_EQ(packets_dropped(lma_->drops()), 0U);
}

/// TTLs and marks of every kind: the header's checksum is right, and the one that the kernel would write.
TEST_F(LmaXdpFast, Ipv4sChecksumIsTheKernels) {
  for (std::uint16_t i = 0; i < 512; ++i) {
    const Packet4 packet{.tos = static_cast<std::uint8_t>(i * 7),
                         .ttl = static_cast<std::uint8_t>(2 + i % 254),
                         .identification = static_cast<std::uint16_t>(i * 257)};
    const auto fast = by_xdp(framed(packet));
    ASSERT_EQ(packet_of(fast.frame), packet_of(by_tc(framed(packet)).frame)) << i;
    ASSERT_EQ(internet_checksum(ByteView(fast.frame).subspan(54, 20)), 0) << i;
  }
}

TEST_F(LmaXdpFast, FramesAreAddressedToTheNextHop) {
  const auto to_mag1 = by_xdp(framed(video())).frame, to_mag2 = by_xdp(framed(other())).frame;
  EXPECT_EQ(frame_destination(to_mag1), mac(kNextHop1Mac));
  EXPECT_EQ(frame_source(to_mag1), mac(kAccess1Mac));
  EXPECT_EQ(frame_destination(to_mag2), mac(kNextHop2Mac));
  EXPECT_EQ(frame_source(to_mag2), mac(kAccess2Mac));
  ip_command("neigh replace 2001:db8:1::2 lladdr 02:00:00:00:0a:77 dev acc1 nud permanent");
  pass_a_tick();
  EXPECT_EQ(frame_destination(by_xdp(framed(video())).frame), mac("02:00:00:00:0a:77"));
}

TEST_F(LmaXdpFast, CountsAsTcDoes) {
  const auto count = [this] {
    return std::pair(*lma_->flow_traffic(kVideo), *lma_->session_traffic(kSession1));
  };
  for (const auto& packet :
       {framed(video()), framed(video().payload(300)), framed(Packet4{.source_port = 5004})})
    static_cast<void>(by_tc(packet));
  const auto by_one = count();
  for (const auto& packet :
       {framed(video()), framed(video().payload(300)), framed(Packet4{.source_port = 5004})})
    static_cast<void>(by_xdp(packet));
  const auto by_both = count();
  EXPECT_EQ(by_one.first.down.packets, 3U);
  EXPECT_EQ(by_both.first.down.packets, 2 * by_one.first.down.packets);
  EXPECT_EQ(by_both.first.down.bytes, 2 * by_one.first.down.bytes);
  EXPECT_EQ(by_both.second.down.packets, 2 * by_one.second.down.packets);
  EXPECT_EQ(by_both.second.down.bytes, 2 * by_one.second.down.bytes);
  EXPECT_EQ(*lma_->flow_traffic(kDefault), Traffic{});
}

TEST_F(LmaXdpFast, AMoveHoldsForTheNextPacketAndIsWatched) {
  must(lma_->watch_flow({kVideo, kSession1, kSession2}));
  EXPECT_EQ(Ipv6View::in_frame(by_xdp(framed(video())).frame).destination, ip(kMag1));
  must(lma_->install_flow({kVideo, kNodeIndex, kSession2}));
  EXPECT_EQ(Ipv6View::in_frame(by_xdp(framed(video())).frame).destination, ip(kMag2));
  EXPECT_EQ(Ipv6View::in_frame(by_xdp(framed(video())).frame).destination, ip(kMag2));
  const auto seen = lma_->read_watch({kVideo});
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->down.old_path.packets, 1U);
  EXPECT_EQ(seen->down.new_path.packets, 2U);
}

class LmaXdpLeft : public LmaXdp {};

TEST_F(LmaXdpLeft, WhatIsNotOrdinaryIsTcs) {
  auto options4 = Packet4{}.build();
  options4[0] = 0x46;
  const std::vector<Sent> packets{{"the last hop", framed(video().hop_limit(1))},
                                  {"no hop left", framed(video().hop_limit(0))},
                                  {"a link-local source", framed(video().from("fe80::5"))},
                                  {"to nobody of ours", framed(video().to("2001:db8:101::10"))},
                                  {"multicast", framed(video().to("ff02::1"))},
                                  {"the anchor's own", framed(video().to(kLma))},
                                  {"an extension header", framed(video().destination_options())},
                                  {"AH", framed(video().authentication(7))},
                                  {"a first fragment", framed(video().fragment(0, true, 7))},
                                  {"a later fragment", framed(video().fragment(512, false, 7))},
                                  {"an echo request", framed(Packet().from(kCn).to(kNode).echo_request(7))},
                                  {"SCTP", framed(Packet().from(kCn).to(kNode).upper(132, Bytes(60, 1)))},
                                  {"a tunnel packet", framed(video().in_tunnel(kCn, kNode))},
                                  {"too long for the tunnel", framed(other().payload(kMtu - 47))},
                                  {"longer than it is", framed(video().claimed_length(9000))},
                                  {"IPv4 at the last hop", framed(Packet4{.ttl = 1})},
                                  {"IPv4 with options", frame4(kCoreMac, kPeerMac, options4)},
                                  {"a first fragment of IPv4", framed(Packet4{.fragment = 0x2000})},
                                  {"a later fragment of IPv4", framed(Packet4{.fragment = 0x0010})},
                                  {"IPv4 that is too long", framed(Packet4{.payload = kMtu - 27})},
                                  {"IPv4 of nobody of ours", framed(Packet4{.destination = "192.0.2.3"})},
                                  {"an echo request of IPv4", framed(Packet4{.protocol = 1})},
                                  {"somebody else's frame", frame(kPeerMac, kPeerMac, video().build())},
                                  {"a frame for many", frame("33:33:00:00:00:01", kPeerMac, video().build())},
                                  {"IPv6 that says IPv4", frame4(kCoreMac, kPeerMac, video().build())},
                                  {"IPv4 that says IPv6", frame(kCoreMac, kPeerMac, Packet4{}.build())},
                                  {"ARP", frame(kCoreMac, kPeerMac, Bytes(46, 1), 0x0806)}};
  for (const auto& [what, sent] : packets) EXPECT_TRUE(is_left(sent)) << what;
  EXPECT_EQ(lma_->flow_traffic(kVideo)->down, Counter{});
  EXPECT_EQ(lma_->flow_traffic(kDefault)->down, Counter{});
}

TEST_F(LmaXdpLeft, TaggedFrames) {
  for (const std::uint16_t protocol : {std::uint16_t{0x8100}, std::uint16_t{0x88a8}}) {
    Bytes tagged{static_cast<std::uint8_t>(0), 7, 0x86, 0xdd};
    const auto packet = video().build();
    tagged.insert(tagged.end(), packet.begin(), packet.end());
    EXPECT_TRUE(is_left(frame(kCoreMac, kPeerMac, tagged, protocol)));
  }
}

TEST_F(LmaXdpLeft, FramesThatEndTooSoon) {
  for (const Bytes& whole : {framed(video()), framed(Packet4{})})
    for (std::size_t length = 14; length < whole.size(); ++length)
      EXPECT_TRUE(is_left(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length))))
          << length;
}

TEST_F(LmaXdpLeft, WhatTcDrops) {
  must(lma_->install_flow({kVideo, kNodeIndex, SessionId{}}));
  EXPECT_TRUE(is_left(framed(video())));
  BpfMap<std::uint32_t, fm_flow_row> flows(lma_->object(), "flows");
  must(flows.set(kVideo.value, {kSession1.value, FM_ACTION_DROP}));
  EXPECT_TRUE(is_left(framed(video())));
  must(lma_->remove_flow({kVideo}));
  EXPECT_TRUE(is_left(framed(video())));
  install_rules({}, FlowIndex{});
  EXPECT_TRUE(is_left(framed(video())));
}

TEST_F(LmaXdpLeft, WhatIsCaptured) {
  EXPECT_TRUE(by_xdp(framed(video())).redirected);
  must(lma_->set_captured({kNodeIndex}));
  EXPECT_TRUE(is_left(framed(video())));
  must(lma_->set_captured({}));
  EXPECT_TRUE(by_xdp(framed(video())).redirected);
}

TEST_F(LmaXdpLeft, SourcesThatNoRouterForwards) {
  for (const auto* source : {"::", "::1", "ff02::1", "::ffff:192.0.2.1"})
    EXPECT_TRUE(is_left(framed(video().from(source)))) << source;
}

/// What is behind the packet in its frame is not its own.
TEST_F(LmaXdpLeft, PortsBehindThePacket) {
  Bytes whole = framed(video());
  whole[14 + 4] = 0;
  whole[14 + 5] = 4;
  EXPECT_TRUE(by_xdp(whole).redirected) << "the ports, and no more";
  whole[14 + 5] = 3;
  EXPECT_TRUE(is_left(whole));
}

TEST_F(LmaXdpLeft, FlowsThatTakeSeveralLinksOrMoveInOrder) {
  BpfMap<std::uint32_t, fm_flow_row> flows(lma_->object(), "flows");
  EXPECT_TRUE(by_xdp(framed(video())).redirected);
  for (const __u32 action : {FM_ACTION_COPIES, FM_ACTION_SHARES, FM_ACTION_ORDERED, FM_ACTION_ORDERED + 1}) {
    must(flows.set(kVideo.value, {kSession1.value, action}));
    EXPECT_TRUE(is_left(framed(video()))) << action;
  }
}

TEST_F(LmaXdpLeft, OtherKindsOfTunnel) {
  using core::Encapsulation;
  const auto install = [this](std::string_view lma, std::string_view mag, core::Tunnelling how) {
    must(lma_->install_session(
        {kSession1, kNodeIndex, ip(lma), ip(mag), {prefix(kPrefix)}, kMtu, ip4(kNode4), how}));
  };
  install(kLma, kMag1, {Encapsulation::Gre, 0, 0});
  EXPECT_TRUE(is_left(framed(video())));
  install(kLma, kMag1, {Encapsulation::GreWithKeys, 7, kSession1.value});
  EXPECT_TRUE(is_left(framed(video())));
  install("::ffff:198.51.100.1", "::ffff:198.51.100.9", {});
  EXPECT_TRUE(is_left(framed(video())));
  install(kLma, kMag1, {});
  EXPECT_TRUE(by_xdp(framed(video())).redirected);
}

TEST_F(LmaXdpLeft, WhatHasNoWayOutOfXdp) {
  ip_command("neigh replace 2001:db8:1::2 dev acc1 nud failed");
  pass_a_tick();
  EXPECT_TRUE(is_left(framed(video()))) << "the neighbour is not known";
  ip_command("neigh replace 2001:db8:1::2 lladdr 02:00:00:00:0a:01 dev acc1 nud permanent");
  pass_a_tick();
  EXPECT_TRUE(by_xdp(framed(video())).redirected);
  set_link("acc1", kAccess1Mac, FM_XDP_FROM_MAGS);
  EXPECT_TRUE(is_left(framed(video()))) << "its interface does not take frames";
  set_link("acc1", kAccess1Mac, FM_XDP_FROM_MAGS | FM_XDP_SENDS);
  ip_command("link set acc1 mtu 1400");
  pass_a_tick();
  const auto small = is_left(framed(video().payload(1400)));
  ip_command("link set acc1 mtu 1500");
  EXPECT_TRUE(small) << "its link carries less than the tunnel";
  must(lma_->install_session({kSession1, kNodeIndex, ip(kLma), ip(kNowhere), {prefix(kPrefix)}, kMtu}));
  EXPECT_TRUE(is_left(framed(video()))) << "no route";
}

TEST_F(LmaXdpLeft, OtherInterfaces) {
  set_link("core0", kCoreMac, FM_XDP_FROM_MAGS | FM_XDP_SENDS);
  EXPECT_TRUE(is_left(framed(video()))) << "no correspondent is there";
  BpfMap<std::uint32_t, fm_xdp_link> links(lma_->object(), "xdp_links");
  must(links.set(index_of("core0"), {}));
  EXPECT_TRUE(is_left(framed(video())));
}

/// From where MAGs are too, a node's source is one that the uplink program has to judge (docs/adr/0032).
TEST_F(LmaXdpLeft, ANodesSourceWhereMagsAre) {
  const auto spoofed = framed(video().from("2001:db8:100::77"));
  EXPECT_TRUE(by_xdp(spoofed).redirected);
  set_link("core0", kCoreMac, FM_XDP_FROM_CORE | FM_XDP_FROM_MAGS | FM_XDP_SENDS);
  EXPECT_TRUE(is_left(spoofed));
  EXPECT_TRUE(by_xdp(framed(video())).redirected);
}

/// The kernel probes neighbours that it sends to itself: now and then it has to.
class LmaXdpNeighbour : public LmaXdp {
 protected:
  static Bytes syn() {
    auto sent = framed(Packet(other()).tcp(443, 4000).payload(0));
    sent[14 + 40 + 13] = 0x02;
    return sent;
  }
};

TEST_F(LmaXdpNeighbour, TheFirstPacketToANextHopIsTheKernels) {
  NextHops hops(lma_->object(), "xdp_next_hops");
  const auto row = row_of(hop(kNextHop1, "acc1"));
  must(hops.set(row, {}));
  EXPECT_TRUE(is_left(framed(video())));
  EXPECT_EQ(hops.get(row)->interface, index_of("acc1"));
  ask_in(std::chrono::hours(1));
  EXPECT_TRUE(by_xdp(framed(video())).redirected);
  auto another = hop("2001:db8:1::77", "acc1");
  another.asked = hops.get(row)->asked;
  must(hops.set(row, another));
  EXPECT_TRUE(is_left(framed(video()))) << "the row was another's";
  ask_in(std::chrono::hours(1));
  EXPECT_TRUE(by_xdp(framed(video())).redirected);
}

TEST_F(LmaXdpNeighbour, AfterASecondItGetsOneThatNoOtherIsCloseBehind) {
  EXPECT_TRUE(by_xdp(syn()).redirected);
  ask_in(-std::chrono::milliseconds(100));  // by the coarse clock too
  EXPECT_TRUE(is_left(syn()));
  ask_in(std::chrono::hours(1));
  EXPECT_TRUE(by_xdp(syn()).redirected);
  ask_in(-std::chrono::milliseconds(100));  // by the coarse clock too
  ::usleep(60'000);                         // the flow pauses for longer than FM_XDP_PAUSE_NS
  EXPECT_TRUE(is_left(framed(other())));
}

TEST_F(LmaXdpNeighbour, AfterFourSecondsItGetsAny) {
  ask_in(-std::chrono::seconds(4));
  EXPECT_TRUE(is_left(framed(video())));
  const auto asked = NextHops(lma_->object(), "xdp_next_hops").get(row_of(hop(kNextHop1, "acc1")))->asked;
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  EXPECT_LE(asked, static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
                       static_cast<std::uint64_t>(now.tv_nsec));
  EXPECT_GT(asked + 3'000'000'000U, static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U) << "from now on";
}

}  // namespace
}  // namespace flowmob::dataplane::testing
