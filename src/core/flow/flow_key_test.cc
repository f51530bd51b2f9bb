// SPDX-License-Identifier: Apache-2.0
#include "core/flow/flow_key.h"

#include <gtest/gtest.h>

namespace flowmob::core {
namespace {

FlowKey key(std::string_view text) { return parse_flow_key(text).value(); }
Ipv6Address at(const char* text) { return Ipv6Address::parse(text).value(); }

TEST(FlowKey, IsReadAndWritten) {
  for (const std::string text :
       {"udp,2001:db8:c::10,5004,2001:db8:100::10,4000", "icmpv6,2001:db8:c::10,2001:db8:100::10",
        "tcp,192.0.2.1,80,198.51.100.7,40000", "89,2001:db8:c::10,2001:db8:100::10"})
    EXPECT_EQ(to_string(key(text)), text);
  EXPECT_EQ(key("17,2001:db8::1,1,2001:db8::2,2"), key("udp,2001:db8::1,1,2001:db8::2,2"));
  EXPECT_EQ(key("udp,192.0.2.1,1,192.0.2.2,2").flow_label, std::nullopt);
  EXPECT_EQ(key("udp,2001:db8::1,1,2001:db8::2,2").flow_label, 0U);
}

TEST(FlowKey, SaysWhatIsWrong) {
  for (const char* text : {"", "udp", "udp,::1,1,::2", "udp,::1,::2", "icmpv6,::1,1,::2,2", "udp,::1,1,x,2",
                           "udp,::1,65536,::2,2", "udp,::1,-1,::2,2", "udp,192.0.2.1,1,::2,2", "256,::1,::2",
                           "udp,::1,1,::2,2,"}) {
    const auto parsed = parse_flow_key(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, "bad-flow");
  }
}

/// RFC 6088 section 3.2: ranges are inclusive, what is absent matches everything.
TEST(FlowKey, SelectorsAreHeldAgainstIt) {
  const FlowKey video = key("udp,2001:db8:c::10,5004,2001:db8:100::10,4000");
  wire::TrafficSelector6 s;
  EXPECT_EQ(first_mismatch(s, video), std::nullopt);
  s.source_port = {5004, 5005};
  s.next_header = {17, 17};
  s.source = wire::Range<Ipv6Address>{at("2001:db8:c::10"), at("2001:db8:c::11")};
  EXPECT_EQ(first_mismatch(s, video), std::nullopt);
  s.source_port = {5000, 5004};
  EXPECT_EQ(first_mismatch(s, video), std::nullopt);
  s.source_port = {5005, 5006};
  EXPECT_EQ(first_mismatch(s, video), "source_port");
  s.source = wire::Range<Ipv6Address>{at("2001:db8:c::"), at("2001:db8:c::f")};
  EXPECT_EQ(first_mismatch(s, video), "source");
}

TEST(FlowKey, WhatItLacksMatchesNoRange) {
  FlowKey ping = key("icmpv6,2001:db8:c::10,2001:db8:100::10");
  wire::TrafficSelector6 ports, spi, label;
  ports.destination_port = {0, 65535};
  spi.spi = {0, 0xffffffff};
  label.flow_label = {0, 0xfffff};
  EXPECT_EQ(first_mismatch(ports, ping), "destination_port");
  EXPECT_EQ(first_mismatch(spi, ping), "spi");
  EXPECT_EQ(first_mismatch(label, ping), std::nullopt);
  EXPECT_EQ(first_mismatch(label, key("icmp,192.0.2.1,192.0.2.2")), "flow_label");
}

TEST(FlowKey, RangesOfIpv4MappedAddressesAreOfIpv4) {  // RFC 6088 section 3.1
  wire::TrafficSelector6 mapped;
  mapped.source = wire::Range<Ipv6Address>{at("::ffff:192.0.2.0"), at("::ffff:192.0.2.127")};
  EXPECT_EQ(first_mismatch(mapped, key("icmp,192.0.2.127,192.0.2.2")), std::nullopt);
  EXPECT_EQ(first_mismatch(mapped, key("icmp,192.0.2.128,192.0.2.2")), "source");
  EXPECT_EQ(first_mismatch(mapped, key("icmpv6,2001:db8::1,2001:db8::2")), "source");
  mapped.source = wire::Range<Ipv6Address>{at("::"), at("ffff:ffff::")};
  EXPECT_EQ(first_mismatch(mapped, key("icmp,192.0.2.1,192.0.2.2")), std::nullopt) << "all of them";
}

}  // namespace
}  // namespace flowmob::core
