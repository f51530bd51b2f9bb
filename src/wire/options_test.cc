// SPDX-License-Identifier: Apache-2.0
#include "wire/options.h"

#include <gtest/gtest.h>

#include "wire/hex_for_test.h"
#include "wire/option_codec.h"

namespace flowmob::wire {
namespace {

using namespace test;

struct OptionSample {
  const char* octets;  ///< Type, Length, data: written down from the RFC's diagram
  MobilityOption option;
};

const OptionSample kOptions[] = {
    {"0202 0005", BindingRefreshAdvice{5}},
    {"0310 20010db8000a00000000000000000001", AlternateCareOfAddress{ip("2001:db8:a::1")}},
    {"0801 01", MobileNodeIdentifier{1, {}}},
    {"0804 01 6d6e31", MobileNodeIdentifier{1, hex("6d6e31")}},
    {"1405 766964656f", ServiceSelection{hex("766964656f")}},
    {"1612 0040 20010db8010000000000000000000000", HomeNetworkPrefixOption{false, 64, ip("2001:db8:100::")}},
    {"1612 8040 20010db8010000000000000000000000", HomeNetworkPrefixOption{true, 64, ip("2001:db8:100::")}},
    {"1702 0006", HandoffIndicatorOption{HandoffIndicator::NewInterfaceSharingPrefixes}},
    {"1702 00ff", HandoffIndicatorOption{static_cast<HandoffIndicator>(255)}},
    {"1802 0005", AccessTechnologyTypeOption{AccessTechnology::Wimax}},
    {"1908 0000 020000000001", MnLinkLayerIdentifier{hex("020000000001")}},
    {"1902 0000", MnLinkLayerIdentifier{}},
    {"1a10 fe80000000000000 02005efffe005213", LinkLocalAddressOption{ip("fe80::200:5eff:fe00:5213")}},
    {"1b08 0000677485808000", TimestampOption{0x677485808000}},
    {"2304 0007 01 85", BindingIdentifierOption{7, 1, true, 5, {}}},
    {"2308 0007 00 7f c0000201", BindingIdentifierOption{7, 0, false, 127, ip4("192.0.2.1")}},
    {"2314 ffff 80 00 20010db8000a00000000000000000001",
     BindingIdentifierOption{0xffff, 128, false, 0, ip("2001:db8:a::1")}},
    {"2c02 0001", FlowSummary{{1}}},
    {"2c06 0001 0203 ffff", FlowSummary{{1, 0x203, 0xffff}}},
    {"2d06 0001 000a 00 00", FlowIdentification{1, 10, 0, {}}},
    {"2d06 0001 000a 00 83", FlowIdentification{1, 10, 131, {}}},
    {"1c04 01020304", RestartCounter{0x1020304}},
    {"1f06 8000 0000006e", NatDetection{true, 110}},
    {"1f06 0000 ffffffff", NatDetection{false, NatDetection::kNoKeepalives}},
    {"2102 0000", GreKey{}},
    {"2106 0000 00000000", GreKey{0}},
    {"2106 0000 fedcba98", GreKey{0xfedcba98}},
    {"2406 6000 00000000", Ipv4HomeAddressRequest{24, {}}},
    {"2406 fc00 c0000201", Ipv4HomeAddressRequest{63, ip4("192.0.2.1")}},
    {"2506 00 60 c0000201", Ipv4HomeAddressReply{Ipv4HomeAddressStatus::Success, 24, ip4("192.0.2.1")}},
    {"2506 84 00 00000000",
     Ipv4HomeAddressReply{Ipv4HomeAddressStatus::DynamicAssignmentNotAvailable, 0, {}}},
    {"2606 0000 c00002fe", Ipv4DefaultRouter{ip4("192.0.2.254")}},
    {"2702 0000", Ipv4DhcpSupportMode{false}},
    {"2702 0001", Ipv4DhcpSupportMode{true}},
    {"1305 000028af 01", VendorSpecific{10415, 1, {}}},
    {"1308 000028af ff 010203", VendorSpecific{10415, 255, hex("010203")}},
    {"2e02 0000", RedirectCapability{}},
    {"2f12 8000 20010db8000a00000000000000000001", Redirect{ip("2001:db8:a::1")}},
    {"2f06 4000 c0000201", Redirect{ip4("192.0.2.1")}},
    {"3012 0001 00000002 00000003 00000004 ffffffff", LoadInformation{1, 2, 3, 4, 0xffffffff}},
    {"3104 c0000201", AlternateIpv4CareOfAddress{ip4("192.0.2.1")}},
    {"3206 0100 00000001", MobileNodeGroupIdentifier{1, MobileNodeGroupIdentifier::kAllSessions}},
    {"3400", AccessNetworkIdentifier{}},
    {"340a 0108 80 03 6c6162 02 6170",
     AccessNetworkIdentifier{{NetworkIdentifier{true, hex("6c6162"), hex("6170")}}}},
    {"3412 0105 00 02 c328 00 0206 2ca81e f65a0a 6301 07",
     AccessNetworkIdentifier{{NetworkIdentifier{false, hex("c328"), {}}, GeoLocation{0x2ca81e, -0x9a5f6},
                              UnknownSubOption{99, hex("07")}}}},
    {"3407 0305 01 000028af", AccessNetworkIdentifier{{OperatorIdentifier{1, hex("000028af")}}}},
    {"3712 0038 20010db8010000000000000000000000", DelegatedMobileNetworkPrefix{56, ip("2001:db8:100::")}},
    {"3706 8018 c6336400", DelegatedMobileNetworkPrefix{24, ip4("198.51.100.0")}},
    {"3f06 04 09 fe 800000", MagMultipathBinding{AccessTechnology::Wlan, 9, 254, true, false}},
    {"3f06 08 0b 01 400000", MagMultipathBinding{AccessTechnology::Eutran, 11, 1, false, true}},
    {"4005 01 00 6d6167", MagIdentifier{1, hex("6d6167")}},
    {"4002 01 00", MagIdentifier{}},
    {"3300", UnknownOption{51, {}}},
    {"c803 010203", UnknownOption{200, hex("010203")}},
};

std::string option_error_of(const Bytes& octets) {
  const auto options = decode_options(octets);
  return options ? "" : options.error().code + ": " + options.error().message;
}

TEST(Options, DecodeByHand) {
  for (const auto& [octets, option] : kOptions) {
    const auto decoded = decode_options(hex(octets));
    ASSERT_TRUE(decoded) << octets << ": " << decoded.error().message;
    ASSERT_EQ(decoded->size(), 1U) << octets;
    EXPECT_EQ(decoded->front(), option) << octets;
  }
}

TEST(Options, EncodeByHandWhateverStandsInFront) {
  for (const auto& [octets, option] : kOptions)
    for (std::size_t before = 0; before < 9; ++before) {
      Bytes out(before);
      ASSERT_TRUE(encode_options({option}, out));
      EXPECT_EQ(out.size() % 8, 0U);
      const Bytes wanted = hex(octets);
      const auto found = std::search(out.begin() + static_cast<std::ptrdiff_t>(before), out.end(),
                                     wanted.begin(), wanted.end());
      EXPECT_NE(found, out.end()) << octets << " behind " << before;
      EXPECT_EQ(decode_options(ByteView(out).subspan(before)).value(), MobilityOptions{option});
    }
}

struct Place {
  MobilityOption option;
  std::size_t n, y;
};

TEST(Options, StandWhereTheirRfcWantsThem) {
  const Place places[] = {
      {BindingRefreshAdvice{}, 2, 0},
      {AlternateCareOfAddress{}, 8, 6},
      {HomeNetworkPrefixOption{}, 8, 4},
      {LinkLocalAddressOption{}, 8, 6},
      {TimestampOption{1}, 8, 2},
      {BindingIdentifierOption{}, 2, 0},
      {BindingIdentifierOption{1, 0, false, 0, ip4("192.0.2.1")}, 2, 0},
      {BindingIdentifierOption{1, 0, false, 0, ip("::1")}, 8, 2},
      {FlowSummary{{1}}, 2, 0},
      {FlowIdentification{1, 1, 0, {}}, 2, 0},
      {MnLinkLayerIdentifier{Bytes(8, 0xee)}, 8, 4},
      {MnLinkLayerIdentifier{Bytes(4, 0xee)}, 4, 0},
      {MnLinkLayerIdentifier{Bytes(6, 0xee)}, 2, 0},
      {MnLinkLayerIdentifier{Bytes(5, 0xee)}, 1, 0},
      {MobileNodeIdentifier{}, 1, 0},
      {HandoffIndicatorOption{}, 1, 0},
      {AccessTechnologyTypeOption{}, 1, 0},
      {RestartCounter{}, 4, 2},
      {NatDetection{}, 4, 0},
      {GreKey{}, 4, 0},
      {GreKey{1}, 4, 0},
      {Ipv4HomeAddressRequest{}, 4, 0},
      {Ipv4HomeAddressReply{}, 4, 0},
      {Ipv4DefaultRouter{}, 4, 0},
      {Ipv4DhcpSupportMode{}, 1, 0},
      {VendorSpecific{}, 4, 2},
      {RedirectCapability{}, 4, 0},
      {Redirect{}, 4, 0},
      {LoadInformation{}, 4, 0},
      {AlternateIpv4CareOfAddress{}, 4, 2},
      {MobileNodeGroupIdentifier{}, 1, 0},
      {AccessNetworkIdentifier{}, 4, 0},
      {DelegatedMobileNetworkPrefix{}, 8, 2},
      {MagMultipathBinding{}, 1, 0},
      {MagIdentifier{}, 1, 0},
  };
  for (const auto& [option, n, y] : places)
    for (std::size_t before = 0; before < 8; ++before) {
      Bytes out(before), alone;
      ASSERT_TRUE(encode_options({option}, out));
      std::size_t at = before;
      while (out[at] < 2) at += out[at] == 0 ? 1 : 2 + out[at + 1];
      EXPECT_EQ(at % n, y) << "option index " << option.index() << " behind " << before;
      EXPECT_LT(at - before, n) << "no more padding than needed";
    }
}

TEST(Options, PaddingIsExactAndZero) {
  const char* wanted[] = {"", "00", "0100", "010100", "01020000", "0103000000", "010400000000"};
  for (std::size_t count = 0; count < 7; ++count) {
    Bytes out;
    append_padding(out, count);
    EXPECT_EQ(out, hex(wanted[count]));
  }
}

TEST(Options, PaddingOfAnyKindIsDropped) {
  EXPECT_TRUE(decode_options(hex("00 00 0100 0103ffffff 00"))->empty());
  EXPECT_EQ(decode_options(hex("00 1702 0001 00"))->size(), 1U);
  EXPECT_TRUE(decode_options({})->empty());
}

TEST(Options, LengthsThatATypeDoesNotAllow) {
  for (const char* octets :
       {"030f", "0311", "1611", "1613", "1701", "1703", "1800", "1801", "1901", "1a0f", "1b07", "1b09",
        "2303", "2305", "2307", "2309", "2313", "2315", "2c00", "2c01", "2c03", "2d05", "0800", "1400",
        "1c03", "1c05", "1f05", "1f07", "2100", "2101", "2103", "2104", "2105", "2107", "2405", "2407",
        "2505", "2507", "2605", "2607", "2701", "2703", "1304", "2e01", "2e03", "3011", "3013", "3103",
        "3105", "3205", "3207", "3702", "3711", "3713", "3f05", "3f07", "4001"}) {
    Bytes option = hex(octets);
    option.resize(2 + option[1]);
    EXPECT_EQ(option_error_of(option).find("bad-option-length: "), 0U)
        << octets << " gave " << option_error_of(option);
  }
}

TEST(Options, NoneLeavesTheHeader) {
  for (const auto& [octets, option] : kOptions) {
    const Bytes whole = hex(octets);
    for (std::size_t length = 1; length < whole.size(); ++length)
      EXPECT_EQ(option_error_of(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length))),
                "bad-option-length: option " + std::to_string(whole[0]) + " leaves the header");
  }
  EXPECT_EQ(option_error_of(hex("01")), "bad-option-length: option 1 leaves the header");
  EXPECT_EQ(option_error_of(hex("0105 00")), "bad-option-length: option 1 leaves the header");
}

