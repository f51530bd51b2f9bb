// SPDX-License-Identifier: Apache-2.0
#include "base/ipv4.h"

#include <gtest/gtest.h>

namespace flowmob {
namespace {

Ipv4Interface made(const char* text) { return Ipv4Interface::parse(text).value(); }

TEST(Ipv4, NumbersKeepTheirOrder) {
  const auto address = Ipv4Address::parse("192.0.2.1").value();
  EXPECT_EQ(to_number(address), 0xc0000201U);
  EXPECT_EQ(to_ipv4(0xc0000201U), address);
}

TEST(Ipv4, MappedAddressesStandForPlainOnes) {
  const auto plain = Ipv4Address::parse("192.0.2.1").value();
  const auto mapped = Ipv6Address::parse("::ffff:192.0.2.1").value();
  EXPECT_EQ(to_mapped(plain), mapped);
  EXPECT_EQ(from_mapped(mapped), plain);
  EXPECT_EQ(written(mapped), plain.to_string());
  EXPECT_TRUE(is_mapped(mapped));
  for (const char* other : {"::", "::192.0.2.1", "2001:db8::ffff:192.0.2.1"})
    EXPECT_FALSE(is_mapped(Ipv6Address::parse(other).value())) << other;
}

TEST(Ipv4, InterfaceKnowsItsSubnet) {
  const auto one = made("192.0.2.130/25");
  EXPECT_EQ(one.mask().to_string(), "255.255.255.128");
  EXPECT_EQ(one.first().to_string(), "192.0.2.128");
  EXPECT_EQ(one.last().to_string(), "192.0.2.255");
  EXPECT_TRUE(one.contains(Ipv4Address::parse("192.0.2.200").value()));
  EXPECT_FALSE(one.contains(Ipv4Address::parse("192.0.2.1").value()));
  EXPECT_EQ(one.to_string(), "192.0.2.130/25");
  EXPECT_EQ(made("10.0.0.1/0").mask().to_string(), "0.0.0.0");
  EXPECT_EQ(made("10.0.0.1/32").mask().to_string(), "255.255.255.255");
}

TEST(Ipv4, SubnetsOverlapEitherWayRound) {
  EXPECT_TRUE(made("10.0.0.1/8").overlaps(made("10.9.0.1/24")));
  EXPECT_TRUE(made("10.9.0.1/24").overlaps(made("10.0.0.1/8")));
  EXPECT_FALSE(made("10.9.0.1/24").overlaps(made("10.8.0.1/24")));
}

TEST(Ipv4, RefusesWhatIsNone) {
  for (const char* text : {"", "10.0.0.1", "10.0.0.1/", "10.0.0.1/33", "10.0.0/8", "10.0.0.1/8x", "::1/64"})
    EXPECT_FALSE(Ipv4Interface::parse(text)) << text;
}

}  // namespace
}  // namespace flowmob
