// SPDX-License-Identifier: Apache-2.0
#include "wire/multicast_listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/checksum.h"
#include "wire/hex_for_test.h"
#include "wire/neighbor_discovery.h"

namespace flowmob::wire {
namespace {

using namespace test;

const Ipv6Address kQuerier = ip("fe80::1"), kAllNodes = ip("ff02::1"), kAllRouters = ip("ff02::16");
constexpr const char* kZero = "00000000000000000000000000000000";
constexpr const char* kGroup = "ff0200000000000000000001ff000102";
constexpr const char* kSource = "20010db8000000000000000000000001";

Bytes with_right_checksum(Bytes icmpv6) {
  icmpv6[2] = icmpv6[3] = 0;
  const auto checksum = ipv6_checksum(kQuerier, kAllNodes, kIcmpv6Protocol, icmpv6);
  icmpv6[2] = static_cast<std::uint8_t>(checksum >> 8);
  icmpv6[3] = static_cast<std::uint8_t>(checksum);
  return icmpv6;
}

Result<ListenerQuery> decode_right_query(Bytes icmpv6) {
  return decode_listener_query(with_right_checksum(std::move(icmpv6)), kQuerier, kAllNodes);
}

std::string query_error_of(Bytes icmpv6) {
  const auto query = decode_right_query(std::move(icmpv6));
  return query ? "" : query.error().code;
}

Bytes query2(const char* code, const char* group, const char* count, const Bytes& sources = {}) {
  return hex("8200 0000") + hex(code) + hex("0000") + hex(group) + hex("027d") + hex(count) + sources;
}

Bytes query1(const char* code, const char* group) {
  return hex("8200 0000") + hex(code) + hex("0000") + hex(group);
}

/// The checksum computed apart from this code, in Python.
TEST(ListenerQuery, AGeneralOneAsASwitchSendsIt) {
  const Bytes octets = hex("8200 5696 2710 0000") + hex(kZero) + hex("027d 0000");
  const auto query = decode_listener_query(octets, kQuerier, kAllNodes).value();
  EXPECT_EQ(query.most_delay_ms, 10000u);
  EXPECT_EQ(query.group, Ipv6Address{});
  EXPECT_FALSE(query.is_version1);
}

TEST(ListenerQuery, OfOneGroup) {
  const auto query = decode_right_query(query2("03e8", kGroup, "0000")).value();
  EXPECT_EQ(query.most_delay_ms, 1000u);
  EXPECT_EQ(query.group, ip("ff02::1:ff00:102"));
}

/// RFC 3810 section 8.1: told by the length alone.
TEST(ListenerQuery, OfVersion1) {
  const auto query = decode_right_query(query1("03e8", kGroup)).value();
  EXPECT_TRUE(query.is_version1);
  EXPECT_EQ(query.most_delay_ms, 1000u);
  EXPECT_EQ(query.group, ip("ff02::1:ff00:102"));
}

/// RFC 3810 section 5.1.3: (mantissa | 0x1000) << (exponent + 3).
TEST(ListenerQuery, LongDelaysAreFloatingPointNumbers) {
  const std::pair<const char*, std::uint32_t> kDelays[] = {
      {"0000", 0},
      {"7fff", 32767},
      {"8000", 0x1000U << 3U},
      {"8001", 0x1001U << 3U},
      {"8fff", 0x1fffU << 3U},
      {"9000", 0x1000U << 4U},
      {"ffff", 0x1fffU << 10U},
  };
  for (const auto& [code, ms] : kDelays)
    EXPECT_EQ(decode_right_query(query2(code, kZero, "0000")).value().most_delay_ms, ms) << code;
  EXPECT_EQ(decode_right_query(query1("ffff", kZero)).value().most_delay_ms, 65535u)
      << "RFC 2710 has no such numbers";
}

TEST(ListenerQuery, NoLengthButThoseOfQueries) {
  const Bytes whole = query2("03e8", kGroup, "0000");
  for (std::size_t size = 4; size < whole.size(); ++size)
    EXPECT_EQ(query_error_of(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))),
              size == 24 ? "" : "truncated")
        << size;
  EXPECT_EQ(query_error_of(whole + hex("0000")), "") << "section 6.2: what follows is ignored";
  EXPECT_EQ(decode_listener_query({}, kQuerier, kAllNodes).error().code, "not-a-query");
  EXPECT_EQ(decode_listener_query(hex("82"), kQuerier, kAllNodes).error().code, "truncated");
}

