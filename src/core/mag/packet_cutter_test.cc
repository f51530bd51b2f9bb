// SPDX-License-Identifier: Apache-2.0
#include "core/mag/packet_cutter.h"

#include "core/mag/ipv4_fixture_for_test.h"
#include "core/tunnel/ipv4_fragment.h"
#include "core/tunnel/ipv4_packet.h"

namespace flowmob::core {
namespace {

class Ipv4TooBig : public Ipv4Gateway {
 protected:
  Ipv4TooBig() { register_with_ipv4(); }

  static Bytes too_big(std::uint16_t flags = 0) {
    Bytes packet = ipv4_header(ip("192.0.2.2"), ip("198.51.100.10"), 50, 1480, 0xb9, flags);
    packet.resize(1500, 0x55);
    return packet;
  }
  void hand_over(const Bytes& packet, SessionId attachment) {
    clear();
    gateway->handle_too_big(now, attachment, 1420, packet);
    drain();
  }
  SessionId attachment() { return SessionId{only_binding().at("session").get<std::uint32_t>()}; }
};

TEST_F(Ipv4TooBig, GoesInPiecesThroughTheNodesTunnel) {
  hand_over(too_big(), attachment());
  const auto pieces = cut_ipv4(too_big(), 1420);
  ASSERT_EQ(pieces.size(), 2U);
  ASSERT_EQ(packets.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(packets[i][6], 4);
    EXPECT_EQ(Ipv6Address::from_bytes(ByteView(packets[i]).subspan(8, 16)), kMag);
    EXPECT_EQ(Ipv6Address::from_bytes(ByteView(packets[i]).subspan(24, 16)), kLma);
    EXPECT_EQ(Bytes(packets[i].begin() + 40, packets[i].end()), pieces[i]);
  }
  EXPECT_EQ(counter("messages", "packets_cut"), 1U);
}

TEST_F(Ipv4TooBig, NotOfANodeThatIsGone) {
  hand_over(too_big(), SessionId{attachment().value + 1});
  EXPECT_TRUE(packets.empty());
  EXPECT_EQ(counter("drops", "cut-without-ipv4"), 1U);
}

TEST_F(Ipv4TooBig, NotWhatMustNotBeCut) {
  hand_over(too_big(kDontFragment), attachment());
  hand_over(Bytes(10, 0x45), attachment());
  EXPECT_TRUE(packets.empty());
  EXPECT_EQ(counter("drops", "cut-refused"), 2U);
}

}  // namespace
}  // namespace flowmob::core
