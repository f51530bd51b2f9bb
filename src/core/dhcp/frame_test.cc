// SPDX-License-Identifier: Apache-2.0
#include "core/dhcp/frame.h"

#include <gtest/gtest.h>

namespace flowmob::core::dhcp {
namespace {

const MacAddress kNode{{2, 0, 0, 0, 0, 1}}, kRouter{{0, 0, 0x5e, 0, 0x52, 0x13}};
const Ipv4Address kHome{{192, 0, 2, 2}}, kGateway{{192, 0, 2, 1}};

UdpPacket udp() { return {kNode, kRouter, kHome, kGateway, kClientPort, kServerPort, {1, 2, 3}}; }
ArpPacket arp() { return {kNode, kBroadcastMac, false, kNode, {}, kHome, kGateway}; }

TEST(DhcpFrame, UdpComesBack) {
  const auto back = decode_udp(encode(udp()));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->payload, udp().payload);
  EXPECT_EQ(back->source, kHome);
  EXPECT_EQ(back->destination, kGateway);
  EXPECT_EQ(back->source_port, kClientPort);
  EXPECT_EQ(back->destination_port, kServerPort);
  EXPECT_EQ(back->link_source, kNode);
  EXPECT_EQ(back->link_destination, kRouter);
}

/// RFC 826 by hand: who-has 192.0.2.1 tell 192.0.2.2.
TEST(DhcpFrame, ArpIsThatOfTheRfc) {
  const Bytes expected = from_hex(
                             "ffffffffffff 020000000001 0806 0001 0800 06 04 0001"
                             "020000000001 c0000202 000000000000 c0000201")
                             .value();
  EXPECT_EQ(encode(arp()), expected);
  const auto back = decode_arp(expected);
  ASSERT_TRUE(back);
  EXPECT_FALSE(back->reply);
  EXPECT_EQ(back->sender_mac, kNode);
  EXPECT_EQ(back->target, kGateway);
}

TEST(DhcpFrame, EveryFlippedBitOfTheHeadersIsNoticed) {
  const Bytes whole = encode(udp());
  for (std::size_t bit = 8 * 14; bit < 8 * whole.size(); ++bit) {
    Bytes broken = whole;
    broken[bit / 8] = static_cast<std::uint8_t>(broken[bit / 8] ^ 0x80 >> bit % 8);
    EXPECT_FALSE(decode_udp(broken)) << "bit " << bit;
  }
}

TEST(DhcpFrame, CutShortIsNothing) {
  for (const Bytes& whole : {encode(udp()), encode(arp())})
    for (std::size_t length = 0; length < whole.size(); ++length) {
      EXPECT_FALSE(decode_udp(ByteView(whole).first(length)));
      EXPECT_FALSE(decode_arp(ByteView(whole).first(length)));
    }
}

TEST(DhcpFrame, PaddingIsNotPayload) {
  Bytes padded = encode(udp());
  padded.resize(padded.size() + 20, 0xff);
  EXPECT_EQ(decode_udp(padded)->payload, udp().payload);
}

}  // namespace
}  // namespace flowmob::core::dhcp