TEST(ListenerQuery, ItHasAllSourcesThatItCounts) {
  const Bytes one = hex(kSource);
  EXPECT_EQ(query_error_of(query2("03e8", kGroup, "0001", one)), "");
  EXPECT_EQ(query_error_of(query2("03e8", kGroup, "0002", one + one)), "");
  EXPECT_EQ(query_error_of(query2("03e8", kGroup, "0001")), "truncated");
  EXPECT_EQ(query_error_of(query2("03e8", kGroup, "0002", one)), "truncated");
  EXPECT_EQ(query_error_of(query2("03e8", kGroup, "0001", Bytes(one.begin(), one.end() - 1))), "truncated");
  EXPECT_EQ(query_error_of(query2("03e8", kGroup, "ffff", one)), "truncated");
  EXPECT_EQ(query_error_of(query2("03e8", kGroup, "0100", one)), "truncated") << "both octets count";
}

TEST(ListenerQuery, NothingElseIsOne) {
  for (const auto type : {0x81, 0x83, 0x8f, 0x86}) {
    Bytes other = query2("03e8", kGroup, "0000");
    other[0] = static_cast<std::uint8_t>(type);
    EXPECT_EQ(query_error_of(other), "not-a-query") << type;
  }
}

TEST(ListenerQuery, EveryFlippedBitIsNoticed) {
  const Bytes right = with_right_checksum(query2("03e8", kGroup, "0001", hex(kSource)));
  for (std::size_t bit = 0; bit < right.size() * 8; ++bit) {
    Bytes wrong = right;
    wrong[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    EXPECT_FALSE(decode_listener_query(wrong, kQuerier, kAllNodes)) << bit;
  }
  EXPECT_EQ(decode_listener_query(right, ip("fe80::2"), kAllNodes).error().code, "bad-checksum");
}

/// Checksums computed apart from this code, in Python.
TEST(ListenerReport, IsWrittenAsRfc3810HasIt) {
  const auto report = encode_listener_report({{ListenerRecordType::IsExclude, ip("ff02::1:ff00:102")},
                                              {ListenerRecordType::ToInclude, ip("ff02::1:ff00:103")}},
                                             kQuerier, kAllRouters);
  EXPECT_EQ(report, hex("8f00 6fe9 0000 0002") + hex("02 00 0000") + hex(kGroup) + hex("03 00 0000") +
                        hex("ff0200000000000000000001ff000103"));
  EXPECT_EQ(encode_listener_report({}, kQuerier, kAllRouters), hex("8f00 7322 0000 0000"));
}

TEST(ListenerReport, OfVersion1GoesToItsGroup) {
  EXPECT_EQ(encode_listener_report_v1(ip("ff02::1:ff00:102"), kQuerier),
            hex("8300 801d 0000 0000") + hex(kGroup));
}

/// More than an octet counts.
TEST(ListenerReport, CountsItsRecords) {
  const std::vector<ListenerRecord> records(300, {ListenerRecordType::ToExclude, ip("ff02::1:ff00:102")});
  const auto report = encode_listener_report(records, kQuerier, kAllRouters);
  ASSERT_EQ(report.size(), 8u + 300u * 20u);
  EXPECT_EQ(report[6] << 8 | report[7], 300);
  EXPECT_EQ(ipv6_checksum(kQuerier, kAllRouters, kIcmpv6Protocol, report), 0);
}

}  // namespace
}  // namespace flowmob::wire
