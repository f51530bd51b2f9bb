// SPDX-License-Identifier: Apache-2.0
#include "capture/packet.h"

#include <gtest/gtest.h>

namespace flowmob::capture {
namespace {

Bytes hex(std::string_view text) { return from_hex(text).value(); }
Bytes join(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

Bytes ipv6(std::uint8_t next, const Bytes& payload, const char* last = "01", std::size_t claimed = 0) {
  const std::size_t length = claimed != 0 ? claimed : payload.size();
  Bytes header = hex("60000000");
  header.insert(header.end(),
                {static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length), next, 64});
  header = join(header, hex("20010db80000000000000000000000" + std::string(last)));
  return join(join(header, hex("20010db80000000000000000000000ff")), payload);
}
const Bytes kTransport = hex("0102030405060708");

TEST(Frame, EveryLinkTypeGivesTheSamePacket) {
  const Bytes packet = ipv6(17, kTransport);
  const struct {
    std::uint32_t link_type;
    const char* header;
  } links[] = {
      {kEthernet, "020000000001 020000000002 86dd"},
      {kEthernet, "020000000001 020000000002 8100 0001 86dd"},
      {kEthernet, "020000000001 020000000002 88a8 0001 8100 0002 86dd"},
      {kLinuxCooked, "0000 0001 0006 0200000000010000 86dd"},
      {kLinuxCooked2, "86dd 0000 00000003 0001 00 06 0200000000010000"},
      {kRaw, ""},
      {kRawIpv6, ""},
      {kRawOpenBsd, ""},
  };
  for (const auto& [link_type, header] : links) {
    EXPECT_TRUE(is_known_link_type(link_type));
    const Bytes frame = join(hex(header), packet);
    const auto found = ipv6_in_frame(link_type, frame);
    ASSERT_TRUE(found) << link_type;
    EXPECT_EQ(Bytes(found->begin(), found->end()), packet);
    for (std::size_t length = 0; length < frame.size(); ++length) {
      const auto part = ipv6_in_frame(link_type, ByteView(frame).first(length));
      if (part) static_cast<void>(innermost(*part));
    }
  }
}

TEST(Frame, OtherProtocolsAndLinks) {
  EXPECT_FALSE(ipv6_in_frame(kEthernet, hex("020000000001 020000000002 0800 45")));
  EXPECT_FALSE(ipv6_in_frame(kRaw, hex("45")));
  EXPECT_FALSE(ipv6_in_frame(kLinuxCooked2, hex("0800 0000 00000003 0001 00 06 0200000000010000")));
  EXPECT_FALSE(ipv6_in_frame(105, ipv6(17, kTransport)));
  EXPECT_FALSE(is_known_link_type(105));
}

TEST(Packet, BehindExtensionHeadersAndTunnels) {
  const Bytes options = hex("2b 00 0104 00000000"), routing = hex("3c 01 0400 00000000 0000000000000000"),
              destination = hex("11 00 0104 00000000");
  const Bytes inner = ipv6(0, join(join(join(options, routing), destination), kTransport), "02");
  const Bytes packet = ipv6(60, join(hex("29 00 0401 04 01 0000"), ipv6(41, inner, "03")), "04");
  const auto facts = innermost(packet);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->tunnels, 2U);
  EXPECT_EQ(facts->source.to_string(), "2001:db8::2");
  EXPECT_EQ(facts->protocol, 17);
  EXPECT_EQ(facts->hop_limit, 64);
  EXPECT_EQ(facts->transport_length, kTransport.size());
  EXPECT_EQ(facts->packet_length, inner.size());
  EXPECT_EQ(Bytes(facts->transport.begin(), facts->transport.end()), kTransport);
  for (std::size_t length = 0; length < packet.size(); ++length)
    static_cast<void>(innermost(ByteView(packet).first(length)));
}

TEST(Packet, LengthsAreThePacketsOwn) {
  const Bytes filled = join(ipv6(17, kTransport), Bytes(6));  // filled up by Ethernet
  EXPECT_EQ(innermost(filled)->transport.size(), kTransport.size());
  const Bytes cut = ipv6(17, kTransport, "01", 1000);
  EXPECT_EQ(innermost(cut)->transport_length, 1000U);
  EXPECT_EQ(innermost(cut)->transport.size(), kTransport.size());
}

TEST(Packet, Fragments) {
  const auto fragment = [](const char* header) {
    return innermost(ipv6(44, join(hex(header), kTransport))).value();
  };
  EXPECT_TRUE(fragment("11 00 0001 00000001").fragment);
  EXPECT_TRUE(fragment("11 00 0001 00000001").first_fragment);
  EXPECT_TRUE(fragment("11 00 0008 00000001").fragment);
  EXPECT_FALSE(fragment("11 00 0008 00000001").first_fragment);
  EXPECT_FALSE(fragment("11 00 0000 00000001").fragment) << "atomic, RFC 6946";
  EXPECT_EQ(fragment("29 00 0001 00000001").protocol, 41) << "a tunnelled packet is not looked for in a part";
}

TEST(Packet, NestingHasAnEnd) {
  Bytes packet = ipv6(17, kTransport);
  for (int i = 0; i < 8; ++i) packet = ipv6(41, packet);
  EXPECT_TRUE(innermost(packet));
  EXPECT_FALSE(innermost(ipv6(41, packet)));
  EXPECT_FALSE(innermost(hex("45000014")));
  EXPECT_FALSE(innermost({}));
}

}  // namespace
}  // namespace flowmob::capture
