// SPDX-License-Identifier: Apache-2.0
#include "wire/neighbor_discovery.h"

#include <gtest/gtest.h>

#include "wire/checksum.h"
#include "wire/hex_for_test.h"

namespace flowmob::wire {
namespace {

using namespace test;

struct NdSample {
  const char* octets;
  const char *source, *destination;
  NdMessage message;
};

/// Checksums computed apart from this code, in Python.
const NdSample kNdSamples[] = {
    {"8500 7a2c 00000000 0101 020000000001", "fe80::1", "ff02::2",
     RouterSolicitation{{SourceLinkLayerAddress{hex("020000000001")}}}},
    {"8600 8dce 40c0 0708 00000000 00000000"
     "0304 40c0 00278d00 00093a80 00000000 20010db8010000000000000000000000"
     "0501 0000 00000594 0101 00005e005213",
     "fe80::200:5eff:fe00:5213", "fe80::1",
     RouterAdvertisement{64,
                         true,
                         true,
                         1800,
                         0,
                         0,
                         {PrefixInformation{64, true, true, 2592000, 604800, ip("2001:db8:100::")}, Mtu{1428},
                          SourceLinkLayerAddress{hex("00005e005213")}}}},
    {"8700 4a61 00000000 20010db8010000000000000000000001 0101 020000000001", "fe80::1", "ff02::1:ff00:1",
     NeighborSolicitation{ip("2001:db8:100::1"), {SourceLinkLayerAddress{hex("020000000001")}}}},
    {"8800 3f1e e0000000 20010db8010000000000000000000001 0201 020000000001"
     "fe02 000102030405060708090a0b0c0d",
     "fe80::1", "ff02::1",
     NeighborAdvertisement{true,
                           true,
                           true,
                           ip("2001:db8:100::1"),
                           {TargetLinkLayerAddress{hex("020000000001")},
                            UnknownNdOption{254, hex("000102030405060708090a0b0c0d")}}}},
};

/// Decodes with the checksum made right first.
Result<NdMessage> decode_right(Bytes octets) {
  octets[2] = octets[3] = 0;
  const auto checksum = ipv6_checksum({}, {}, kIcmpv6Protocol, octets);
  octets[2] = static_cast<std::uint8_t>(checksum >> 8);
  octets[3] = static_cast<std::uint8_t>(checksum);
  return decode_nd(octets, {}, {});
}
std::string nd_error_of(const char* octets) {
  const auto message = decode_right(hex(octets));
  return message ? "" : message.error().code;
}

TEST(NeighborDiscovery, MessagesByHand) {
  for (const auto& v : kNdSamples) {
    const auto decoded = decode_nd(hex(v.octets), ip(v.source), ip(v.destination));
    ASSERT_TRUE(decoded) << v.octets << ": " << decoded.error().message;
    EXPECT_EQ(*decoded, v.message) << v.octets;
    EXPECT_EQ(encode_nd(v.message, ip(v.source), ip(v.destination)), hex(v.octets)) << v.octets;
  }
}

TEST(NeighborDiscovery, FlagsOneByOne) {
  const auto advertisement = [](const char* octets) {
    return std::get<RouterAdvertisement>(decode_right(hex(octets)).value());
  };
  EXPECT_TRUE(advertisement("86000000 00800000 00000000 00000000").managed);
  EXPECT_FALSE(advertisement("86000000 00800000 00000000 00000000").other_config);
  EXPECT_TRUE(advertisement("86000000 00400000 00000001 00000002").other_config);
  EXPECT_EQ(advertisement("86000000 00400000 00000001 00000002").reachable_time, 1U);
  EXPECT_EQ(advertisement("86000000 00400000 00000001 00000002").retrans_timer, 2U);
  const auto neighbor = [](const char* flags) {
    return std::get<NeighborAdvertisement>(decode_right(hex("88000000") + hex(flags) + Bytes(19)).value());
  };
  EXPECT_TRUE(neighbor("80").router && !neighbor("7f").router);
  EXPECT_TRUE(neighbor("40").solicited && !neighbor("bf").solicited);
  EXPECT_TRUE(neighbor("20").override_ && !neighbor("df").override_);
}

TEST(NeighborDiscovery, ErrorsInTheirOrder) {
  EXPECT_EQ(decode_nd(hex("85000000 000000"), {}, {}).error().code, "truncated");
  EXPECT_EQ(nd_error_of("80000000 00000000"), "not-neighbor-discovery");
  EXPECT_EQ(nd_error_of("89000000 00000000"), "not-neighbor-discovery");
  EXPECT_EQ(nd_error_of("86000000 00000000 00000000 000000"), "truncated");
  EXPECT_EQ(nd_error_of("87000000 00000000 00000000 00000000 00000000 000000"), "truncated");
  EXPECT_EQ(decode_nd(hex("85010000 00000000"), {}, {}).error().code, "bad-checksum") << "before the code";
  EXPECT_EQ(nd_error_of("85010000 00000000 0100 000000000000"), "bad-code") << "before the options";
  EXPECT_EQ(nd_error_of("85000000 00000000 0100 000000000000"), "bad-option-length")
      << "RFC 4861 section 4.6";
  EXPECT_EQ(nd_error_of("85000000 00000000 0102 000000000000"), "bad-option-length") << "leaves the message";
  EXPECT_EQ(nd_error_of("85000000 00000000 0101 0000000000"), "bad-option-length") << "less than a unit";
  EXPECT_EQ(nd_error_of("85000000 00000000 0302 0000000000000000000000000000"), "bad-option-length");
  EXPECT_EQ(nd_error_of("85000000 00000000 0502 0000000000000000000000000000"), "bad-option-length");
}

TEST(NeighborDiscovery, EveryTruncationIsAnErrorOrLosesWholeOptions) {
  for (const auto& v : kNdSamples) {
    const Bytes whole = hex(v.octets);
    const auto full = decode_right(whole).value();
    for (std::size_t length = 4; length < whole.size(); ++length) {
      const auto cut =
          decode_right(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
      EXPECT_FALSE(cut && *cut == full) << length;
    }
  }
}

TEST(NeighborDiscovery, ShortLinkLayerAddressesArePadded) {
  const Bytes octets =
      encode_nd(RouterSolicitation{{SourceLinkLayerAddress{hex("0102030405060708")}}}, {}, {});
  ASSERT_EQ(octets.size(), 24U);
  EXPECT_EQ(octets[9], 2);
  EXPECT_EQ(Bytes(octets.begin() + 10, octets.end()), hex("0102030405060708 000000000000"));
}

TEST(NeighborDiscovery, RefusesToWriteAnOptionThatIsTooLong) {
  const auto solicitation = [](std::size_t size) {
    return encode_nd(RouterSolicitation{{UnknownNdOption{200, Bytes(size)}}}, {}, {});
  };
  EXPECT_EQ(solicitation(255 * 8 - 2).size(), 8U + 255 * 8);
  EXPECT_TRUE(solicitation(255 * 8 - 1).empty());
}

TEST(NeighborDiscovery, FindsTheFirstOptionOfAKind) {
  const NdOptions options{Mtu{1400}, Mtu{1300}};
  EXPECT_EQ(find<Mtu>(options)->mtu, 1400U);
  EXPECT_EQ(find<PrefixInformation>(options), nullptr);
}

}  // namespace
}  // namespace flowmob::wire
