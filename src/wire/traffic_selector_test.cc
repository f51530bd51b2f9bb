// SPDX-License-Identifier: Apache-2.0
#include "wire/traffic_selector.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>

#include "wire/hex_for_test.h"
#include "wire/random_message_for_test.h"

namespace flowmob::wire {
namespace {

using namespace test;

TrafficSelector6 decode6(const Bytes& data) { return std::get<TrafficSelector6>(*decode_selector(2, data)); }
TrafficSelector4 decode4(const Bytes& data) { return std::get<TrafficSelector4>(*decode_selector(1, data)); }
std::string selector_error_of(std::uint8_t format, const Bytes& data) {
  const auto selector = decode_selector(format, data);
  return selector ? "" : selector.error().code + ": " + selector.error().message;
}

struct Vector6 {
  const char* octets;
  TrafficSelector6 value;
};

/// RFC 6088 section 3.2: each field alone, its start (first flag of the pair) and its whole range.
const Vector6 kIpv6[] = {
    {"0000 0000", {}},
    {"8000 0000 20010db8000000000000000000000001", {.source = {{ip("2001:db8::1"), ip("2001:db8::1")}}}},
    {"c000 0000 20010db8000000000000000000000001 20010db80000000000000000000000ff",
     {.source = {{ip("2001:db8::1"), ip("2001:db8::ff")}}}},
    {"2000 0000 20010db8010000000000000000000001",
     {.destination = {{ip("2001:db8:100::1"), ip("2001:db8:100::1")}}}},
    {"3000 0000 20010db8010000000000000000000001 20010db8010000000000000000000002",
     {.destination = {{ip("2001:db8:100::1"), ip("2001:db8:100::2")}}}},
    {"0800 0000 11223344", {.spi = {{0x11223344, 0x11223344}}}},
    {"0c00 0000 11223344 ffffffff", {.spi = {{0x11223344, 0xffffffff}}}},
    {"0200 0000 000abcde", {.flow_label = {{0xabcde, 0xabcde}}}},
    {"0300 0000 00000001 000fffff", {.flow_label = {{1, 0xfffff}}}},
    {"0080 0000 1388", {.source_port = {{5000, 5000}}}},
    {"00c0 0000 1388 1770", {.source_port = {{5000, 6000}}}},
    {"0020 0000 0050", {.destination_port = {{80, 80}}}},
    {"0030 0000 0050 0051", {.destination_port = {{80, 81}}}},
    {"0008 0000 b8", {.traffic_class = {{46, 46}}}},
    {"000c 0000 28 b8", {.traffic_class = {{10, 46}}}},
    {"0002 0000 11", {.next_header = {{17, 17}}}},
    {"0003 0000 06 11", {.next_header = {{6, 17}}}},
    {"ffff 0000 20010db8000000000000000000000001 20010db8000000000000000000000002"
     "20010db8010000000000000000000001 20010db8010000000000000000000002"
     "00000001 00000002 00000003 00000004 0005 0006 0007 0008 24 28 0b 0c",
     {.source = {{ip("2001:db8::1"), ip("2001:db8::2")}},
      .destination = {{ip("2001:db8:100::1"), ip("2001:db8:100::2")}},
      .spi = {{1, 2}},
      .flow_label = {{3, 4}},
      .source_port = {{5, 6}},
      .destination_port = {{7, 8}},
      .traffic_class = {{9, 10}},
      .next_header = {{11, 12}}}},
};

TEST(TrafficSelector6, EveryFieldAloneAndAllTogether) {
  for (const auto& [octets, value] : kIpv6) {
    EXPECT_EQ(decode6(hex(octets)), value) << octets;
    EXPECT_EQ(encode_selector(value), hex(octets)) << octets;
    EXPECT_TRUE(is_valid(value)) << octets;
  }
}

struct Vector4 {
  const char* octets;
  TrafficSelector4 value;
};

/// RFC 6088 section 3.1: no flow label, so the port flags stand two places further left.
const Vector4 kIpv4[] = {
    {"0000 0000", {}},
    {"8000 0000 c0000201", {.source = {{ip4("192.0.2.1"), ip4("192.0.2.1")}}}},
    {"c000 0000 c0000201 c00002ff", {.source = {{ip4("192.0.2.1"), ip4("192.0.2.255")}}}},
    {"2000 0000 c6336401", {.destination = {{ip4("198.51.100.1"), ip4("198.51.100.1")}}}},
    {"0800 0000 11223344", {.spi = {{0x11223344, 0x11223344}}}},
    {"0300 0000 1388 1770", {.source_port = {{5000, 6000}}}},
    {"0080 0000 0050", {.destination_port = {{80, 80}}}},
    {"0020 0000 b8", {.traffic_class = {{46, 46}}}},
    {"0008 0000 11", {.protocol = {{17, 17}}}},
    {"fffc 0000 c0000201 c0000202 c6336401 c6336402 00000001 00000002 0005 0006 0007 0008 24 28 0b 0c",
     {.source = {{ip4("192.0.2.1"), ip4("192.0.2.2")}},
      .destination = {{ip4("198.51.100.1"), ip4("198.51.100.2")}},
      .spi = {{1, 2}},
      .source_port = {{5, 6}},
      .destination_port = {{7, 8}},
      .traffic_class = {{9, 10}},
      .protocol = {{11, 12}}}},
};

TEST(TrafficSelector4, EveryFieldAloneAndAllTogether) {
  for (const auto& [octets, value] : kIpv4) {
    EXPECT_EQ(decode4(hex(octets)), value) << octets;
    EXPECT_EQ(encode_selector(value), hex(octets)) << octets;
  }
}

TEST(TrafficSelector, IgnoresWhatTheRfcSaysToIgnore) {
  // ECN under the DS field, bits above the flow label, the reserved half of the flags.
  EXPECT_EQ(decode6(hex("0008 ffff bb")).traffic_class, (Range<std::uint8_t>{46, 46}));
  EXPECT_EQ(decode6(hex("0200 0000 fffabcde")).flow_label, (Range<std::uint32_t>{0xabcde, 0xabcde}));
  EXPECT_EQ(decode4(hex("0020 ffff bb")).traffic_class, (Range<std::uint8_t>{46, 46}));
  EXPECT_EQ(decode4(hex("0003 0000")), TrafficSelector4{}) << "bits 14 and 15 are reserved here";
}

/// RFC 6088: the bits to ignore and the reserved ones are written as zeros, and no end without its start.
RC_GTEST_PROP(TrafficSelector, WritesZerosWhereTheRfcWantsThem, ()) {
  const auto selector = any_selector();
  if (std::holds_alternative<UnknownSelector>(selector)) return;
  const bool six = std::holds_alternative<TrafficSelector6>(selector);
  const Bytes octets = encode_selector(selector);
  const unsigned flags = static_cast<unsigned>(octets[0]) << 8 | octets[1];
  RC_ASSERT(octets[2] == 0 && octets[3] == 0 && (six || (flags & 3) == 0));
  RC_ASSERT((flags & 0x5555 & ~(flags >> 1)) == 0U);
  std::size_t at = 4;
  const auto skip = [&](unsigned start, std::size_t size) {  // a field and its end
    at += ((flags & start) != 0 ? size : 0) + ((flags & start >> 1) != 0 ? size : 0);
  };
  for (const unsigned start : {0x8000U, 0x2000U}) skip(start, six ? 16 : 4);
  skip(0x0800, 4);
  if (six)
    for (const unsigned flag : {0x0200U, 0x0100U})
      if ((flags & flag) != 0) {
        RC_ASSERT(octets[at] == 0 && octets[at + 1] >> 4 == 0);  // flow label: 8 bits of zero, and the next 4
        at += 4;
      }
  for (const unsigned start : six ? std::array{0x0080U, 0x0020U} : std::array{0x0200U, 0x0080U})
    skip(start, 2);
  for (const unsigned flag : six ? std::array{0x0008U, 0x0004U} : std::array{0x0020U, 0x0010U})
    if ((flags & flag) != 0) RC_ASSERT((octets[at++] & 3) == 0);  // below the DS field
}

TEST(TrafficSelector, ARangeOfOneIsWrittenAsItsStartAlone) {
  const auto selector = decode6(hex("00c0 0000 1388 1388"));
  EXPECT_EQ(encode_selector(selector), hex("0080 0000 1388"));
}

TEST(TrafficSelector, RefusesAnEndWithoutAStartForEveryField) {
  const Bytes plenty(160);
  for (unsigned bit = 0x4000; bit != 0; bit >>= 2) {
    Bytes data = plenty;
    data[0] = static_cast<std::uint8_t>(bit >> 8);
    data[1] = static_cast<std::uint8_t>(bit);
    EXPECT_EQ(selector_error_of(2, data), "bad-selector: the end of a range without its start") << bit;
    if (bit == 1) continue;  // reserved in the IPv4 selector, which has a field less
    EXPECT_EQ(selector_error_of(1, data), "bad-selector: the end of a range without its start") << bit;
  }
}

TEST(TrafficSelector, RefusesRangesThatEndBeforeTheyStart) {
  const char* backwards = "bad-selector: a range that ends before it starts";
  EXPECT_EQ(selector_error_of(2, hex("00c0 0000 1388 1387")), backwards);
  EXPECT_EQ(selector_error_of(2, hex("000c 0000 b8 28")), backwards);
  EXPECT_EQ(selector_error_of(2, hex("0300 0000 00100001 00100000")), backwards)
      << "the upper bits do not count";
  EXPECT_EQ(selector_error_of(
                2, hex("c000 0000 20010db8000000000000000000000002 20010db8000000000000000000000001")),
            backwards);
  EXPECT_EQ(selector_error_of(1, hex("c000 0000 c0000202 c0000201")), backwards);
}

TEST(TrafficSelector, RefusesEveryShorterAndEveryLongerForm) {
  for (const auto& [octets, value] : kIpv6) {
    const Bytes whole = hex(octets);
    for (std::size_t length = 0; length < whole.size(); ++length)
      EXPECT_EQ(
          selector_error_of(2, Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)))
              .find("bad-selector: a traffic selector shorter"),
          0U)
          << octets << " cut to " << length;
    EXPECT_EQ(selector_error_of(2, whole + Bytes{0}),
              "bad-selector: octets behind the last field of a traffic selector");
  }
  EXPECT_NE(selector_error_of(1, hex("8000 0000 c00002")), "");
  EXPECT_NE(selector_error_of(1, hex("8000 0000 c000020100")), "");
}

