// SPDX-License-Identifier: Apache-2.0
#include "lma_bench.h"
#include "packet_ipv4.h"
#include "platform/dataplane/mag_dataplane.h"

/// GRE between anchor and gateway (RFC 5845).
namespace flowmob::dataplane::testing {
namespace {

using core::Encapsulation;
using core::Tunnelling;

constexpr std::uint32_t kDownlinkKey = 0x01020304;
constexpr std::uint16_t kIpv4InGre = 0x0800;

/// The anchor's node is reached through MAG 1 with keys, and through MAG 2 with GRE alone.
class LmaGre : public LmaBench {
 protected:
  void SetUp() override {
    LmaBench::SetUp();
    install(kSession1, kMag1, {Encapsulation::GreWithKeys, kDownlinkKey, kSession1.value});
    install(kSession2, kMag2, {Encapsulation::Gre, 0, 0});
    wire::TrafficSelector6 selector;
    selector.source_port = {5004, 5005};
    must(lma_->install_node(
        {kNodeIndex, {prefix(kPrefix)}, kDefault, 1, {{10, kVideo, selector}}, ip4(kNode4)}));
  }
  void install(SessionId session, std::string_view mag, Tunnelling tunnelling) {
    must(lma_->install_session(
        {session, kNodeIndex, ip(kLma), ip(mag), {prefix(kPrefix)}, kMtu, ip4(kNode4), tunnelling}));
  }
  static Packet uplink() { return Packet().from(kNode).to(kCn).udp(4000, 5004).payload(100); }
  Outcome through(std::string_view mag, std::optional<std::uint32_t> key) const {
    return from_access(uplink().in_gre(mag, kLma, key).build());
  }
};

TEST_F(LmaGre, EveryPacketHasTheSessionsDownlinkKey) {  // section 5.2
  const auto outcome = from_core(video().hop_limit(17).build());
  ASSERT_EQ(outcome.verdict, Verdict::Redirect);
  EXPECT_EQ(outcome.frame.size(),
            14 + video().hop_limit(16).in_gre(kLma, kMag1, kDownlinkKey).build().size());
  const auto outer = Ipv6View::in_frame(outcome.frame);
  const auto wanted = Ipv6View::read(video().hop_limit(16).in_gre(kLma, kMag1, kDownlinkKey).build());
  EXPECT_EQ(outer.next_header, 47);
  EXPECT_EQ(outer.destination, ip(kMag1));
  EXPECT_EQ(outer.payload_length, wanted.payload_length);
  EXPECT_EQ(outer.payload, wanted.payload);
  EXPECT_EQ(packets_dropped(lma_->drops()), 0U);
}

TEST_F(LmaGre, WithoutKeysTheHeaderHasNone) {
  const auto outer = Ipv6View::in_frame(from_core(other().hop_limit(17).build()).frame);
  EXPECT_EQ(outer.next_header, 47);
  EXPECT_EQ(outer.destination, ip(kMag2));
  EXPECT_EQ(outer.payload, Ipv6View::read(other().hop_limit(16).in_gre(kLma, kMag2, {}).build()).payload);
}

TEST_F(LmaGre, ThePacketComesOutAsItWas) {
  for (const auto& outcome : {through(kMag1, kSession1.value), through(kMag2, {})}) {
    EXPECT_EQ(outcome.verdict, Verdict::Pass);
    EXPECT_EQ(outcome.frame, frame(kAccess1Mac, kPeerMac, uplink().build()));
  }
  EXPECT_EQ(lma_->session_traffic(kSession1)->up.packets, 1U);
  EXPECT_EQ(lma_->session_traffic(kSession2)->up.packets, 1U);
}

TEST_F(LmaGre, TheKeySaysWhichSessionItIs) {  // section 5.2
  constexpr SessionId kThird{13};
  install(kThird, kMag1, {Encapsulation::GreWithKeys, 7, kThird.value});
  EXPECT_EQ(through(kMag1, kSession1.value).verdict, Verdict::Pass);
  EXPECT_EQ(through(kMag1, kThird.value).verdict, Verdict::Pass);
  EXPECT_EQ(lma_->session_traffic(kSession1)->up.packets, 1U);
  EXPECT_EQ(lma_->session_traffic(kThird)->up.packets, 1U);
}

TEST_F(LmaGre, ASessionsKeyHoldsByItsFormerMagUntilThatEnds) {
  install(kSession1, kMag2, {Encapsulation::GreWithKeys, kDownlinkKey, kSession1.value});
  EXPECT_EQ(through(kMag1, kSession1.value).verdict, Verdict::Pass);
  EXPECT_EQ(through(kMag1, kSession2.value).verdict, Verdict::Drop) << "another's";
  EXPECT_EQ(through(kMag2, kSession1.value).verdict, Verdict::Pass);
  must(lma_->remove_session({kSession1, ip(kMag1), {prefix(kPrefix)}, false, ip4(kNode4)}));
  EXPECT_EQ(through(kMag1, kSession1.value).verdict, Verdict::Drop);
}

TEST_F(LmaGre, AKeyOfNoSessionOrAnothersIsDropped) {
  constexpr SessionId kForeign{14};
  must(lma_->install_session({kForeign,
                              NodeIndex{32},
                              ip(kLma),
                              ip(kMag1),
                              {prefix("2001:db8:101::/64")},
                              kMtu,
                              {},
                              {Encapsulation::GreWithKeys, 7, kForeign.value}}));
  for (const auto key : {std::uint32_t{0}, std::uint32_t{99}, kSession2.value, kForeign.value})
    EXPECT_EQ(through(kMag1, key).verdict, Verdict::Drop) << key;
  EXPECT_EQ(packets_dropped(lma_->drops(), "unknown-tunnel"), 4U);
}

TEST_F(LmaGre, WhatIsCarriedOtherwiseThanAgreedIsDropped) {
  EXPECT_EQ(through(kMag1, {}).verdict, Verdict::Drop);
  EXPECT_EQ(through(kMag2, kSession2.value).verdict, Verdict::Drop);
  EXPECT_EQ(from_access(uplink().in_tunnel(kMag1, kLma).build()).verdict, Verdict::Drop);
  install(kSession1, kMag1, {});
  EXPECT_EQ(through(kMag1, kSession1.value).verdict, Verdict::Drop);
  EXPECT_EQ(packets_dropped(lma_->drops(), "unknown-tunnel"), 4U);
  EXPECT_EQ(from_access(uplink().in_tunnel(kMag1, kLma).build()).verdict, Verdict::Pass);
}

TEST_F(LmaGre, SessionsThroughOneMagMayBeCarriedInDifferentWays) {
  install(kSession2, kMag1, {});
  EXPECT_EQ(from_access(uplink().in_tunnel(kMag1, kLma).build()).verdict, Verdict::Pass);
  EXPECT_EQ(through(kMag1, kSession1.value).verdict, Verdict::Pass);
  EXPECT_EQ(lma_->session_traffic(kSession1)->up.packets, 1U);
  EXPECT_EQ(lma_->session_traffic(kSession2)->up.packets, 1U);
  must(lma_->remove_session({kSession1, ip(kMag1), {prefix(kPrefix)}, true, ip4(kNode4)}));
  EXPECT_EQ(through(kMag1, kSession1.value).verdict, Verdict::Drop);
  EXPECT_EQ(from_access(uplink().in_tunnel(kMag1, kLma).build()).verdict, Verdict::Pass);
}

TEST_F(LmaGre, AForeignSourceIsDropped) {
  const auto forged = Packet(uplink()).from("2001:db8:101::10").in_gre(kMag1, kLma, kSession1.value);
  EXPECT_TRUE(dropped(from_access(forged.build()), "spoofed-source"));
}

TEST_F(LmaGre, HeadersThatNobodyAgreedToAreDropped) {
  for (const Bytes& head : {Bytes{0xa0, 0, 0x86, 0xdd, 0, 0, 0, 11}, Bytes{0x20, 1, 0x86, 0xdd, 0, 0, 0, 11},
                            Bytes{0x20, 0, 0x65, 0x58, 0, 0, 0, 11}, Bytes{0x20, 0, 0x86, 0xdd}, Bytes{0, 0}})
    EXPECT_EQ(from_access(Packet().from(kMag1).to(kLma).upper(47, head).build()).verdict, Verdict::Drop);
  EXPECT_EQ(packets_dropped(lma_->drops(), "malformed"), 5U);
}

TEST_F(LmaGre, BitsWithoutMeaningAreIgnored) {  // RFC 2784 section 2.3
  Bytes head{0x23, 0xf8, 0x86, 0xdd, 0, 0, 0, static_cast<std::uint8_t>(kSession1.value)};
  const Bytes sent = uplink().build();
  head.insert(head.end(), sent.begin(), sent.end());
  EXPECT_EQ(from_access(Packet().from(kMag1).to(kLma).upper(47, head).build()).verdict, Verdict::Pass);
  for (const int refused : {0x80, 0x40, 0x10, 0x08, 0x04}) {
    head[0] = static_cast<std::uint8_t>(0x20 + refused);
    EXPECT_TRUE(from_access(Packet().from(kMag1).to(kLma).upper(47, head).build()).verdict == Verdict::Drop)
        << refused;
  }
  EXPECT_EQ(packets_dropped(lma_->drops(), "malformed"), 5U);
}

TEST_F(LmaGre, Ipv4PacketsHaveTheKeyToo) {  // section 5.2
  const auto way_down = [&](const Packet4& packet) {
    const auto frame = frame4(kCoreMac, kPeerMac, packet.build());
    return Ipv6View::in_frame(run(lma_->object(), "lma_downlink", "core0", frame).frame);
  };
  const auto with_key = way_down({.ttl = 9, .source_port = 5004});
  EXPECT_EQ(with_key.next_header, 47);
  EXPECT_EQ(with_key.destination, ip(kMag1));
  const auto sent = Packet4{.ttl = 8, .source_port = 5004}.build();
  EXPECT_EQ(with_key.payload, behind_gre(kDownlinkKey, sent, kIpv4InGre));
  const auto without = way_down({.ttl = 9});
  EXPECT_EQ(without.destination, ip(kMag2));
  EXPECT_EQ(without.payload, behind_gre({}, Packet4{.ttl = 8}.build(), kIpv4InGre));
}

TEST_F(LmaGre, Ipv4PacketsComeOutAsTheyWere) {
  const auto sent = Packet4{.source = kNode4, .destination = kCn4}.build();
  const auto packet = Packet().from(kMag1).to(kLma).upper(47, behind_gre(kSession1.value, sent, kIpv4InGre));
  const auto outcome = from_access(packet.build());
  EXPECT_EQ(outcome.verdict, Verdict::Pass);
  EXPECT_EQ(outcome.frame, frame4(kAccess1Mac, kPeerMac, sent));
  EXPECT_EQ(lma_->session_traffic(kSession1)->up.packets, 1U);
}

TEST_F(LmaGre, TheHeaderHasToSayWhatIsInside) {
  const auto wrong = behind_gre(kSession1.value, uplink().build(), kIpv4InGre);
  EXPECT_TRUE(dropped(from_access(Packet().from(kMag1).to(kLma).upper(47, wrong).build()), "inner-not-ipv6"));
}

TEST_F(LmaGre, TheEncapsulationLimitOfLinuxTunnelsMayStandBeforeIt) {
  const auto packet = uplink().in_gre(kMag1, kLma, kSession1.value).encapsulation_limit();
  const auto outcome = from_access(packet.build());
  EXPECT_EQ(outcome.verdict, Verdict::Pass);
  EXPECT_EQ(outcome.frame, frame(kAccess1Mac, kPeerMac, uplink().build()));
}

TEST_F(LmaGre, FragmentsOfTunnelPacketsAreDropped) {
  const auto packet = uplink().in_gre(kMag1, kLma, kSession1.value).fragment(0, true, 3);
  EXPECT_TRUE(dropped(from_access(packet.build()), "outer-fragment"));
}

TEST_F(LmaGre, OurOwnTunnelPacketsPass) {
  EXPECT_EQ(out_of_stack(video().in_gre(kLma, kNode, kDownlinkKey).build()).verdict, Verdict::Pass);
}

/// A gateway whose node is attached with keys.
class MagGre : public ::testing::Test {
 protected:
  static constexpr std::string_view kNodeMac = "02:00:00:00:09:01", kRouterMac = "02:00:00:00:09:fe";
  static constexpr std::uint32_t kDown = 41, kUp = 0xfffffffe;

