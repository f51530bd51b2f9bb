// SPDX-License-Identifier: Apache-2.0
#include "core/lma/tunnel_errors.h"

#include "base/ipv4.h"
#include "core/lma/anchor_fixture_for_test.h"
#include "core/tunnel/ipv4_packet.h"

namespace flowmob::core {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

/// An anchor whose node has both families, and what a router says of tunnel packets to it.
class AnchorsTunnels : public AnchorFixture {
 protected:
  AnchorsTunnels() : AnchorFixture(with_ipv4()) {
    Pbu p = first();
    p.more = {wire::Ipv4HomeAddressRequest{}};
    const auto pba = accepted(p);
    prefix_ = prefixes_in(pba).at(0);
    home_ = wire::find<wire::Ipv4HomeAddressReply>(pba.options)->address;
  }
  static LmaConfig with_ipv4() {
    auto config = test_config();
    config.ipv4_pools = {Ipv4Interface::parse("192.0.2.1/29").value()};
    return config;
  }

  static Bytes quoted(const Ipv6Address& destination) {
    Bytes packet{0x60, 0, 0, 0, 5, 0x8c, 17, 9};
    append(packet, kOutside.octets);
    append(packet, destination.octets);
    packet.resize(100);
    return packet;
  }
  Bytes quoted4(std::uint16_t flags = 0) const {
    Bytes packet = ipv4_header(kOutside4, home_, 17, 1440, 0, flags);
    packet.resize(100);
    return packet;
  }
  void hear(TunnelError error) {
    clear();
    lma->handle_tunnel_error(now, error);
    drain();
  }
  TunnelError about(Bytes original, TunnelErrorKind kind = TunnelErrorKind::Unreachable,
                    std::uint32_t mtu = 0) const {
    return {kLma, kMag1, kind, mtu, 40, std::move(original)};
  }
  std::uint64_t counted(const char* what) {
    return lma->handle_command(now, "show statistics", Json::object()).value()["tunnel_errors"][what];
  }

  static inline const Ipv6Address kOutside = address("2001:db8:c::10");
  static inline const Ipv4Address kOutside4 = Ipv4Address::parse("203.0.113.10").value();
  Ipv6Prefix prefix_;
  Ipv4Address home_;
};

TEST_F(AnchorsTunnels, TheCorrespondentIsToldThatTheNodeIsUnreachable) {  // RFC 2473 section 8.2
  hear(about(quoted(prefix_.with_interface_id(7))));
  const auto sent = all<SendIcmpv6>();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].source, kLma);
  EXPECT_EQ(sent[0].destination, kOutside);
  EXPECT_EQ(to_hex(ByteView(sent[0].icmpv6).first(2)), "0103");
  EXPECT_EQ(counted("unreachable"), 1U);
  EXPECT_EQ(counted("answered"), 1U);
}

TEST_F(AnchorsTunnels, ACorrespondentOfIpv4IsToldByIpv4) {  // RFC 2473 section 8.3
  hear(about(quoted4()));
  const auto sent = all<SendPacket>();
  ASSERT_THAT(sent, SizeIs(1));
  const auto ip = Ipv4View::read(sent[0].packet).value();
  EXPECT_EQ(ip.source, Ipv4Address{}) << "the kernel chooses";
  EXPECT_EQ(ip.destination, kOutside4);
  EXPECT_EQ(to_hex(ByteView(sent[0].packet).subspan(20, 2)), "0301");
  hear(about(quoted4(kDontFragment), TunnelErrorKind::TooBig, 1400));
  ASSERT_THAT(all<SendPacket>(), SizeIs(1));
  EXPECT_EQ(to_hex(ByteView(all<SendPacket>()[0].packet).subspan(26, 2)), "0550");
}

TEST_F(AnchorsTunnels, TheOperatorIsToldOnceInAWhile) {  // RFC 4213 section 3.4
  hear(about({}, TunnelErrorKind::TooBig, 1400));
  ASSERT_THAT(all<Notify>(), SizeIs(1));
  EXPECT_EQ(all<Notify>()[0].event, "tunnel-error");
  EXPECT_EQ(all<Notify>()[0].fields["address"], kMag1.to_string());
  EXPECT_EQ(all<Notify>()[0].fields["mtu"], 1400);
  hear(about({}, TunnelErrorKind::TooBig, 1400));
  EXPECT_THAT(all<Notify>(), IsEmpty());
  EXPECT_EQ(counted("unanswered"), 2U);
}

TEST_F(AnchorsTunnels, NobodyIsToldOfWhatIsNotInThisTunnel) {
  auto of_other_tunnel = about(quoted(prefix_.with_interface_id(7)));
  of_other_tunnel.peer = kMag2;
  hear(of_other_tunnel);
  EXPECT_THAT(actions, IsEmpty());
  auto from_elsewhere = about(quoted(prefix_.with_interface_id(7)));
  from_elsewhere.local = kMag2;
  hear(from_elsewhere);
  EXPECT_THAT(actions, IsEmpty());
  EXPECT_EQ(counted("unknown_tunnel"), 2U);
  hear(about(quoted(address("2001:db8:dead::1"))));
  EXPECT_THAT(all<SendIcmpv6>(), IsEmpty());
}

}  // namespace
}  // namespace flowmob::core
