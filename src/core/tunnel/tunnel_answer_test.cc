// SPDX-License-Identifier: Apache-2.0
#include "core/tunnel/tunnel_answer.h"

#include <gtest/gtest.h>

#include "base/ipv4.h"
#include "core/tunnel/ipv4_packet.h"
#include "core/tunnel/tunnel_error_log.h"
#include "wire/checksum.h"

namespace flowmob::core {
namespace {

using enum TunnelErrorKind;

Ipv6Address six(const char* text) { return Ipv6Address::parse(text).value(); }
Ipv4Address four(const char* text) { return Ipv4Address::parse(text).value(); }
const Ipv6Address kCorrespondent = six("2001:db8:c::10"), kMobile = six("2001:db8:100::10"),
                  kAnchor = six("2001:db8:f::1"), kGateway = six("2001:db8:a::1");

/// As a router quotes it.
Bytes quoted6(std::uint8_t next_header, const Bytes& behind, std::size_t length = 1460,
              const Ipv6Address& source = kCorrespondent) {
  Bytes packet{0x60, 0, 0, 0, 0, 0, next_header, 9};
  packet[4] = static_cast<std::uint8_t>((length - 40) >> 8);
  packet[5] = static_cast<std::uint8_t>(length - 40);
  append(packet, source.octets);
  append(packet, kMobile.octets);
  append(packet, behind);
  return packet;
}
Bytes quoted4(std::uint16_t flags, std::uint8_t protocol = 17, const Bytes& behind = Bytes(8),
              const char* source = "203.0.113.10", std::size_t length = 1460) {
  Bytes packet = ipv4_header(four(source), four("198.51.100.2"), protocol, length - 20, 0, flags);
  append(packet, behind);
  return packet;
}
TunnelError about(Bytes original, TunnelErrorKind kind = Unreachable, std::uint32_t mtu = 0) {
  return {kAnchor, kGateway, kind, mtu, 40, std::move(original)};
}

TEST(TunnelAnswer, WhatIsWrongWithTheTunnelIsAnUnreachableAddress) {  // RFC 2473 section 8.2
  for (const auto kind : {Unreachable, TimeExceeded, ParameterProblem}) {
    const auto quoted = quoted6(17, Bytes(1300, 0x55));
    const auto answer = answer_to(about(quoted, kind));
    ASSERT_TRUE(answer);
    EXPECT_FALSE(answer->original.ipv4);
    EXPECT_EQ(answer->original.source, kCorrespondent);
    EXPECT_EQ(answer->original.destination, kMobile);
    const auto message = icmpv6_message(*answer, quoted, kAnchor);
    EXPECT_EQ(to_hex(ByteView(message).first(2)), "0103");
    EXPECT_EQ(to_hex(ByteView(message).subspan(4, 4)), "00000000");
    EXPECT_EQ(message.size(), 1240U);
    EXPECT_EQ(Bytes(message.begin() + 8, message.end()), Bytes(quoted.begin(), quoted.begin() + 1232));
    EXPECT_EQ(wire::ipv6_checksum(kAnchor, kCorrespondent, 58, message), 0);
  }
}

TEST(TunnelAnswer, OfIpv4ItIsAnUnreachableHost) {  // RFC 2473 section 8.3
  for (const auto kind : {Unreachable, TimeExceeded, ParameterProblem}) {
    const auto quoted = quoted4(0, 17, Bytes(900, 0x55));
    const auto answer = answer_to(about(quoted, kind));
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->original.ipv4);
    const auto packet = icmp_packet(*answer, quoted, four("198.51.100.1"));
    const auto ip = Ipv4View::read(packet).value();
    EXPECT_EQ(packet.size(), 576U);
    EXPECT_EQ(ip.length, 576U);
    EXPECT_EQ(ip.protocol, 1);
    EXPECT_EQ(ip.source, four("198.51.100.1"));
    EXPECT_EQ(ip.destination, four("203.0.113.10"));
    EXPECT_EQ(internet_checksum(ByteView(packet).first(20)), 0);
    EXPECT_EQ(internet_checksum(ByteView(packet).subspan(20)), 0);
    EXPECT_EQ(to_hex(ByteView(packet).subspan(20, 2)), "0301");
    EXPECT_EQ(Bytes(packet.begin() + 28, packet.end()), Bytes(quoted.begin(), quoted.begin() + 548));
  }
}

TEST(TunnelAnswer, TooBigTellsTheTunnelsMtu) {
  const auto answer = answer_to(about(quoted6(17, Bytes(8)), TooBig, 1400));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->type, 2);
  EXPECT_EQ(answer->mtu, 1360);
  EXPECT_EQ(answer_to(about(quoted6(17, Bytes(8)), TooBig, 1290))->mtu, 1280);
  const auto answer4 = answer_to(about(quoted4(kDontFragment), TooBig, 1300));
  ASSERT_TRUE(answer4);
  EXPECT_EQ(answer4->type, 3);
  EXPECT_EQ(answer4->code, 4);
  EXPECT_EQ(answer4->mtu, 1260);
  EXPECT_EQ(answer_to(about(quoted4(kDontFragment), TooBig, 68))->mtu, 1240)
      << "no path of IPv6 carries less";
  auto over_ipv4 = about(quoted4(kDontFragment), TooBig, 68);
  over_ipv4.local = to_mapped(four("203.0.113.1"));
  EXPECT_EQ(answer_to(over_ipv4)->mtu, 552 - over_ipv4.tunnel_headers);
}