TEST(Options, ReservedOctetsAreIgnoredAndWrittenAsZero) {
  EXPECT_EQ(decode_options(hex("1702 ff01"))->front(),
            MobilityOption(HandoffIndicatorOption{HandoffIndicator::NewInterface}));
  EXPECT_EQ(decode_options(hex("1802 ff05"))->front(),
            MobilityOption(AccessTechnologyTypeOption{AccessTechnology::Wimax}));
  EXPECT_EQ(decode_options(hex("1903 ffff 07"))->front(), MobilityOption(MnLinkLayerIdentifier{hex("07")}));
  EXPECT_EQ(decode_options(hex("1612 7f40 00000000000000000000000000000000"))->front(),
            MobilityOption(HomeNetworkPrefixOption{false, 64, {}}));
  EXPECT_EQ(decode_options(hex("2406 63ff c0000201"))->front(),
            MobilityOption(Ipv4HomeAddressRequest{24, ip4("192.0.2.1")}));
  EXPECT_EQ(
      decode_options(hex("2506 80 63 c0000201"))->front(),
      MobilityOption(Ipv4HomeAddressReply{Ipv4HomeAddressStatus::ReasonUnspecified, 24, ip4("192.0.2.1")}));
  EXPECT_EQ(decode_options(hex("2606 ffff c0000201"))->front(),
            MobilityOption(Ipv4DefaultRouter{ip4("192.0.2.1")}));
  EXPECT_EQ(decode_options(hex("2702 fffe"))->front(), MobilityOption(Ipv4DhcpSupportMode{false}));
  EXPECT_EQ(decode_options(hex("2106 ffff 00000001"))->front(), MobilityOption(GreKey{1}));
  EXPECT_EQ(decode_options(hex("1f06 7fff 00000001"))->front(), MobilityOption(NatDetection{false, 1}));
  EXPECT_EQ(decode_options(hex("2e02 ffff"))->front(), MobilityOption(RedirectCapability{}));
  EXPECT_EQ(decode_options(hex("2f06 7fff c0000201"))->front(), MobilityOption(Redirect{ip4("192.0.2.1")}));
  EXPECT_EQ(decode_options(hex("3206 01ff 00000007"))->front(),
            MobilityOption(MobileNodeGroupIdentifier{1, 7}));
  EXPECT_EQ(decode_options(hex("3706 ff18 c6336400"))->front(),
            MobilityOption(DelegatedMobileNetworkPrefix{24, ip4("198.51.100.0")}));
  EXPECT_EQ(decode_options(hex("3f06 04 09 01 3fffff"))->front(),
            MobilityOption(MagMultipathBinding{AccessTechnology::Wlan, 9, 1, false, false}));
  EXPECT_EQ(decode_options(hex("4003 01 ff 61"))->front(), MobilityOption(MagIdentifier{1, hex("61")}));
  EXPECT_EQ(decode_options(hex("2d06 0001 000a ff 00"))->front(),
            MobilityOption(FlowIdentification{1, 10, 0, {}}));
}

