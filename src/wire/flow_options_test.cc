// SPDX-License-Identifier: Apache-2.0
#include "wire/flow_options.h"

#include <gtest/gtest.h>

#include "wire/hex_for_test.h"
#include "wire/option_codec.h"

namespace flowmob::wire {
namespace {

using namespace test;

TrafficSelector6 udp_port(std::uint16_t port) {
  return {.destination_port = {{port, port}}, .next_header = {{17, 17}}};
}

Result<MobilityOptions> decode_flow(const char* sub_options) {
  const Bytes subs = hex(sub_options);
  return decode_options(Bytes{45, static_cast<std::uint8_t>(6 + subs.size()), 0, 1, 0, 10, 0, 0} + subs);
}
std::vector<FlowSubOption> subs_of(const char* sub_options) {
  return std::get<FlowIdentification>(decode_flow(sub_options).value().front()).sub_options;
}
std::string flow_error_of(const char* sub_options) {
  const auto options = decode_flow(sub_options);
  return options ? "" : options.error().code;
}

TEST(FlowSubOptions, ByHand) {  // RFC 6089 section 4.2.1
  EXPECT_EQ(subs_of("0202 0001"), std::vector<FlowSubOption>{BindingReference{{1}}});
  EXPECT_EQ(subs_of("0204 0001 0203"), (std::vector<FlowSubOption>{BindingReference{{1, 0x203}}}));
  EXPECT_EQ(subs_of("0309 02 00 0022 0000 1388 11"),
            std::vector<FlowSubOption>{TrafficSelectorSubOption{udp_port(5000)}});
  EXPECT_EQ(subs_of("030a 01 ff 8000 0000 c0000201"),
            (std::vector<FlowSubOption>{TrafficSelectorSubOption{
                TrafficSelector4{.source = {{ip4("192.0.2.1"), ip4("192.0.2.1")}}}}}));
  EXPECT_EQ(subs_of("0304 07 00 abcd"),
            (std::vector<FlowSubOption>{TrafficSelectorSubOption{UnknownSelector{7, hex("abcd")}}}));
  EXPECT_EQ(subs_of("ff02 abcd"), (std::vector<FlowSubOption>{UnknownSubOption{255, hex("abcd")}}));
  EXPECT_EQ(subs_of("0400"), (std::vector<FlowSubOption>{UnknownSubOption{4, {}}}));
}

TEST(FlowSubOptions, PaddingIsSkippedAndTheRestIsRead) {
  EXPECT_EQ(subs_of("00 0102 0000 0202 0001 00"), std::vector<FlowSubOption>{BindingReference{{1}}});
  EXPECT_EQ(subs_of("0100"), std::vector<FlowSubOption>{});
}

TEST(FlowSubOptions, BadOnes) {
  EXPECT_EQ(flow_error_of("02"), "bad-sub-option") << "no length";
  EXPECT_EQ(flow_error_of("0202 00"), "bad-sub-option") << "leaves its option";
  EXPECT_EQ(flow_error_of("0105 00"), "bad-sub-option") << "padding as well";
}

/// A message with such a flow is whole: the flow is refused, not the message.
TEST(FlowSubOptions, ThatContradictThemselvesAreKeptAsOctets) {
  const auto unread = [](std::uint8_t type, const char* data) {
    return std::vector<FlowSubOption>{UnknownSubOption{type, hex(data)}};
  };
  const auto selector = [](const char* data) {
    return std::vector<FlowSubOption>{TrafficSelectorSubOption{UnknownSelector{2, hex(data)}}};
  };
  EXPECT_EQ(subs_of("0200"), unread(2, "")) << "a reference to nothing";
  EXPECT_EQ(subs_of("0203 000100"), unread(2, "000100")) << "half a number";
  EXPECT_EQ(subs_of("0300"), unread(3, "")) << "no format";
  EXPECT_EQ(subs_of("0301 02"), unread(3, "02")) << "no reserved octet";
  EXPECT_EQ(subs_of("0302 02 00"), selector("")) << "no flags";
  EXPECT_EQ(subs_of("0307 02 00 4000 0000 00"), selector("4000 0000 00")) << "an end without a start";
  EXPECT_EQ(
      subs_of("030a 02 00 0030 0000 0002 0001 0202 0001"),
      (std::vector<FlowSubOption>{TrafficSelectorSubOption{UnknownSelector{2, hex("0030 0000 0002 0001")}},
                                  BindingReference{{1}}}))
      << "an end before the start, and the sub-option behind it";
}

TEST(FlowSubOptions, AreAlignedFromTheStartOfTheMessage) {
  // RFC 6088 section 3.2: with an address the sub-option starts at 8n, behind the 4 octets of the reference.
  const FlowIdentification flow{
      1,
      10,
      0,
      {BindingReference{{1}},
       TrafficSelectorSubOption{TrafficSelector6{.source = {{ip("2001:db8::1"), ip("2001:db8::1")}}}}}};
  Bytes out(8);
  ASSERT_TRUE(encode_options({flow}, out));
  EXPECT_EQ(Bytes(out.begin() + 8, out.end()), hex("2d26 0001 000a 0000 0202 0001 01020000"
                                                   "0316 0200 8000 0000 20010db8000000000000000000000001"));
  EXPECT_EQ(decode_options(ByteView(out).subspan(8))->front(), MobilityOption(flow));
}

TEST(FlowSubOptions, OneThatAnOddNeighbourPushesIsPadded) {
  const FlowIdentification flow{
      1, 10, 0, {UnknownSubOption{9, hex("aa")}, BindingReference{{5}}, UnknownSubOption{9, hex("bb")}}};
  Bytes out(8);
  ASSERT_TRUE(encode_options({flow}, out));
  EXPECT_EQ(Bytes(out.begin() + 16, out.begin() + 27), hex("0901aa 00 0202 0005 0901bb"));
}

TEST(FlowSubOptions, TooMuchForOneOptionIsNotWritten) {
  const FlowIdentification flow{1, 10, 0, {UnknownSubOption{9, Bytes(248)}}};
  Bytes out;
  EXPECT_FALSE(encode_options({flow}, out)) << "6 + 2 + 248 octets";
  const FlowIdentification longer{1, 10, 0, {UnknownSubOption{9, Bytes(300)}}};
  EXPECT_FALSE(encode_options({longer}, out));
}

}  // namespace
}  // namespace flowmob::wire
