// SPDX-License-Identifier: Apache-2.0
#include "lab/demo/dissect.h"

#include <gtest/gtest.h>

#include "lab/demo/frame_for_test.h"

namespace flowmob::lab {
namespace {

using namespace test;
constexpr std::string_view kCn = "2001:db8:c::10", kMn = "2001:db8:100::1", kLma = "2001:db8:f::1",
                           kMag = "2001:db8:a::1";

TEST(Dissect, TcpWithItsTimestampAndPayloadEvenWhereTheCaptureIsCut) {
  const auto frame = ethernet(ipv6(kCn, kMn, kTcp, tcp({.sequence = 77, .timestamp = 5}), 32 + 1000));
  const auto facts = dissect(frame);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->source_port, 8080);
  const auto segment = tcp_facts(*facts);
  ASSERT_TRUE(segment);
  EXPECT_EQ(segment->sequence, 77U);
  EXPECT_EQ(segment->payload, 1000U);
  EXPECT_EQ(segment->timestamp, 5U);
}

TEST(Dissect, TheInnermostPacketOfATunnelAlsoBehindAnEncapsulationLimit) {
  const Bytes inner = ipv6(kCn, kMn, kIcmp6, echo(true, 3, 9));
  for (const bool limit : {false, true}) {
    const Bytes outer =
        limit ? ipv6(kLma, kMag, 60, join({{41, 0, 4, 1, 4, 1, 0, 0}, inner})) : ipv6(kLma, kMag, 41, inner);
    const Bytes frame = ethernet(outer);
    const auto facts = dissect(frame);
    ASSERT_TRUE(facts) << limit;
    EXPECT_EQ(facts->tunnels, 1U);
    EXPECT_EQ(facts->source.to_string(), kCn);
    ASSERT_TRUE(echo_facts(*facts));
    EXPECT_EQ(echo_facts(*facts)->sequence, 9);
  }
}

TEST(Dissect, BindingMessages) {
  const Bytes update = ethernet(ipv6(kMag, kLma, kMobility, binding_update(12, 900)));
  const Bytes acknowledgement = ethernet(ipv6(kLma, kMag, kMobility, binding_acknowledgement(130, 12, 0)));
  const auto pbu = binding_message(dissect(update).value());
  const auto pba = binding_message(dissect(acknowledgement).value());
  ASSERT_TRUE(pbu && pba);
  EXPECT_FALSE(pbu->acknowledgement);
  EXPECT_EQ(pbu->sequence, 12);
  EXPECT_EQ(pbu->lifetime, 900);
  EXPECT_TRUE(pba->acknowledgement);
  EXPECT_EQ(pba->status, 130);
  EXPECT_EQ(pba->sequence, 12);
}

TEST(Dissect, NoLengthOfFrameIsTooShort) {
  const Bytes whole =
      ethernet(ipv6(kLma, kMag, 60, join({{41, 0, 4, 1, 4, 1, 0, 0}, ipv6(kCn, kMn, kTcp, tcp({}))})));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const Bytes frame(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    if (const auto facts = dissect(frame)) static_cast<void>(tcp_facts(*facts));
  }
}

TEST(Dissect, TheChecksumDoesNotTellPacketsApart) {
  Bytes one = ethernet(ipv6(kCn, kMn, kTcp, tcp({.sequence = 1})));
  Bytes other = one;
  other[14 + 40 + 16] = 0xab;  // partial here, whole there
  EXPECT_EQ(tcp_facts(*dissect(one))->header_hash, tcp_facts(*dissect(other))->header_hash);
  other[14 + 40 + 8] = 0xab;
  EXPECT_NE(tcp_facts(*dissect(one))->header_hash, tcp_facts(*dissect(other))->header_hash);
}

}  // namespace
}  // namespace flowmob::lab