TEST(Options, OneTooLongForItsLengthOctetIsNotWritten) {
  Bytes out;
  EXPECT_TRUE(encode_options({ServiceSelection{Bytes(255, 'x')}}, out));
  EXPECT_FALSE(encode_options({ServiceSelection{Bytes(256, 'x')}}, out));
  EXPECT_FALSE(encode_options({MobileNodeIdentifier{1, Bytes(255, 'x')}}, out));
  EXPECT_FALSE(encode_options({UnknownOption{99, Bytes(256)}}, out));
  EXPECT_FALSE(
      encode_options({AccessNetworkIdentifier{{NetworkIdentifier{true, Bytes(256, 'x'), {}}}}}, out));
  EXPECT_FALSE(encode_options({AccessNetworkIdentifier{{OperatorIdentifier{2, Bytes(255, 'x')}}}}, out));
}

TEST(Options, AnAddressOfNoFamilyOrOfTwo) {  // RFC 6463 section 4.2
  const Bytes address(16);
  EXPECT_EQ(option_error_of(hex("2f12 0000") + address).find("bad-address-family: "), 0U);
  EXPECT_EQ(option_error_of(hex("2f12 c000") + address).find("bad-address-family: "), 0U);
  EXPECT_EQ(option_error_of(hex("2f06 8000 c0000201")).find("bad-option-length: "), 0U);
  EXPECT_EQ(option_error_of(hex("2f12 4000") + address).find("bad-option-length: "), 0U);
  EXPECT_EQ(option_error_of(hex("3712 8040") + address).find("bad-option-length: "), 0U);
  EXPECT_EQ(option_error_of(hex("3706 0018 c6336400")).find("bad-option-length: "), 0U);
}

