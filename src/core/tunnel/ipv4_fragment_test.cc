// SPDX-License-Identifier: Apache-2.0
#include "core/tunnel/ipv4_fragment.h"

#include <gtest/gtest.h>

#include "core/tunnel/ipv4_packet.h"

namespace flowmob::core {
namespace {

struct Packet4 {
  std::uint16_t fragment = 0;
  std::uint8_t ttl = 9, protocol = 50;
  Bytes options{};
  std::size_t payload = 1480;

  Bytes build() const {
    Bytes octets{0x45, 0xb9, 0, 0, 0x12, 0x34, 0, 0, ttl, protocol, 0, 0, 192, 0, 2, 2, 198, 51, 100, 10};
    append(octets, options);
    octets[0] = static_cast<std::uint8_t>(0x40 | octets.size() / 4);
    const auto length = octets.size() + payload;
    octets[2] = static_cast<std::uint8_t>(length >> 8);
    octets[3] = static_cast<std::uint8_t>(length);
    octets[6] = static_cast<std::uint8_t>(fragment >> 8);
    octets[7] = static_cast<std::uint8_t>(fragment);
    const auto sum = internet_checksum(octets);
    octets[10] = static_cast<std::uint8_t>(sum >> 8);
    octets[11] = static_cast<std::uint8_t>(sum);
    for (std::size_t i = 0; i < payload; ++i) octets.push_back(static_cast<std::uint8_t>(i * 7));
    return octets;
  }
};

/// What holds of all parts; gives what is behind their headers, put together.
Bytes reassembled(const std::vector<Bytes>& parts, std::size_t mtu, std::size_t first_offset = 0,
                  bool more_follow = false) {
  Bytes payload;
  for (const auto& part : parts) {
    const auto ip = Ipv4View::read(part).value();
    EXPECT_LE(part.size(), mtu);
    EXPECT_EQ(ip.length, part.size());
    EXPECT_EQ(internet_checksum(ByteView(part).first(ip.header)), 0);
    EXPECT_EQ(ip.offset() * 8, first_offset * 8 + payload.size());
    EXPECT_EQ((ip.fragment & kMoreFragments) != 0, more_follow || &part != &parts.back());
    EXPECT_EQ(ip.ttl, 8);
    EXPECT_EQ(ip.tos, 0xb9);
    EXPECT_EQ(part[4] << 8 | part[5], 0x1234);
    payload.insert(payload.end(), part.begin() + static_cast<std::ptrdiff_t>(ip.header), part.end());
  }
  return payload;
}

Bytes behind_header(const Bytes& packet, std::size_t header = 20) {
  return Bytes(packet.begin() + static_cast<std::ptrdiff_t>(header), packet.end());
}

TEST(CutIpv4, PartsAreAsLongAsTheyMayAndGiveTheWhole) {
  const auto packet = Packet4{}.build();
  for (const std::size_t mtu : {1460U, 1452U, 1400U, 576U, 68U, 28U}) {
    const auto parts = cut_ipv4(packet, mtu);
    EXPECT_EQ(parts.size(), (1480 + (mtu - 20) / 8 * 8 - 1) / ((mtu - 20) / 8 * 8)) << mtu;
    EXPECT_EQ(reassembled(parts, mtu), behind_header(packet)) << mtu;
  }
}

TEST(CutIpv4, OfAFragmentThePartsKnowTheirPlace) {
  const auto middle = Packet4{.fragment = kMoreFragments | 185}.build();
  EXPECT_EQ(reassembled(cut_ipv4(middle, 1000), 1000, 185, true), behind_header(middle));
  const auto last = Packet4{.fragment = 185}.build();
  EXPECT_EQ(reassembled(cut_ipv4(last, 1000), 1000, 185), behind_header(last));
}

TEST(CutIpv4, OptionsAreCopiedWhereTheySaySo) {
  // No operation; record route, not copied; router alert, copied; end.
  const Bytes options{1, 7, 7, 4, 0, 0, 0, 0, 0x94, 4, 0, 0, 0, 0, 0, 0};
  const auto packet = Packet4{.options = options}.build();
  const auto parts = cut_ipv4(packet, 800);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(reassembled(parts, 800), behind_header(packet, 36));
  EXPECT_EQ(Bytes(parts[0].begin() + 20, parts[0].begin() + 36), options);
  EXPECT_EQ(Ipv4View::read(parts[1])->header, 24U);
  EXPECT_EQ(Bytes(parts[1].begin() + 20, parts[1].begin() + 24), (Bytes{0x94, 4, 0, 0}));
}

TEST(CutIpv4, OptionsThatCannotBeReadEndTheList) {
  const auto packet = Packet4{.options = {0x94, 4, 0, 0, 0x95, 9, 0, 0}}.build();
  EXPECT_EQ(Ipv4View::read(cut_ipv4(packet, 800).at(1))->header, 24U);
  const auto empty = Packet4{.options = {0x94, 0, 0, 0}}.build();
  EXPECT_EQ(Ipv4View::read(cut_ipv4(empty, 800).at(1))->header, 20U);
}

TEST(CutIpv4, WhatFitsStaysWhole) {
  const auto packet = Packet4{.payload = 100}.build();
  EXPECT_EQ(reassembled(cut_ipv4(packet, 120), 120), behind_header(packet));
}

TEST(CutIpv4, WhatMustNotBeCutIsNot) {
  EXPECT_TRUE(cut_ipv4(Packet4{.fragment = kDontFragment}.build(), 1000).empty());
  EXPECT_TRUE(cut_ipv4(Packet4{.ttl = 1}.build(), 1000).empty());
  EXPECT_TRUE(cut_ipv4(Packet4{}.build(), 27).empty());
  EXPECT_TRUE(cut_ipv4(Packet4{.fragment = kFragmentOffset}.build(), 1420).empty())
      << "it ends behind the longest packet";
  auto truncated = Packet4{}.build();
  truncated.pop_back();
  EXPECT_TRUE(cut_ipv4(truncated, 1000).empty());
  EXPECT_TRUE(cut_ipv4(Bytes(19, 0x45), 1000).empty());
  EXPECT_TRUE(cut_ipv4(Bytes(100, 0x60), 1000).empty());
}

TEST(CompleteChecksum, OfTcpAndUdpWhoseFieldIsOpen) {
  for (const std::uint8_t protocol : {std::uint8_t{6}, std::uint8_t{17}}) {
    auto packet = Packet4{.protocol = protocol}.build();
    const auto ip = Ipv4View::read(packet).value();
    const auto pseudo = ipv4_pseudo_header(ip.source, ip.destination, protocol, 1480);
    const auto open = static_cast<std::uint16_t>(~internet_checksum({}, pseudo));
    const std::size_t at = 20 + (protocol == 6 ? 16 : 6);
    packet[at] = static_cast<std::uint8_t>(open >> 8);
    packet[at + 1] = static_cast<std::uint8_t>(open);
    complete_checksum(packet);
    EXPECT_EQ(internet_checksum(ByteView(packet).subspan(20), pseudo), 0);
    const auto once = packet;
    complete_checksum(packet);
    EXPECT_EQ(packet, once);
  }
}

TEST(CompleteChecksum, OthersStayAsTheyAre) {
  for (const auto& other : {Packet4{}, Packet4{.protocol = 17}, Packet4{.protocol = 17, .payload = 3},
                            Packet4{.fragment = 3, .protocol = 17}}) {
    auto packet = other.build();
    complete_checksum(packet);
    EXPECT_EQ(packet, other.build());
  }
}

}  // namespace
}  // namespace flowmob::core
