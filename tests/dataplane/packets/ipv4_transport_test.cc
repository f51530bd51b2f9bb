// SPDX-License-Identifier: Apache-2.0
// Tunnels over IPv4 (RFC 5844 sections 4.1.4 and 4.2.2.2).
#include <cstdlib>

#include "base/ipv4.h"
#include "lma_bench.h"
#include "packet_ipv4.h"
#include "platform/dataplane/mag_dataplane.h"

namespace flowmob::dataplane::testing {
namespace {

constexpr std::string_view kLma4 = "203.0.113.1", kMag4 = "203.0.113.9";
Ipv6Address mapped(std::string_view text) { return to_mapped(ip4(text)); }

/// acc1 leads to the other end.
void prepare_transport() {
  ASSERT_EQ(std::system("sysctl -qw net.ipv4.conf.core0.forwarding=1 net.ipv4.conf.acc1.forwarding=1"), 0);
  ip_command("address replace 203.0.113.2/24 dev acc1");
}

/// A tunnel packet between the two.
Bytes tunnelled(std::string_view from, std::string_view to, std::uint8_t protocol, const Bytes& inner,
                std::uint8_t tos = 0, std::uint16_t fragment = 0x4000) {
  Packet4 outer{.source = from, .destination = to, .tos = tos, .protocol = protocol, .fragment = fragment};
  outer.payload = inner.size() - 8;
  Bytes packet = outer.build();
  packet.resize(20);
  packet.insert(packet.end(), inner.begin(), inner.end());
  return packet;
}

/// Addresses, protocol and what is inside, of a frame that is a sound tunnel packet.
struct Tunnelled {
  explicit Tunnelled(const Bytes& frame) {
    if (frame.size() < 34) return;
    const ByteView packet = ByteView(frame).subspan(14);
    const bool is_ipv4 = frame[12] == 8 && frame[13] == 0 && packet[0] == 0x45;
    EXPECT_TRUE(is_ipv4);
    EXPECT_EQ(internet_checksum(packet.first(20)), 0);
    EXPECT_EQ(packet[2] << 8 | packet[3], static_cast<int>(packet.size()));
    tos = packet[1];
    protocol = packet[9];
    std::copy(packet.begin() + 12, packet.begin() + 16, source.octets.begin());
    std::copy(packet.begin() + 16, packet.begin() + 20, destination.octets.begin());
    inner.assign(packet.begin() + 20, packet.end());
  }
  std::uint8_t protocol = 0, tos = 0;
  Ipv4Address source, destination;
  Bytes inner;
};

class LmaOverIpv4 : public LmaBench {
 protected:
  void SetUp() override {
    prepare_transport();
    auto with_ipv4 = options();
    with_ipv4.local_ipv4 = ip4(kLma4);
    LmaBench::SetUp();
    lma_.reset();
    lma_ = LmaDataplane::open(with_ipv4).value();
    must(lma_->ensure_tunnel({mapped(kLma4), mapped(kMag4)}));
    for (const auto session : {kSession1, kSession2}) install(session, {});
    must(lma_->install_node({kNodeIndex, {prefix(kPrefix)}, kDefault, 1, {}, ip4(kNode4)}));
  }
  void install(SessionId session, core::Tunnelling tunnelling) {
    must(lma_->install_session({session,
                                kNodeIndex,
                                mapped(kLma4),
                                mapped(kMag4),
                                {prefix(kPrefix)},
                                kMtu,
                                ip4(kNode4),
                                tunnelling}));
  }
  Outcome from_access4(const Bytes& packet) const {
    return run(lma_->object(), "lma_uplink", "acc1", frame4(kAccess1Mac, kPeerMac, packet));
  }
};

TEST_F(LmaOverIpv4, PrefixesGoIntoTheTunnel) {
  const auto outcome = from_core(other().hop_limit(9).traffic_class(0xb8).build());
  ASSERT_EQ(outcome.verdict, Verdict::Redirect);
  const Tunnelled packet(outcome.frame);
  EXPECT_EQ(packet.protocol, 41);
  EXPECT_EQ(packet.tos, 0xb8);
  EXPECT_EQ(packet.source, ip4(kLma4));
  EXPECT_EQ(packet.destination, ip4(kMag4));
  EXPECT_EQ(packet.inner, other().hop_limit(8).traffic_class(0xb8).build());
}

TEST_F(LmaOverIpv4, Ipv4HomeAddressesGoIntoTheTunnel) {
  const auto outcome =
      run(lma_->object(), "lma_downlink", "core0", frame4(kCoreMac, kPeerMac, Packet4{.ttl = 9}.build()));
  ASSERT_EQ(outcome.verdict, Verdict::Redirect);
  const Tunnelled packet(outcome.frame);
  EXPECT_EQ(packet.protocol, 4);
  EXPECT_EQ(packet.destination, ip4(kMag4));
  EXPECT_EQ(packet.inner, Packet4{.ttl = 8}.build());
}

TEST_F(LmaOverIpv4, UplinkComesOutAsItWas) {
  const auto sent = Packet().from(kNode).to(kCn).udp(4000, 80).payload(100).build();
  const auto outcome = from_access4(tunnelled(kMag4, kLma4, 41, sent));
  EXPECT_EQ(outcome.verdict, Verdict::Pass);
  EXPECT_EQ(outcome.frame, frame(kAccess1Mac, kPeerMac, sent));
  const auto sent4 = Packet4{.source = kNode4, .destination = kCn4}.build();
  EXPECT_EQ(from_access4(tunnelled(kMag4, kLma4, 4, sent4)).frame, frame4(kAccess1Mac, kPeerMac, sent4));
  EXPECT_EQ(packets_dropped(lma_->drops()), 0U);
}

TEST_F(LmaOverIpv4, CongestionInTheTunnelIsTold) {
  const auto sent = Packet().from(kNode).to(kCn).ecn(2).udp(4000, 80).payload(100);
  const auto outcome = from_access4(tunnelled(kMag4, kLma4, 41, sent.build(), 3));
  EXPECT_EQ(outcome.frame, frame(kAccess1Mac, kPeerMac, Packet(sent).ecn(3).build()));
}

TEST_F(LmaOverIpv4, AStrangersTunnelIsDropped) {
  const auto sent = Packet().from(kNode).to(kCn).udp(4000, 80).payload(100).build();
  EXPECT_TRUE(dropped(from_access4(tunnelled("203.0.113.77", kLma4, 41, sent)), "unknown-tunnel"));
}

TEST_F(LmaOverIpv4, AForeignSourceIsDropped) {
  const auto sent = Packet().from("2001:db8:101::1").to(kCn).udp(4000, 80).payload(100).build();
  EXPECT_TRUE(dropped(from_access4(tunnelled(kMag4, kLma4, 41, sent)), "spoofed-source"));
}

TEST_F(LmaOverIpv4, FragmentsOfTunnelPacketsAreDropped) {
  const auto sent = Packet().from(kNode).to(kCn).udp(4000, 80).payload(100).build();
  EXPECT_TRUE(dropped(from_access4(tunnelled(kMag4, kLma4, 41, sent, 0, 0x2000)), "outer-fragment"));
}

TEST_F(LmaOverIpv4, TooBigForTheTunnelIsAnsweredFromTheIpv6Address) {
  const auto outcome = from_core(Packet().from(kCn).to(kNode).udp(80, 4000).payload(1460).build());
  ASSERT_EQ(outcome.verdict, Verdict::Redirect);
  const auto answer = Ipv6View::in_frame(outcome.frame);
  EXPECT_EQ(answer.source, ip(kLma));
  EXPECT_EQ(answer.destination, ip(kCn));
}

/// RFC 4213 section 3.2.2: what IPv6 needs may be cut on the way, all else may not.
TEST_F(LmaOverIpv4, WhereThePathIsSaidToCarryLessThanIpv6NeedsItMayBeCutOnTheWay) {
  const auto of_length = [](std::size_t octets) {
    return Packet().from(kCn).to(kNode).udp(80, 4000).payload(octets - 48).build();
  };
  EXPECT_EQ(from_core(of_length(1280)).frame.at(20), 0x40);
  ip_command("route replace 203.0.113.9/32 dev acc1 mtu lock 600");
  const auto outcome = from_core(of_length(1280));
  ASSERT_EQ(outcome.verdict, Verdict::Redirect);
  EXPECT_EQ(Tunnelled(outcome.frame).inner.size(), 1280U);
  EXPECT_EQ(outcome.frame.at(20), 0);
  EXPECT_EQ(from_core(of_length(500)).frame.at(20), 0x40);
  ip_command("route delete 203.0.113.9/32 dev acc1");
}

/// With a GRE header between the two (RFC 5845).
class LmaGreOverIpv4 : public LmaOverIpv4 {
 protected:
  static constexpr std::uint32_t kDown = 0x01020304;
  void SetUp() override {
    LmaOverIpv4::SetUp();
    install(kSession2, {core::Encapsulation::GreWithKeys, kDown, kSession2.value});
  }
};

TEST_F(LmaGreOverIpv4, BothFamiliesHaveTheKey) {
  const Tunnelled packet(from_core(other().hop_limit(9).build()).frame);
  EXPECT_EQ(packet.protocol, 47);
  EXPECT_EQ(packet.destination, ip4(kMag4));
  EXPECT_EQ(packet.inner, behind_gre(kDown, other().hop_limit(8).build(), 0x86dd));
  const Tunnelled packet4(
      run(lma_->object(), "lma_downlink", "core0", frame4(kCoreMac, kPeerMac, Packet4{.ttl = 9}.build()))
          .frame);
  EXPECT_EQ(packet4.protocol, 47);
  EXPECT_EQ(packet4.inner, behind_gre(kDown, Packet4{.ttl = 8}.build(), 0x0800));
}

TEST_F(LmaGreOverIpv4, UplinkComesOutAsItWas) {
  const auto sent = Packet().from(kNode).to(kCn).udp(4000, 80).payload(100).build();
  const auto through = [&](std::uint32_t key, const Bytes& packet, std::uint16_t protocol) {
    return from_access4(tunnelled(kMag4, kLma4, 47, behind_gre(key, packet, protocol)));
  };
  EXPECT_EQ(through(kSession2.value, sent, 0x86dd).frame, frame(kAccess1Mac, kPeerMac, sent));
  const auto sent4 = Packet4{.source = kNode4, .destination = kCn4}.build();
  EXPECT_EQ(through(kSession2.value, sent4, 0x0800).frame, frame4(kAccess1Mac, kPeerMac, sent4));
  EXPECT_EQ(packets_dropped(lma_->drops()), 0U);
  EXPECT_TRUE(dropped(through(kSession2.value + 1, sent, 0x86dd), "unknown-tunnel"));
}

/// With a UDP header between the two (RFC 5844 section 4.1.4).
Bytes behind_udp(const Bytes& packet, std::uint16_t to = 5437) {
  Bytes octets;
  for (const std::size_t field : {std::size_t{5437}, std::size_t{to}, packet.size() + 8, std::size_t{0}})
    octets.insert(octets.end(), {static_cast<std::uint8_t>(field >> 8), static_cast<std::uint8_t>(field)});
  octets.insert(octets.end(), packet.begin(), packet.end());
  return octets;
}

class LmaUdpOverIpv4 : public LmaOverIpv4 {
 protected:
  void SetUp() override {
    LmaOverIpv4::SetUp();
    for (const auto session : {kSession1, kSession2}) install(session, {core::Encapsulation::Udp, 0, 0});
  }
  static Bytes up() { return Packet().from(kNode).to(kCn).udp(4000, 80).payload(100).build(); }
  Outcome through(const Bytes& behind, std::uint16_t fragment = 0x4000) const {
    return from_access4(tunnelled(kMag4, kLma4, 17, behind, 0, fragment));
  }
};

TEST_F(LmaUdpOverIpv4, BothFamiliesGoInUdp) {
  const Tunnelled packet(from_core(other().hop_limit(9).build()).frame);
  EXPECT_EQ(packet.protocol, 17);
  EXPECT_EQ(packet.source, ip4(kLma4));
  EXPECT_EQ(packet.destination, ip4(kMag4));
  EXPECT_EQ(packet.inner, behind_udp(other().hop_limit(8).build()));
  const Tunnelled packet4(
      run(lma_->object(), "lma_downlink", "core0", frame4(kCoreMac, kPeerMac, Packet4{.ttl = 9}.build()))
          .frame);
  EXPECT_EQ(packet4.inner, behind_udp(Packet4{.ttl = 8}.build()));
}

TEST_F(LmaUdpOverIpv4, UplinkComesOutAsItWas) {
  EXPECT_EQ(through(behind_udp(up())).frame, frame(kAccess1Mac, kPeerMac, up()));
  const auto sent4 = Packet4{.source = kNode4, .destination = kCn4}.build();
  EXPECT_EQ(through(behind_udp(sent4)).frame, frame4(kAccess1Mac, kPeerMac, sent4));
  EXPECT_EQ(packets_dropped(lma_->drops()), 0U);
}

TEST_F(LmaUdpOverIpv4, WhatIsCarriedOtherwiseThanAgreedIsDropped) {
  EXPECT_TRUE(dropped(from_access4(tunnelled(kMag4, kLma4, 41, up())), "unknown-tunnel"));
}

TEST_F(LmaOverIpv4, NothingIsInUdpWhereThatWasNotAgreed) {
  const auto sent = Packet().from(kNode).to(kCn).udp(4000, 80).payload(100).build();
  EXPECT_TRUE(dropped(from_access4(tunnelled(kMag4, kLma4, 17, behind_udp(sent))), "unknown-tunnel"));
}

TEST_F(LmaUdpOverIpv4, OtherPortsAreTheStacks) {
  EXPECT_EQ(through(behind_udp(up(), 5438)).verdict, Verdict::Pass);
  EXPECT_EQ(through(behind_udp(up(), 5436)).verdict, Verdict::Pass);
}

TEST_F(LmaUdpOverIpv4, NothingInsideIsDropped) {
  EXPECT_TRUE(dropped(through(behind_udp(Bytes{})), "malformed"));
}

TEST_F(LmaUdpOverIpv4, WhatIsNoIpPacketInsideIsDropped) {
  auto packet = up();
  packet[0] = 0x50;
  EXPECT_TRUE(dropped(through(behind_udp(packet)), "inner-not-ipv6"));
}

TEST_F(LmaUdpOverIpv4, FragmentsOfTunnelPacketsAreDropped) {
  EXPECT_TRUE(dropped(through(behind_udp(up()), 0x2000), "outer-fragment"));
  EXPECT_EQ(through(behind_udp(up()), 0x0010).verdict, Verdict::Pass) << "nobody sees what it is of";
}

TEST_F(LmaOverIpv4, SignallingIsTheStacks) {
  Packet4 update{.source = kMag4, .destination = kLma4, .source_port = 5436};
  update.destination_port = 5436;
  EXPECT_EQ(from_access4(update.build()).verdict, Verdict::Pass);
}

class MagOverIpv4 : public ::testing::Test {
 protected:
  void SetUp() override {
    prepare_transport();
    auto opened = MagDataplane::open(options());
    ASSERT_TRUE(opened) << opened.error().message;
    mag_ = std::move(*opened);
    install({});
  }
  void TearDown() override { ASSERT_TRUE(MagDataplane::teardown(options())); }
  static MagDataplaneOptions options() {
    return {bpf_directory(), {"acc1"}, {"core0"}, mapped(kMag4), false, 64};
  }
  void install(core::Tunnelling tunnelling) {
    const Host host{SessionId{41},
                    InterfaceIndex{index_of("core0")},
                    mac(kNode4Mac),
                    mac(kRouter4Mac),
                    {prefix("2001:db8:100::/64")},
                    mapped(kMag4),
                    mapped(kLma4),
                    1452,
                    core::Ipv4Home{{ip4(kNode4), 24}, ip4(kRouter4)},
                    tunnelling};
    ASSERT_TRUE(mag_->install_host(host));
  }
  Outcome from_transport(const Bytes& packet) const {
    return run(mag_->object(), "mag_downlink", "acc1", frame4(kAccess1Mac, kPeerMac, packet));
  }
  Outcome from_access(const Packet& packet) const {
    return run(mag_->object(), "mag_uplink", "core0", frame(kCoreMac, kNode4Mac, packet.build()));
  }
  static Packet up() { return Packet().from(kNode).to(kCn).udp(4000, 80).payload(100); }
  std::unique_ptr<MagDataplane> mag_;
};

TEST_F(MagOverIpv4, UplinkGoesIntoTheTunnel) {
  const auto outcome = from_access(up().hop_limit(9));
  ASSERT_EQ(outcome.verdict, Verdict::Redirect);
  const Tunnelled packet(outcome.frame);
  EXPECT_EQ(packet.protocol, 41);
  EXPECT_EQ(packet.source, ip4(kMag4));
  EXPECT_EQ(packet.destination, ip4(kLma4));
  EXPECT_EQ(packet.inner, up().hop_limit(8).build());
}

TEST_F(MagOverIpv4, Ipv4OfTheNodeGoesIntoTheTunnel) {
  const Packet4 sent{.source = kNode4, .destination = kCn4, .ttl = 9};
  const auto outcome = run(mag_->object(), "mag_uplink", "core0", frame4(kCoreMac, kNode4Mac, sent.build()));
  ASSERT_EQ(outcome.verdict, Verdict::Redirect);
  EXPECT_EQ(Tunnelled(outcome.frame).protocol, 4);
}

TEST_F(MagOverIpv4, DownlinkComesOutAndGoesToTheNode) {
  const auto down = Packet().from(kCn).to(kNode).udp(80, 4000).payload(100);
  const auto outcome = from_transport(tunnelled(kLma4, kMag4, 41, Packet(down).hop_limit(9).build()));
  EXPECT_EQ(outcome.verdict, Verdict::Redirect);
  EXPECT_EQ(outcome.frame, frame(kNode4Mac, kRouter4Mac, Packet(down).hop_limit(8).build()));
  const auto outcome4 = from_transport(tunnelled(kLma4, kMag4, 4, Packet4{.ttl = 9}.build()));
  EXPECT_EQ(outcome4.frame, frame4(kNode4Mac, kRouter4Mac, Packet4{.ttl = 8}.build()));
}

TEST_F(MagOverIpv4, WithGreBothWaysHaveTheirKeys) {  // RFC 5845
  install({core::Encapsulation::GreWithKeys, 41, 7});
  const Tunnelled packet(from_access(up().hop_limit(9)).frame);
  EXPECT_EQ(packet.protocol, 47);
  EXPECT_EQ(packet.inner, behind_gre(7, up().hop_limit(8).build(), 0x86dd));
  const auto down4 = [](std::uint32_t key) {
    return tunnelled(kLma4, kMag4, 47, behind_gre(key, Packet4{.ttl = 9}.build(), 0x0800));
  };
  EXPECT_EQ(from_transport(down4(41)).frame, frame4(kNode4Mac, kRouter4Mac, Packet4{.ttl = 8}.build()));
  EXPECT_EQ(from_transport(down4(42)).verdict, Verdict::Drop);
  EXPECT_EQ(from_transport(tunnelled(kLma4, kMag4, 4, Packet4{.ttl = 9}.build())).verdict, Verdict::Drop);
}

TEST_F(MagOverIpv4, WithUdpBothWaysAreInIt) {  // RFC 5844 section 4.2.2.2
  install({core::Encapsulation::Udp, 0, 0});
  const Tunnelled packet(from_access(up().hop_limit(9)).frame);
  EXPECT_EQ(packet.protocol, 17);
  EXPECT_EQ(packet.source, ip4(kMag4));
  EXPECT_EQ(packet.inner, behind_udp(up().hop_limit(8).build()));
  const auto down4 = tunnelled(kLma4, kMag4, 17, behind_udp(Packet4{.ttl = 9}.build()));
  EXPECT_EQ(from_transport(down4).frame, frame4(kNode4Mac, kRouter4Mac, Packet4{.ttl = 8}.build()));
  EXPECT_EQ(from_transport(tunnelled(kLma4, kMag4, 4, Packet4{.ttl = 9}.build())).verdict, Verdict::Drop);
}

TEST_F(MagOverIpv4, AStrangersTunnelIsDropped) {
  const auto down = Packet().from(kCn).to(kNode).udp(80, 4000).payload(100).build();
  const auto outcome = from_transport(tunnelled("203.0.113.77", kMag4, 41, down));
  EXPECT_TRUE(dropped_for(outcome, mag_->drops(), "unknown-tunnel"));
}

TEST_F(MagOverIpv4, TooBigForTheTunnelIsAnsweredFromTheAddressOfAllGateways) {
  const auto outcome = from_access(Packet().from(kNode).to(kCn).udp(4000, 80).payload(1460));
  ASSERT_EQ(outcome.verdict, Verdict::Redirect);
  EXPECT_EQ(Ipv6View::in_frame(outcome.frame).source, ip("fe80::200:5eff:fe00:5213"));
}

TEST_F(MagOverIpv4, NobodyOnTheLinkHasSignallingForTheGateway) {
  Packet4 forged{.source = kNode4, .destination = kMag4, .source_port = 5436};
  forged.destination_port = 5436;
  const auto outcome =
      run(mag_->object(), "mag_uplink", "core0", frame4(kCoreMac, kNode4Mac, forged.build()));
  EXPECT_TRUE(dropped_for(outcome, mag_->drops(), "mobility-header"));
}

}  // namespace
}  // namespace flowmob::dataplane::testing