TEST(AccessNetwork, SubOptionsStayInsideTheirOption) {
  for (const char* octets : {"3401 01", "3402 0101", "3403 0102 80", "3404 0102 80 01", "3405 0103 80 01 61",
                             "3406 0104 80 01 61 01", "3407 0105 80 01 61 00 00", "3407 0205 0000000000",
                             "3409 0207 00000000000000", "3402 0300", "3404 6303 0707"})
    EXPECT_EQ(option_error_of(hex(octets)).find("bad-sub-option: "), 0U)
        << octets << " gave " << option_error_of(hex(octets));
}

TEST(AccessNetwork, DegreesAreSigned24BitNumbers) {  // RFC 6757 section 3.1.2
  const auto place = [](const char* octets) {
    return std::get<GeoLocation>(
        std::get<AccessNetworkIdentifier>(decode_options(hex(octets))->front()).sub_options.front());
  };
  EXPECT_EQ(place("3408 0206 2d0000 d30000"), (GeoLocation{90 << 15, -90 * 32768}));
  EXPECT_EQ(place("3408 0206 7fffff 800000"), (GeoLocation{(1 << 23) - 1, -(1 << 23)}));
}

TEST(MobileNodeIdentifier, EverySubtypePassesThrough) {  // RFC 8371 section 3
  for (unsigned subtype = 0; subtype < 256; ++subtype) {
    const auto octet = static_cast<std::uint8_t>(subtype);
    const Bytes octets = Bytes{8, 3, octet, 0xfe, 0x00};
    const MobilityOptions options = decode_options(octets).value();
    EXPECT_EQ(options.front(), MobilityOption(MobileNodeIdentifier{octet, hex("fe00")}));
    Bytes out;
    ASSERT_TRUE(encode_options(options, out));
    EXPECT_EQ(Bytes(out.begin(), out.begin() + 5), octets);
  }
}

