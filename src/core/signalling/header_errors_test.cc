// SPDX-License-Identifier: Apache-2.0
#include "core/signalling/header_errors.h"

#include <gtest/gtest.h>

#include "wire/checksum.h"
#include "wire/mobility_header.h"

namespace flowmob::core {
namespace {

using namespace std::chrono_literals;

Ipv6Address address(std::string_view text) { return Ipv6Address::parse(text).value(); }

const Ipv6Address kPeer = address("2001:db8:a::1"), kUs = address("2001:db8:1::1");
const PacketMeta kMeta{kPeer, kUs, {}, {}, 61};

class HeaderErrorsTest : public ::testing::Test {
 protected:
  /// As a daemon does it: what cannot be decoded is asked about with the decoder's word for it.
  std::optional<SendIcmpv6> complaint(const Bytes& header, const PacketMeta& meta = kMeta) {
    const auto message = wire::decode(header, meta.source, meta.destination);
    if (message) return std::nullopt;
    auto answer = errors.undecodable(now, meta, header, message.error().code);
    if (!answer) return std::nullopt;
    return std::get<SendIcmpv6>(*answer);
  }
  static Bytes checksummed(Bytes header, const PacketMeta& meta = kMeta) {
    header[4] = header[5] = 0;
    const auto sum = wire::ipv6_checksum(meta.source, meta.destination, 135, header);
    header[4] = static_cast<std::uint8_t>(sum >> 8);
    header[5] = static_cast<std::uint8_t>(sum);
    return header;
  }
  /// 16 octets: an update without options.
  static Bytes update() { return wire::encode(wire::ProxyBindingUpdate{}, kPeer, kUs); }
  static Bytes with_payload_proto(std::uint8_t value, const PacketMeta& meta = kMeta) {
    auto header = update();
    header[0] = value;
    return checksummed(std::move(header), meta);
  }
  static Bytes of_8_octets(std::uint8_t type) { return checksummed({59, 0, type, 0, 0, 0, 0, 0}); }

  Now now{TimePoint(1h), WallTime(24h)};
  HeaderErrors errors{10};
};

TEST_F(HeaderErrorsTest, PayloadProtoIsPointedAt) {
  const auto header = with_payload_proto(17);
  const auto sent = complaint(header);
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->source, kUs);
  EXPECT_EQ(sent->destination, kPeer);
  const auto& icmp = sent->icmpv6;
  ASSERT_EQ(icmp.size(), 8 + 40 + header.size());
  EXPECT_EQ(icmp[0], 4);
  EXPECT_EQ(icmp[1], 0);
  EXPECT_EQ(Bytes(icmp.begin() + 4, icmp.begin() + 8), (Bytes{0, 0, 0, 40}));
  EXPECT_EQ(wire::ipv6_checksum(kUs, kPeer, 58, icmp), 0);
}

TEST_F(HeaderErrorsTest, TheInvokingPacketIsInside) {
  const auto header = with_payload_proto(17);
  const auto sent = complaint(header);
  ASSERT_TRUE(sent);
  Bytes packet{0x60, 0, 0, 0, 0, 16, 135, 61};
  packet.insert(packet.end(), kPeer.octets.begin(), kPeer.octets.end());
  packet.insert(packet.end(), kUs.octets.begin(), kUs.octets.end());
  packet.insert(packet.end(), header.begin(), header.end());
  EXPECT_EQ(Bytes(sent->icmpv6.begin() + 8, sent->icmpv6.end()), packet);
}

TEST_F(HeaderErrorsTest, HeaderLenTooShortForItsTypeIsPointedAt) {
  for (const std::uint8_t type : Bytes{5, 6, 7}) {
    const auto sent = complaint(of_8_octets(type));
    ASSERT_TRUE(sent) << unsigned{type};
    EXPECT_EQ(sent->icmpv6[7], 41);
  }
}

TEST_F(HeaderErrorsTest, WhatElseIsWrongIsSilence) {
  auto header = update();
  header[4] ^= 1;
  EXPECT_FALSE(complaint(header)) << "checksum";
  auto both = with_payload_proto(17);
  both[4] ^= 1;
  EXPECT_FALSE(complaint(both)) << "checksum comes first";
  EXPECT_FALSE(complaint(Bytes(4))) << "shorter than any";
  auto more = update();
  more.resize(24);
  EXPECT_FALSE(complaint(checksummed(more))) << "octets behind its end";
  auto options = update();
  options[12] = 8;
  options[13] = 255;
  EXPECT_FALSE(complaint(checksummed(options))) << "an option that leaves it";
}

TEST_F(HeaderErrorsTest, AnErrorFitsTheSmallestMtu) {
  Bytes header(2048);
  header[0] = 6;
  header[1] = 255;
  header[2] = 5;
  const auto sent = complaint(checksummed(header));
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->icmpv6.size(), 1280U - 40);
  EXPECT_EQ(wire::ipv6_checksum(kUs, kPeer, 58, sent->icmpv6), 0);
}

TEST_F(HeaderErrorsTest, NobodyAnswersASourceThatIsNoSingleNode) {
  for (const char* source : {"::", "ff02::1"}) {
    const PacketMeta meta{address(source), kUs, {}, {}, 64};
    EXPECT_FALSE(complaint(with_payload_proto(17, meta), meta));
    EXPECT_FALSE(errors.unknown_type(now, meta));
  }
  const PacketMeta to_group{kPeer, address("ff02::1"), {}, {}, 64};
  EXPECT_FALSE(complaint(with_payload_proto(17, to_group), to_group));
}

TEST_F(HeaderErrorsTest, AnUnknownTypeGetsABindingErrorWithoutHomeAddress) {
  const auto answer = errors.unknown_type(now, kMeta);
  ASSERT_TRUE(answer);
  const auto& sent = std::get<SendMessage>(*answer);
  EXPECT_EQ(sent.source, kUs);
  EXPECT_EQ(sent.destination, kPeer);
  const auto message = wire::decode(sent.mobility_header, kUs, kPeer);
  ASSERT_TRUE(message);
  const auto& error = std::get<wire::BindingError>(*message);
  EXPECT_EQ(error.status, wire::BindingErrorStatus::UnrecognizedMhType);
  EXPECT_TRUE(error.home_address.is_unspecified());
}

TEST_F(HeaderErrorsTest, AFloodIsAnsweredAtALimitedRate) {
  int answers = 0;
  for (int i = 0; i < 50; ++i) {
    answers += complaint(with_payload_proto(17)) ? 1 : 0;
    answers += errors.unknown_type(now, kMeta) ? 1 : 0;
  }
  EXPECT_EQ(answers, 10);
  now = now + 100ms;
  EXPECT_TRUE(complaint(with_payload_proto(17)));
  EXPECT_FALSE(errors.unknown_type(now, kMeta));
  errors.set_rate(0);
  now = now + 1h;
  EXPECT_FALSE(errors.unknown_type(now, kMeta));
}

}  // namespace
}  // namespace flowmob::core
