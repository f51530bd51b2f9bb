// SPDX-License-Identifier: Apache-2.0
#include "core/tunnel/encapsulation.h"

#include <gtest/gtest.h>

#include "base/ipv4.h"
#include "core/tunnel/ipv4_packet.h"

namespace flowmob::core {
namespace {

const Ipv6Address kOne = Ipv6Address::parse("2001:db8:a::1").value(),
                  kOther = Ipv6Address::parse("2001:db8:1::1").value(),
                  kOne4 = Ipv6Address::parse("::ffff:192.0.2.9").value(),
                  kOther4 = Ipv6Address::parse("::ffff:192.0.2.1").value();
Bytes some_packet() {
  Bytes packet{0x45, 0xb9, 0, 40};
  packet.resize(40);
  return packet;
}
std::string hex_from(const Bytes& octets, std::size_t at, std::size_t count) {
  return to_hex(ByteView(octets).subspan(at, count));
}

TEST(EncapsulateIpv4, InIpv6) {
  const auto tunnelled = encapsulate_ipv4({kOne, kOther, Encapsulation::Plain}, some_packet());
  EXPECT_EQ(hex_from(tunnelled, 0, 8), "6b90000000280440");
  EXPECT_EQ(hex_from(tunnelled, 8, 16), to_hex(kOne.octets));
  EXPECT_EQ(hex_from(tunnelled, 24, 16), to_hex(kOther.octets));
  EXPECT_EQ(Bytes(tunnelled.begin() + 40, tunnelled.end()), some_packet());
}

TEST(EncapsulateIpv4, InIpv4) {
  const auto tunnelled = encapsulate_ipv4({kOne4, kOther4, Encapsulation::Plain}, some_packet());
  const auto outer = Ipv4View::read(tunnelled).value();
  EXPECT_EQ(internet_checksum(ByteView(tunnelled).first(20)), 0);
  EXPECT_EQ(outer.length, 60U);
  EXPECT_EQ(outer.tos, 0xb9);
  EXPECT_EQ(outer.ttl, 64);
  EXPECT_EQ(outer.protocol, 4);
  EXPECT_TRUE(outer.dont_fragment());
  EXPECT_EQ(outer.source, from_mapped(kOne4));
  EXPECT_EQ(outer.destination, from_mapped(kOther4));
  EXPECT_EQ(Bytes(tunnelled.begin() + 20, tunnelled.end()), some_packet());
}

TEST(EncapsulateIpv4, BehindGre) {
  const auto plain = encapsulate_ipv4({kOne, kOther, Encapsulation::Gre}, some_packet());
  EXPECT_EQ(hex_from(plain, 4, 3), "002c2f");
  EXPECT_EQ(hex_from(plain, 40, 4), "00000800");
  const auto keyed =
      encapsulate_ipv4({kOne4, kOther4, Encapsulation::GreWithKeys, 0x01020304}, some_packet());
  EXPECT_EQ(Ipv4View::read(keyed)->protocol, 47);
  EXPECT_EQ(hex_from(keyed, 20, 8), "2000080001020304");
  EXPECT_EQ(Bytes(keyed.begin() + 28, keyed.end()), some_packet());
}

TEST(EncapsulateIpv4, BehindUdp) {
  const auto tunnelled = encapsulate_ipv4({kOne4, kOther4, Encapsulation::Udp}, some_packet());
  EXPECT_EQ(Ipv4View::read(tunnelled)->protocol, 17);
  EXPECT_EQ(hex_from(tunnelled, 20, 8), "153d153d00300000");
  EXPECT_EQ(Bytes(tunnelled.begin() + 28, tunnelled.end()), some_packet());
}

}  // namespace
}  // namespace flowmob::core