TEST(HomeNetworkPrefix, LengthsBeyond128AreKeptForTheReceiverToReject) {
  const auto option = std::get<HomeNetworkPrefixOption>(
      decode_options(hex("1612 00ff 20010db8010000000000000000000001"))->front());
  EXPECT_EQ(option.prefix_length, 255);
  EXPECT_EQ(option.to_prefix().to_string(), "2001:db8:100::1/128");
  EXPECT_FALSE(option.is_all_zero());
  EXPECT_TRUE((HomeNetworkPrefixOption{false, 64, {}}.is_all_zero())) << "RFC 5213 section 2.2";
  EXPECT_EQ(HomeNetworkPrefixOption::of(Ipv6Prefix::parse("2001:db8::/32").value()),
            (HomeNetworkPrefixOption{false, 32, ip("2001:db8::")}));
}

TEST(Timestamp, IsFixedPointSince1970) {  // RFC 5213 section 8.8: 48 bits of seconds, 16 of fractions
  using namespace std::chrono_literals;
  EXPECT_EQ(TimestampOption::from_wall(WallTime{1s}).value, 0x10000U);
  EXPECT_EQ(TimestampOption::from_wall(WallTime{1500ms}).value, 0x18000U);
  EXPECT_EQ(TimestampOption::from_wall(WallTime{1735689600s}).value, std::uint64_t{1735689600} << 16);
  EXPECT_EQ(TimestampOption::from_wall(WallTime{-5s}).value, 0U);
  EXPECT_EQ(TimestampOption{0x18000}.to_wall(), WallTime{1500ms});
  EXPECT_EQ(TimestampOption{~std::uint64_t{0}}.to_wall(), WallTime::max());
}

TEST(Timestamp, ComesBackTheSameThroughWallTime) {
  for (std::uint64_t fraction = 0; fraction < 65536; ++fraction) {
    const TimestampOption stamp{(std::uint64_t{1735689600} << 16) + fraction};
    ASSERT_EQ(TimestampOption::from_wall(stamp.to_wall()), stamp) << fraction;
  }
}

TEST(Options, FindTakesTheFirstAndFindAllTheOrder) {
  const MobilityOptions options{FlowSummary{{1}}, ServiceSelection{hex("61")}, FlowSummary{{2}}};
  EXPECT_EQ(find<FlowSummary>(options)->flow_ids, std::vector<std::uint16_t>{1});
  EXPECT_EQ(find<TimestampOption>(options), nullptr);
  EXPECT_EQ(find_all<FlowSummary>(options), (std::vector{FlowSummary{{1}}, FlowSummary{{2}}}));
}

}  // namespace
}  // namespace flowmob::wire
