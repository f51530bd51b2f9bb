// SPDX-License-Identifier: Apache-2.0
#include "base/address.h"

#include <gtest/gtest.h>

namespace flowmob {
namespace {

TEST(Ipv6Address, ParsesAndPrintsCanonically) {
  EXPECT_EQ(Ipv6Address::parse("2001:DB8:0:0::1")->to_string(), "2001:db8::1");
  EXPECT_EQ(Ipv6Address::parse("nonsense").error().code, "bad-address");
  EXPECT_FALSE(Ipv6Address::parse(std::string_view("::1\0x", 5)));
}

TEST(Ipv6Address, KnowsItsKinds) {
  EXPECT_TRUE(Ipv6Address::parse("fe80::1")->is_link_local());
  EXPECT_TRUE(Ipv6Address::parse("febf::1")->is_link_local());
  EXPECT_FALSE(Ipv6Address::parse("fec0::1")->is_link_local());
  EXPECT_TRUE(Ipv6Address::parse("ff02::1")->is_multicast());
  EXPECT_TRUE(Ipv6Address::parse("2001:db8::1")->is_routable_unicast());
  for (const auto* text : {"::", "::1", "fe80::1", "ff02::1"})
    EXPECT_FALSE(Ipv6Address::parse(text)->is_routable_unicast()) << text;
}

TEST(Ipv6Prefix, RefusesHostBitsAndBadLengths) {
  EXPECT_EQ(Ipv6Prefix::parse("2001:db8:1::/48")->to_string(), "2001:db8:1::/48");
  for (const auto* text :
       {"2001:db8::1/64", "2001:db8::/129", "2001:db8::", "2001:db8::/", "2001:db8::/6x", "x/64"})
    EXPECT_EQ(Ipv6Prefix::parse(text).error().code.substr(0, 4), "bad-") << text;
}

TEST(Ipv6Prefix, ContainsAndOverlaps) {
  const auto wide = *Ipv6Prefix::parse("2001:db8::/37");
  const auto narrow = *Ipv6Prefix::parse("2001:db8:7ff::/64");
  EXPECT_TRUE(wide.contains(narrow));
  EXPECT_FALSE(narrow.contains(wide));
  EXPECT_TRUE(narrow.overlaps(wide));
  EXPECT_FALSE(wide.contains(*Ipv6Address::parse("2001:db8:800::")));
}

TEST(MacAddress, MakesTheModifiedEui64) {
  const auto mac = *MacAddress::parse("00-0C-F1-56-98-AA");
  EXPECT_EQ(mac.to_string(), "00:0c:f1:56:98:aa");
  EXPECT_EQ(Ipv6Prefix::parse("fe80::/64")->with_interface_id(mac.eui64_interface_id()).to_string(),
            "fe80::20c:f1ff:fe56:98aa");
  EXPECT_FALSE(MacAddress::parse("00:0c:f1:56:98"));
  EXPECT_FALSE(MacAddress::parse("00:0c:f1:56:98:zz"));
}

TEST(Hex, RoundTripsAndRefuses) {
  EXPECT_EQ(to_hex(*from_hex("00:ff 7A")), "00ff7a");
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
}

}  // namespace
}  // namespace flowmob