  void SetUp() override {
    auto opened = MagDataplane::open(options());
    ASSERT_TRUE(opened) << opened.error().message;
    mag_ = std::move(*opened);
    install({Encapsulation::GreWithKeys, kDown, kUp});
  }
  void TearDown() override { ASSERT_TRUE(MagDataplane::teardown(options())); }

  static MagDataplaneOptions options() {
    return {bpf_directory(), {"acc1"}, {"core0"}, ip(kMag1), false, 64};
  }
  void install(Tunnelling tunnelling) {
    const Host host{SessionId{41},
                    InterfaceIndex{index_of("core0")},
                    mac(kNodeMac),
                    mac(kRouterMac),
                    {prefix("2001:db8:100::/64")},
                    ip(kMag1),
                    ip(kLma),
                    1452,
                    core::Ipv4Home{{ip4(kNode4), 24}, ip4(kRouter4)},
                    tunnelling};
    const auto done = mag_->install_host(host);
    ASSERT_TRUE(done) << done.error().message;
  }
  Outcome from_transport(const Packet& packet) const {
    return run(mag_->object(), "mag_downlink", "acc1", frame(kAccess1Mac, kPeerMac, packet.build()));
  }
  Outcome from_access(const Packet& packet) const {
    return run(mag_->object(), "mag_uplink", "core0", frame(kCoreMac, kNodeMac, packet.build()));
  }
  static Packet down() { return Packet().from(kCn).to(kNode).udp(5004, 4000).payload(100); }
  static Packet up() { return Packet().from(kNode).to(kCn).udp(4000, 5004).payload(100); }