TEST(TrafficSelector, UnknownFormatsSurvive) {
  const auto selector = decode_selector(9, hex("0102"));
  EXPECT_EQ(*selector, TrafficSelector(UnknownSelector{9, hex("0102")}));
  EXPECT_EQ(encode_selector(*selector), hex("0102"));
}

TEST(TrafficSelector, ValidIsWhatCanBeWritten) {
  TrafficSelector6 selector;
  selector.traffic_class = {0, 63};
  selector.flow_label = {0, 0xfffff};
  EXPECT_TRUE(is_valid(selector));
  selector.traffic_class = {0, 64};
  EXPECT_FALSE(is_valid(selector));
  selector.traffic_class = {2, 1};
  EXPECT_FALSE(is_valid(selector));
  selector.traffic_class.reset();
  selector.flow_label = {0, 0x100000};
  EXPECT_FALSE(is_valid(selector));
}

TEST(TrafficSelector, AlignmentFollowsTheWidestField) {
  const auto of = [](const TrafficSelector& s) { return alignment_of(s); };
  EXPECT_EQ(of(decode6(hex("2000 0000 20010db8010000000000000000000001"))), 8U);
  EXPECT_EQ(of(decode6(hex("0200 0000 00000001"))), 4U);
  EXPECT_EQ(of(decode6(hex("0022 0000 0050 11"))), 2U);
  EXPECT_EQ(of(decode6(hex("0002 0000 11"))), 1U);
  EXPECT_EQ(of(decode4(hex("8000 0000 c0000201"))), 4U);
  EXPECT_EQ(of(UnknownSelector{9, {}}), 1U);
}

}  // namespace
}  // namespace flowmob::wire
