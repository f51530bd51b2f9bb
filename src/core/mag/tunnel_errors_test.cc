// SPDX-License-Identifier: Apache-2.0
#include "core/mag/tunnel_errors.h"

#include "core/mag/ipv4_fixture_for_test.h"
#include "core/tunnel/ipv4_packet.h"
#include "wire/checksum.h"

namespace flowmob::core {
namespace {

class GatewaysTunnel : public Ipv4Gateway {
 protected:
  GatewaysTunnel() { register_with_ipv4(); }

  static Bytes quoted(const Ipv6Address& source) {
    Bytes packet{0x60, 0, 0, 0, 5, 0x8c, 17, 9};
    append(packet, source.octets);
    append(packet, address("2001:db8:c::10").octets);
    packet.resize(100);
    return packet;
  }
  static Bytes quoted4(const char* source, std::uint16_t flags = 0) {
    Bytes packet = ipv4_header(ip(source), ip("198.51.100.10"), 17, 1440, 0, flags);
    packet.resize(100);
    return packet;
  }
  void hear(Bytes original, TunnelErrorKind kind = TunnelErrorKind::Unreachable, std::uint32_t mtu = 0,
            const Ipv6Address& peer = kLma) {
    clear();
    gateway->handle_tunnel_error(now, {kMag, peer, kind, mtu, 40, std::move(original)});
    drain();
  }
  std::uint64_t counted(const char* what) {
    return command("show statistics", Json::object()).value()["tunnel_errors"][what];
  }
  static Ipv6Address node_address() { return kHomePrefix.with_interface_id(7); }
};

TEST_F(GatewaysTunnel, TheNodeIsToldOnItsLink) {  // RFC 2473 section 8.2
  hear(quoted(node_address()));
  ASSERT_EQ(advertisements.size(), 1U);
  const auto& told = advertisements[0];
  EXPECT_EQ(told.interface, kWlan);
  EXPECT_EQ(told.link_source, kRouterMac);
  EXPECT_EQ(told.link_destination, kNode);
  EXPECT_EQ(told.source, kMag);
  EXPECT_EQ(told.destination, node_address());
  EXPECT_EQ(to_hex(ByteView(told.icmpv6).first(2)), "0103");
  EXPECT_EQ(wire::ipv6_checksum(told.source, told.destination, 58, told.icmpv6), 0);
  EXPECT_EQ(notified("tunnel-error"), 1U);
  EXPECT_EQ(last_notice("tunnel-error").at("kind"), "unreachable");
  EXPECT_EQ(counted("answered"), 1U);
}

TEST_F(GatewaysTunnel, OfIpv4InTheDefaultRoutersName) {  // RFC 2473 section 8.3
  hear(quoted4("192.0.2.2", kDontFragment), TunnelErrorKind::TooBig, 1400);
  ASSERT_EQ(ipv4_frames.size(), 1U);
  EXPECT_EQ(ipv4_frames[0].interface, kWlan);
  EXPECT_EQ(to_hex(ByteView(ipv4_frames[0].frame).first(14)), "02000000000100005e0052130800");
  const ByteView packet = ByteView(ipv4_frames[0].frame).subspan(14);
  EXPECT_EQ(Ipv4View::read(packet)->source, ip("192.0.2.1"));
  EXPECT_EQ(Ipv4View::read(packet)->destination, ip("192.0.2.2"));
  EXPECT_EQ(to_hex(packet.subspan(20, 2)), "0304");
  EXPECT_EQ(to_hex(packet.subspan(26, 2)), "0550");
}

TEST_F(GatewaysTunnel, NobodyElseIsTold) {
  hear(quoted(address("2001:db8:dead::1")));
  hear(quoted4("192.0.2.3"));
  EXPECT_TRUE(ipv4_frames.empty());
  EXPECT_TRUE(advertisements.empty());
  hear(quoted(node_address()), TunnelErrorKind::Unreachable, 0, address("2001:db8:1::2"));
  EXPECT_TRUE(advertisements.empty());
  EXPECT_TRUE(notices.empty());
  EXPECT_EQ(counted("unknown_tunnel"), 1U);
}

}  // namespace
}  // namespace flowmob::core