TEST(TunnelAnswer, TooBigIsNotToldOfWhatFitsOrIsCut) {
  EXPECT_FALSE(answer_to(about(quoted6(17, Bytes(8), 1280), TooBig, 1290)));
  EXPECT_FALSE(answer_to(about(quoted6(17, Bytes(8)), TooBig, 1500)));
  EXPECT_FALSE(answer_to(about(quoted6(17, Bytes(8)), TooBig, 0))) << "the router did not say";
  EXPECT_FALSE(answer_to(about(quoted4(0), TooBig, 1300))) << "RFC 2473 section 7.2 (b)";
  EXPECT_FALSE(answer_to(about(quoted4(kDontFragment), TooBig, 1500)));
}

TEST(TunnelAnswer, ErrorsAreNotAnswered) {
  EXPECT_FALSE(answer_to(about(quoted6(58, {1, 0}))));
  EXPECT_FALSE(answer_to(about(quoted6(58, {137, 0})))) << "a redirect";
  EXPECT_FALSE(answer_to(about(quoted6(58, {}))));
  EXPECT_TRUE(answer_to(about(quoted6(58, {128, 0}))));
  EXPECT_FALSE(answer_to(about(quoted6(60, {58, 0, 1, 4, 0, 0, 0, 0, 3}))));
  EXPECT_TRUE(answer_to(about(quoted6(60, {58, 0, 1, 4, 0, 0, 0, 0, 128}))));
  EXPECT_FALSE(answer_to(about(quoted6(60, {58, 9, 1, 4}))));
  EXPECT_FALSE(answer_to(about(quoted6(44, {58, 0, 0, 8, 0, 0, 0, 1, 128}))));
  EXPECT_TRUE(answer_to(about(quoted6(44, {17, 0, 0, 8, 0, 0, 0, 1, 9}))));
  EXPECT_FALSE(answer_to(about(quoted4(0, 1, {3, 1}))));
  EXPECT_FALSE(answer_to(about(quoted4(0, 1, {}))));
  EXPECT_TRUE(answer_to(about(quoted4(0, 1, {8, 0}))));
  EXPECT_FALSE(answer_to(about(quoted4(7)))) << "a later fragment";
}

TEST(TunnelAnswer, NorWhoIsNoSingleNode) {
  for (const char* source : {"::", "::1", "ff02::1", "fe80::1", "::ffff:192.0.2.1"})
    EXPECT_FALSE(answer_to(about(quoted6(17, Bytes(8), 1460, six(source))))) << source;
  for (const char* source : {"0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255"})
    EXPECT_FALSE(answer_to(about(quoted4(0, 17, Bytes(8), source)))) << source;
}

TEST(TunnelAnswer, TooShortAQuotationIsNotAnswered) {
  auto short6 = quoted6(17, {});
  short6.pop_back();
  auto short4 = quoted4(0, 17, {});
  short4.pop_back();
  for (const auto& quoted : {short6, short4, Bytes{}, Bytes(60, 0x55)})
    EXPECT_FALSE(answer_to(about(quoted)));
}

TEST(TunnelErrorLog, TellsOncePerPeerAndKindAndCountsAll) {
  TunnelErrorLog log;
  const Now start{TimePoint(std::chrono::hours(1)), {}};
  const auto error = about({});
  log.note(error);
  EXPECT_TRUE(log.is_news(start, error));
  EXPECT_FALSE(log.is_news(start + std::chrono::seconds(9), error));
  EXPECT_TRUE(log.is_news(start, about({}, TooBig, 1400)));
  EXPECT_TRUE(log.is_news(start + std::chrono::seconds(10), error));
  EXPECT_EQ(TunnelErrorLog::event(about({}, TooBig, 1400)).dump(),
            R"({"address":"2001:db8:a::1","kind":"too-big","mtu":1400})");
  int answered = 0;
  for (int i = 0; i < 300; ++i) answered += log.may_answer(start) ? 1 : 0;
  log.note_answer(true);
  log.note_answer(false);
  EXPECT_EQ(answered, 100);
  EXPECT_TRUE(log.may_answer(start + std::chrono::seconds(1)));
  EXPECT_EQ(log.to_json().at("unreachable"), 1);
  EXPECT_EQ(log.to_json().at("answered"), 1);
  EXPECT_EQ(log.to_json().at("unanswered"), 1);
}

}  // namespace
}  // namespace flowmob::core