  std::unique_ptr<MagDataplane> mag_;
};

TEST_F(MagGre, UplinkPacketsHaveTheAnchorsKey) {  // section 4.2
  const auto outcome = from_access(up().hop_limit(17));
  ASSERT_EQ(outcome.verdict, Verdict::Redirect);
  const auto outer = Ipv6View::in_frame(outcome.frame);
  EXPECT_EQ(outer.next_header, 47);
  EXPECT_EQ(outer.source, ip(kMag1));
  EXPECT_EQ(outer.destination, ip(kLma));
  EXPECT_EQ(outer.payload, Ipv6View::read(up().hop_limit(16).in_gre(kMag1, kLma, kUp).build()).payload);
}

TEST_F(MagGre, DownlinkPacketsHaveOurs) {  // section 4.2
  const auto outcome = from_transport(down().in_gre(kLma, kMag1, kDown));
  EXPECT_EQ(outcome.verdict, Verdict::Redirect);
  EXPECT_EQ(outcome.frame, frame(kNodeMac, kRouterMac, down().hop_limit(62).build()));
}

TEST_F(MagGre, Ipv4PacketsAreCarriedLikeTheOthers) {  // section 4.2
  const Packet4 sent{.source = kNode4, .destination = kCn4, .ttl = 9};
  const auto outcome = run(mag_->object(), "mag_uplink", "core0", frame4(kCoreMac, kNodeMac, sent.build()));
  const auto outer = Ipv6View::in_frame(outcome.frame);
  EXPECT_EQ(outer.next_header, 47);
  const auto inside = Packet4{.source = kNode4, .destination = kCn4, .ttl = 8}.build();
  EXPECT_EQ(outer.payload, behind_gre(kUp, inside, kIpv4InGre));
  const auto back = [](std::uint32_t key) {
    return Packet().from(kLma).to(kMag1).upper(47, behind_gre(key, Packet4{.ttl = 9}.build(), kIpv4InGre));
  };
  EXPECT_EQ(from_transport(back(kDown)).frame, frame4(kNodeMac, kRouterMac, Packet4{.ttl = 8}.build()));
  EXPECT_EQ(from_transport(back(kDown + 1)).verdict, Verdict::Drop);
}

TEST_F(MagGre, AnotherKeyIsAnothersPacket) {  // section 4.2
  EXPECT_EQ(from_transport(down().in_gre(kLma, kMag1, kDown + 1)).verdict, Verdict::Drop);
  EXPECT_EQ(from_transport(down().in_gre(kLma, kMag1, {})).verdict, Verdict::Drop);
  EXPECT_EQ(from_transport(down().in_tunnel(kLma, kMag1)).verdict, Verdict::Drop);
  EXPECT_EQ(packets_dropped(mag_->drops(), "unknown-tunnel"), 3U);
}

TEST_F(MagGre, WithoutKeysAndWithoutGre) {
  install({Encapsulation::Gre, 0, 0});
  EXPECT_EQ(from_transport(down().in_gre(kLma, kMag1, {})).verdict, Verdict::Redirect);
  EXPECT_EQ(from_transport(down().in_gre(kLma, kMag1, kDown)).verdict, Verdict::Drop);
  EXPECT_EQ(Ipv6View::in_frame(from_access(up().hop_limit(17)).frame).payload,
            Ipv6View::read(up().hop_limit(16).in_gre(kMag1, kLma, {}).build()).payload);
  install({});
  EXPECT_EQ(from_transport(down().in_gre(kLma, kMag1, kDown)).verdict, Verdict::Drop);
  EXPECT_EQ(from_transport(down().in_tunnel(kLma, kMag1)).verdict, Verdict::Redirect);
}

TEST_F(MagGre, WhatDoesNotFitWithTheHeaderIsAnswered) {
  ip_command("link set acc1 mtu 1500");
  EXPECT_EQ(from_access(up().payload(1452 - 48)).verdict, Verdict::Redirect);
  const auto outcome = from_access(up().payload(1453 - 48));
  ASSERT_EQ(outcome.verdict, Verdict::Redirect);
  EXPECT_EQ(Ipv6View::in_frame(outcome.frame).next_header, 58);
}

}  // namespace
}  // namespace flowmob::dataplane::testing
