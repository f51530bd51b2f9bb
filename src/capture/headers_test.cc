// SPDX-License-Identifier: Apache-2.0
#include "capture/headers.h"

#include <gtest/gtest.h>

namespace flowmob::capture {
namespace {

Bytes hex(const std::string& text) { return from_hex(text).value(); }

const std::string kFrom = "20010db8000c0000 0000000000000010", kTo = "20010db801000000 0000000000000010";
const std::string kUdpPart = "138c 0fa0 0008 0000";  // 5004, 4000
std::string ipv6(const std::string& next, const std::string& rest) {
  return "60000000 0100" + next + "40" + kFrom + kTo + rest;
}
std::string ipv4(const std::string& protocol, const std::string& rest, const std::string& fragment = "0000") {
  return "45000028 0000" + fragment + "40" + protocol + "0000 c0000201 c6336402" + rest;
}

TEST(HeadersOf, ReadsAddressesProtocolAndPorts) {
  const auto all = headers_of(hex(ipv6("11", kUdpPart)));
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].source.to_string(), "2001:db8:c::10");
  EXPECT_EQ(all[0].destination.to_string(), "2001:db8:100::10");
  EXPECT_EQ(protocol_name(all[0].protocol), "udp");
  ASSERT_TRUE(all[0].ports);
  EXPECT_EQ(all[0].ports->source, 5004);
  EXPECT_EQ(all[0].ports->destination, 4000);
}

TEST(HeadersOf, ReadsIpv4) {
  const auto all = headers_of(hex(ipv4("11", kUdpPart)));
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].source.to_string(), "::ffff:192.0.2.1");
  EXPECT_EQ(all[0].destination.to_string(), "::ffff:198.51.100.2");
  EXPECT_EQ(all[0].ports->source, 5004);
}

TEST(HeadersOf, FollowsTunnelsOfEveryKind) {
  const std::string inner = ipv6("11", kUdpPart);
  for (const auto& packet :
       {ipv6("29", inner), ipv4("29", inner), ipv6("2f", "0000 86dd" + inner),
        ipv6("2f", "2000 86dd 00000007" + inner), ipv4("11", "153d 153d 0000 0000" + inner),
        ipv6("3c", "2900 0401 0401 0000" + inner)}) {
    const auto all = headers_of(hex(packet));
    ASSERT_EQ(all.size(), 2U) << packet;
    ASSERT_TRUE(all[1].ports) << packet;
    EXPECT_EQ(all[1].ports->destination, 4000) << packet;
  }
}

TEST(HeadersOf, FragmentsBehindTheFirstHaveNoPorts) {
  EXPECT_TRUE(headers_of(hex(ipv6("2c", "1100 0001 00000001" + kUdpPart)))[0].ports) << "the first";
  const auto later = headers_of(hex(ipv6("2c", "1100 0009 00000001" + kUdpPart)));
  ASSERT_EQ(later.size(), 1U);
  EXPECT_EQ(later[0].protocol, 17);
  EXPECT_FALSE(later[0].ports);
  EXPECT_FALSE(headers_of(hex(ipv4("11", kUdpPart, "0002")))[0].ports);
  EXPECT_EQ(headers_of(hex(ipv4("29", ipv6("11", kUdpPart), "0002"))).size(), 1U);
}

TEST(HeadersOf, OctetsThatAreCutOffAnywhereAreNoTrouble) {
  const auto whole =
      hex(ipv6("3c", "2900 0401 0401 0000" + ipv6("2f", "2000 86dd 00000007" + ipv4("11", kUdpPart))));
  EXPECT_EQ(headers_of(whole).size(), 3U);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_EQ(headers_of(part).empty(), length < 40) << length;
  }
}

TEST(HeadersOf, WhatIsNoIpHasNone) {
  EXPECT_TRUE(headers_of({}).empty());
  EXPECT_TRUE(headers_of(hex("70" + std::string(100, '0'))).empty());
  EXPECT_EQ(headers_of(hex("4f000014" + std::string(32, '0'))).size(), 1U)
      << "a header longer than the packet";
}

TEST(HeadersOf, NestingEnds) {
  std::string packet = ipv6("11", kUdpPart);
  for (int i = 0; i < 20; ++i) packet = ipv6("29", packet);
  EXPECT_EQ(headers_of(hex(packet)).size(), 4U);
}

TEST(ProtocolName, IsTheNumberWhereThereIsNone) { EXPECT_EQ(protocol_name(200), "200"); }

}  // namespace
}  // namespace flowmob::capture
