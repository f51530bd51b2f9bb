// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "wire/checksum.h"
#include "wire/hex_for_test.h"
#include "wire/mobility_header.h"

/// What RFC 6275 section 6.1 asks of senders and receivers of any message.
namespace flowmob::wire {
namespace {

using namespace test;

/// As received by whoever does not look at the checksum.
MobilityMessage received(const char* octets) {
  return decode(hex(octets), kMag, kLma, ChecksumPolicy::Ignore).value();
}

TEST(MobileIpv6Messages, ReservedOctetsAreIgnoredAndWrittenAsZero) {
  const auto update = received("3b 01 05 ff 0000 0007 8200 0384 0102 ffff");
  EXPECT_EQ(update, received("3b 01 05 00 0000 0007 8200 0384 0102 0000"));
  EXPECT_EQ(encode(update, kMag, kLma)[3], 0);
  const auto error = received("3b 02 07 ff 0000 02 ff 00000000000000000000000000000000");
  EXPECT_EQ(error, received("3b 02 07 00 0000 02 00 00000000000000000000000000000000"));
  EXPECT_EQ(encode(error, kMag, kLma)[3], 0);
  EXPECT_EQ(encode(error, kMag, kLma)[7], 0);
}

TEST(MobileIpv6Messages, OptionsBehindABindingErrorAreSkipped) {  // section 6.1.9
  const auto error = std::get<BindingError>(
      received("3b 03 07 00 0000 02 00 00000000000000000000000000000000 fb06 010203040506"));
  EXPECT_EQ(error.status, BindingErrorStatus::UnrecognizedMhType);
}

TEST(MobileIpv6Messages, PaddingOfAnyContentIsSkipped) {  // section 6.2.3, RFC 6089 section 4.2.1.2
  const auto update = std::get<ProxyBindingUpdate>(
      received("3b 03 05 00 0000 0007 8200 0384 0102 dead 2d0c 0001 000a 0000 0102 beef 0400 0100"));
  ASSERT_EQ(update.options.size(), 1U);
  EXPECT_EQ(std::get<FlowIdentification>(update.options[0]).sub_options,
            std::vector<FlowSubOption>{(UnknownSubOption{4, {}})});
}

TEST(MobileIpv6Messages, TheChecksumCoversAddressesAndTheWholeLength) {  // section 6.1.1
  const Bytes octets = encode(ProxyBindingUpdate{.sequence = 7, .options = {}}, kMag, kLma);
  // Pseudo-header by hand: both addresses, length 16, next header 135; then the words of the header.
  std::uint32_t sum = 16 + 135;
  for (const auto& address : {kMag, kLma})
    for (std::size_t i = 0; i < 16; i += 2)
      sum += static_cast<std::uint32_t>(address.octets[i] << 8 | address.octets[i + 1]);
  for (std::size_t i = 0; i < octets.size(); i += 2)
    sum += static_cast<std::uint32_t>(octets[i] << 8 | octets[i + 1]);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  EXPECT_EQ(octets.size(), 16U);
  EXPECT_EQ(sum, 0xffffU);
}

}  // namespace
}  // namespace flowmob::wire
