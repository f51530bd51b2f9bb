// SPDX-License-Identifier: Apache-2.0
#include "wire/checksum.h"

#include <gtest/gtest.h>

#include "wire/hex_for_test.h"

namespace flowmob::wire {
namespace {

using namespace test;

TEST(Checksum, OfASumDoneByHand) {
  // Payload 0001 f203 f4f5 f6f7 is the example of RFC 1071 section 3: its words sum to ddf2. With the length
  // 8 and next header 0 that is ddfa, complemented 2205.
  EXPECT_EQ(ipv6_checksum({}, {}, 0, hex("0001f203f4f5f6f7")), 0x2205);
  // ::1 and ::2 add 3, next header 135 adds 0x87.
  EXPECT_EQ(ipv6_checksum(ip("::1"), ip("::2"), 135, hex("0001f203f4f5f6f7")), 0x2205 - 3 - 0x87);
}

TEST(Checksum, AnOddOctetCountsAsTheUpperHalfOfAWord) {
  EXPECT_EQ(ipv6_checksum({}, {}, 0, hex("ab")), 0xffff - 0xab00 - 1);
  EXPECT_EQ(ipv6_checksum({}, {}, 0, {}), 0xffff);
}

TEST(Checksum, FoldsCarriesAndLongPayloads) {
  EXPECT_EQ(ipv6_checksum({}, {}, 0, hex("ffff ffff 0001")), 0xffff - 7);  // ffff is minus zero
  // 0x18000 octets: the pseudo-header's length has two words, 0001 and 8000.
  EXPECT_EQ(ipv6_checksum({}, {}, 0, Bytes(0x18000)), 0xffff - 0x8001);
}

TEST(Checksum, IsZeroOverAMessageThatCarriesIt) {
  // 8000 + 0001 + 0001 + 1 + 1 (addresses) + 8 + 3a = 8046, complemented 7fb9.
  EXPECT_EQ(ipv6_checksum(ip("::1"), ip("::1"), 58, hex("8000 7fb9 0001 0001")), 0);
  EXPECT_NE(ipv6_checksum(ip("::1"), ip("::1"), 58, hex("8000 7fba 0001 0001")), 0);
}

}  // namespace
}  // namespace flowmob::wire
