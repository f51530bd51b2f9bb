// SPDX-License-Identifier: Apache-2.0
#include "core/dhcp6/message6.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/dhcp6/frame6.h"

namespace flowmob::core::dhcp6 {
namespace {

/// RFC 8415 by hand: a Solicit with a DUID-LL and an IA_PD that hints at 2001:db8:f00::/60.
TEST(Dhcp6Message, IsThatOfTheRfc) {
  const Bytes octets = from_hex(
                           "01 0a0b0c 0001 000a 00030001 020000000001"
                           "0019 0029 00000007 00000000 00000000"
                           "001a 0019 00000064 000000c8 3c 20010db80f0000000000000000000000")
                           .value();
  const auto message = decode(octets);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->type, Type::Solicit);
  EXPECT_EQ(message->transaction, 0x0a0b0cU);
  ASSERT_TRUE(message->find(option::kIaPd));
  const auto ia = decode_ia_pd(*message->find(option::kIaPd));
  ASSERT_TRUE(ia);
  EXPECT_EQ(*ia, (IaPd{7, 0, 0, {{100, 200, Ipv6Prefix::parse("2001:db8:f00::/60").value()}}, {}}));
  EXPECT_EQ(encode(*message), octets);
  EXPECT_EQ(encode(*ia), *message->find(option::kIaPd));
}

TEST(Dhcp6Message, WhatIsShorterThanItSaysIsNone) {
  const Bytes whole = from_hex("01 0a0b0c 0001 0004 00030001").value();
  ASSERT_TRUE(decode(whole));
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_EQ(decode(ByteView(whole).first(length)).has_value(), length == 4) << length;
}

TEST(Dhcp6Message, OfRelaysThereAreNone) {
  for (const std::uint8_t type : Bytes{0, 12, 13, 255}) EXPECT_FALSE(decode(Bytes{type, 0, 0, 0}));
}

TEST(Dhcp6Message, APrefixThatCannotBeIsLeftOut) {
  IaPd ia{1, 0, 0, {{300, 200, Ipv6Prefix::parse("2001:db8::/60").value()}}, Status::NoBinding};
  EXPECT_TRUE(decode_ia_pd(encode(ia))->prefixes.empty());
  EXPECT_EQ(decode_ia_pd(encode(ia))->status, Status::NoBinding);
  ia.prefixes[0].preferred = 100;
  Bytes data = encode(ia);
  EXPECT_EQ(decode_ia_pd(data)->prefixes.size(), 1U);
  data[12 + 4 + 8] = 129;
  EXPECT_TRUE(decode_ia_pd(data)->prefixes.empty());
  EXPECT_FALSE(decode_ia_pd(ByteView(data).first(11)));
}

RC_GTEST_PROP(Dhcp6Message, ComesBackAsItWas, ()) {
  Message message{
      static_cast<Type>(*rc::gen::inRange(1, 12)), *rc::gen::inRange<std::uint32_t>(0, 1 << 24), {}};
  for (int count = *rc::gen::inRange(0, 5); count > 0; --count)
    message.add(*rc::gen::arbitrary<std::uint16_t>(), *rc::gen::arbitrary<Bytes>());
  RC_ASSERT(decode(encode(message)) == message);
}

RC_GTEST_PROP(Dhcp6Message, AnyOctetsAreReadOrRefused, ()) {
  const auto octets = *rc::gen::arbitrary<Bytes>();
  if (const auto message = decode(octets)) RC_ASSERT(encode(*message) == octets);
  if (const auto ia = decode_ia_pd(octets)) RC_ASSERT(decode_ia_pd(encode(*ia)) == ia);
  static_cast<void>(decode_udp6(octets));
}

TEST(Dhcp6Frame, ComesBackAndNothingThatWasChangedDoes) {
  const Udp6Packet packet{{{2, 0, 0, 0, 0, 1}},
                          {{0x33, 0x33, 0, 1, 0, 2}},
                          Ipv6Address::parse("fe80::1").value(),
                          kAllServers,
                          kClientPort,
                          kServerPort,
                          {1, 2, 3}};
  const Bytes frame = encode(packet);
  const auto back = decode_udp6(frame);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->payload, packet.payload);
  EXPECT_EQ(back->link_source, packet.link_source);
  EXPECT_EQ(back->source, packet.source);
  EXPECT_EQ(back->destination_port, kServerPort);
  constexpr std::size_t kAddresses = 22;  // what is before them has no checksum
  for (std::size_t at = kAddresses; at < frame.size(); ++at) {
    Bytes changed = frame;
    changed[at] ^= 1;
    EXPECT_FALSE(decode_udp6(changed)) << at;
    EXPECT_FALSE(decode_udp6(ByteView(frame).first(at))) << at;
  }
}

}  // namespace
}  // namespace flowmob::core::dhcp6
