// SPDX-License-Identifier: Apache-2.0
#include "core/flow/reference_packet.h"

#include <gtest/gtest.h>

namespace flowmob::core {
namespace {

constexpr std::uint8_t kTcpNext = 6, kUdpNext = 17, kFragmentNext = 44, kEspNext = 50, kAhNext = 51,
                       kPingNext = 58, kOptionsNext = 60;

Bytes join(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const auto& part : parts) append(all, part);
  return all;
}

Bytes ipv6(std::uint8_t next, const Bytes& payload, std::optional<std::size_t> claimed = {}) {
  const auto length = claimed.value_or(payload.size());
  Bytes header{
      0x6b, 0x9a, 0xbc, 0xde, static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length),
      next, 63};
  append(header, Ipv6Address::parse("2001:db8:c::10").value().octets);
  append(header, Ipv6Address::parse("2001:db8:100::10").value().octets);
  return join({header, payload});
}

Bytes ipv4(std::uint8_t protocol, const Bytes& payload, std::uint16_t fragment = 0, std::uint8_t words = 5) {
  const std::size_t length = words * 4U + payload.size();
  Bytes header{static_cast<std::uint8_t>(0x40 | words),
               0xb9,
               static_cast<std::uint8_t>(length >> 8),
               static_cast<std::uint8_t>(length),
               0x12,
               0x34,
               static_cast<std::uint8_t>(fragment >> 8),
               static_cast<std::uint8_t>(fragment),
               62,
               protocol,
               0,
               0,
               198,
               51,
               100,
               7,
               192,
               0,
               2,
               2};
  header.resize(words * 4U, 1);
  return join({header, payload});
}

const Bytes kUdpHeader{0x13, 0x8c, 0x0f, 0xa0, 0, 8, 0, 0};  // 5004, 4000
constexpr FlowKey::Ports kUdpPorts{5004, 4000};

Bytes options(std::uint8_t next, std::uint8_t length = 0) {
  Bytes header((length + 1U) * 8);
  header[0] = next;
  header[1] = length;
  return header;
}
Bytes fragment(std::uint8_t next, std::uint16_t offset, bool more, std::uint8_t number) {
  const auto field = static_cast<std::uint16_t>(offset << 3 | (more ? 1 : 0));
  return {next, 0, static_cast<std::uint8_t>(field >> 8), static_cast<std::uint8_t>(field), 0, 0, 0, number};
}
Bytes ah(std::uint8_t next, std::uint8_t spi) {
  Bytes header(12);
  header[0] = next;
  header[1] = 1;
  header[7] = spi;
  return header;
}

ReferencePacket seen(const Bytes& octets) {
  const auto packet = read_packet(octets);
  EXPECT_TRUE(packet) << packet.error().message;
  return packet.value_or(ReferencePacket{});
}

TEST(ReferencePacket, TheFixedHeaderOfIpv6) {  // RFC 8200 section 3
  const auto packet = seen(ipv6(kUdpNext, kUdpHeader));
  EXPECT_FALSE(packet.is_ipv4);
  EXPECT_EQ(packet.length, 48U);
  EXPECT_EQ(packet.traffic_class, 0xb9);
  EXPECT_EQ(packet.key.ds, 0xb9 >> 2);
  EXPECT_EQ(packet.key.flow_label, 0xabcdeU);
  EXPECT_EQ(packet.hop_limit, 63);
  EXPECT_EQ(packet.key.source.to_string(), "2001:db8:c::10");
  EXPECT_EQ(packet.key.destination.to_string(), "2001:db8:100::10");
  EXPECT_EQ(packet.key.protocol, kUdpNext);
  EXPECT_EQ(packet.key.ports, kUdpPorts);
}

TEST(ReferencePacket, TheHeaderOfIpv4WithItsOptions) {  // RFC 791 section 3.1
  const auto packet = seen(ipv4(kUdpNext, kUdpHeader, 0x4000, 15));
  EXPECT_TRUE(packet.is_ipv4);
  EXPECT_EQ(packet.length, 68U);
  EXPECT_EQ(packet.header, 60U);
  EXPECT_EQ(packet.hop_limit, 62);
  EXPECT_FALSE(packet.may_be_cut);
  EXPECT_EQ(packet.key.flow_label, std::nullopt);
  EXPECT_EQ(written(packet.key.source), "198.51.100.7");
  EXPECT_EQ(packet.key.ports, kUdpPorts);
  EXPECT_TRUE(seen(ipv4(kUdpNext, kUdpHeader)).may_be_cut);
}

TEST(ReferencePacket, WhatIsNoPacket) {
  EXPECT_EQ(read_packet({}).error().code, "not-ip");
  EXPECT_EQ(read_packet(Bytes(60, 0x50)).error().code, "not-ip");
  EXPECT_EQ(read_packet(ipv6(kUdpNext, kUdpHeader, 9)).error().code, "malformed");
  EXPECT_EQ(read_packet(ByteView(ipv6(kUdpNext, {})).first(39)).error().code, "malformed");
  auto short_header = ipv4(kUdpNext, kUdpHeader), short_length = short_header, beyond = short_header;
  short_header[0] = 0x44;
  short_length[3] = 19;
  beyond[3] = 29;
  for (const auto& odd : {short_header, short_length, beyond})
    EXPECT_EQ(read_packet(odd).error().code, "malformed");
}

TEST(ReferencePacket, WhatIsBehindThePacketIsNotItsOwn) {
  EXPECT_EQ(seen(ipv6(kUdpNext, kUdpHeader, 3)).key.ports, std::nullopt);
  EXPECT_EQ(seen(ipv6(kUdpNext, kUdpHeader, 4)).key.ports, kUdpPorts);
  auto padded = ipv4(kUdpNext, kUdpHeader);
  padded[3] = 23;
  EXPECT_EQ(seen(padded).key.ports, std::nullopt);
  EXPECT_EQ(seen(ipv6(kOptionsNext, join({options(kUdpNext), kUdpHeader}), 7)).key.protocol, kOptionsNext);
}

TEST(ReferencePacket, ExtensionHeadersAreFollowed) {  // RFC 8200 section 4
  for (const auto type : std::initializer_list<std::uint8_t>{0, 43, 60}) {
    const auto packet = seen(ipv6(type, join({options(kUdpNext, 2), kUdpHeader})));
    EXPECT_EQ(packet.key.protocol, kUdpNext);
    EXPECT_EQ(packet.key.ports, kUdpPorts);
    EXPECT_EQ(packet.upper, 40U + 24);
  }
  const auto authenticated = seen(ipv6(kAhNext, join({ah(kUdpNext, 7), kUdpHeader})));
  EXPECT_EQ(authenticated.key.spi, 7U);
  EXPECT_EQ(authenticated.key.ports, kUdpPorts);
}

TEST(ReferencePacket, EightOfThemAtMost) {
  Bytes eight, nine;
  for (int i = 0; i < 7; ++i) append(eight, options(kOptionsNext));
  nine = join({eight, options(kOptionsNext), options(kUdpNext), kUdpHeader});
  append(eight, join({options(kUdpNext), kUdpHeader}));
  EXPECT_EQ(seen(ipv6(kOptionsNext, eight)).key.ports, kUdpPorts);
  EXPECT_EQ(seen(ipv6(kOptionsNext, nine)).key.protocol, kOptionsNext);
  EXPECT_EQ(seen(ipv6(kOptionsNext, nine)).upper, std::nullopt);
}

TEST(ReferencePacket, TheProtocolIsTheLastThatCouldBeRead) {
  EXPECT_EQ(seen(ipv6(kOptionsNext, {kUdpNext})).key.protocol, kOptionsNext);
  const auto beyond = seen(ipv6(kOptionsNext, {kUdpNext, 255, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(beyond.key.protocol, kUdpNext);
  EXPECT_EQ(beyond.key.ports, std::nullopt);
}

TEST(ReferencePacket, SpisAndPings) {
  EXPECT_EQ(seen(ipv6(kEspNext, {0, 0, 1, 2})).key.spi, 0x102U);
  EXPECT_EQ(seen(ipv6(kEspNext, {0, 0, 1})).key.spi, std::nullopt);
  EXPECT_EQ(seen(ipv4(kEspNext, {0, 0, 1, 2})).key.spi, 0x102U);
  EXPECT_EQ(seen(ipv4(kAhNext, ah(kUdpNext, 9))).key.spi, 9U);
  EXPECT_EQ(seen(ipv4(kAhNext, ah(kUdpNext, 9))).key.protocol, kAhNext)
      << "the header's (RFC 6088 section 3.1)";
  const Bytes ping{128, 0, 0, 0, 0x12, 0x34, 0, 1}, ping4{8, 0, 0, 0, 0x12, 0x34, 0, 1};
  EXPECT_EQ(seen(ipv6(kPingNext, ping)).echo, 0x1234);
  EXPECT_EQ(seen(ipv4(1, ping4)).echo, 0x1234);
  EXPECT_EQ(seen(ipv6(kPingNext, ping4)).echo, std::nullopt);
  EXPECT_EQ(seen(ipv6(1, ping)).echo, std::nullopt) << "IPv6 has no ICMP of IPv4";
  EXPECT_EQ(seen(ipv6(kAhNext, join({ah(kPingNext, 7), ping}))).echo, std::nullopt);
}

ReferencePacket completed(FirstFragments& fragments, const Bytes& octets) {
  auto packet = seen(octets);
  fragments.complete(packet);
  return packet;
}

TEST(ReferencePacket, LaterFragmentsBorrowFromTheFirst) {  // RFC 6089 section 5.3.6
  FirstFragments fragments;
  const auto later = ipv6(kFragmentNext, join({fragment(kTcpNext, 64, false, 5), Bytes(16)}));
  EXPECT_FALSE(completed(fragments, later).is_whole);
  EXPECT_EQ(completed(fragments, later).key.protocol, kTcpNext);
  const auto first = join({options(kUdpNext), kUdpHeader});
  completed(fragments, ipv6(kFragmentNext, join({fragment(kOptionsNext, 0, true, 5), first})));
  EXPECT_TRUE(completed(fragments, later).is_whole);
  EXPECT_EQ(completed(fragments, later).key.ports, kUdpPorts);
  EXPECT_EQ(completed(fragments, later).key.protocol, kUdpNext) << "RFC 8200 section 4.5: the first's counts";
  EXPECT_FALSE(completed(fragments, ipv6(kFragmentNext, join({fragment(kUdpNext, 64, false, 6), Bytes(16)})))
                   .is_whole);
}

TEST(ReferencePacket, AFirstFragmentIsFollowedWhateverItShows) {
  FirstFragments fragments;
  completed(fragments, ipv6(kFragmentNext, fragment(kOptionsNext, 0, true, 5)));
  const auto later = completed(fragments, ipv6(kFragmentNext, fragment(kUdpNext, 64, false, 5)));
  EXPECT_TRUE(later.is_whole);
  EXPECT_EQ(later.key.protocol, kOptionsNext);
}

TEST(ReferencePacket, AnAtomicFragmentIsNone) {  // RFC 8200 section 4.5
  const auto packet = seen(ipv6(kFragmentNext, join({fragment(kUdpNext, 0, false, 5), kUdpHeader})));
  EXPECT_FALSE(packet.is_fragment());
  EXPECT_EQ(packet.key.ports, kUdpPorts);
}

TEST(ReferencePacket, TheOuterOfTwoFragmentHeadersCounts) {
  const auto packet =
      seen(ipv6(kFragmentNext,
                join({fragment(kFragmentNext, 0, true, 5), fragment(kUdpNext, 0, true, 6), kUdpHeader})));
  EXPECT_EQ(packet.begins, 5U);
  EXPECT_EQ(packet.key.ports, kUdpPorts);
}

TEST(ReferencePacket, FragmentsOfIpv4AreToldByTheProtocolToo) {  // RFC 791 section 2.3
  FirstFragments fragments;
  completed(fragments, ipv4(kUdpNext, kUdpHeader, 0x2000));
  EXPECT_EQ(completed(fragments, ipv4(kUdpNext, Bytes(8), 0x0002)).key.ports, kUdpPorts);
  const auto other = completed(fragments, ipv4(kTcpNext, Bytes(8), 0x0002));
  EXPECT_FALSE(other.is_whole);
  EXPECT_EQ(other.key.protocol, kTcpNext);
}

Bytes sent_by_node() {
  auto sent = ipv6(kUdpNext, {0x0f, 0xa0, 0x13, 0x8c, 0, 8, 0, 0});
  std::swap_ranges(sent.begin() + 8, sent.begin() + 24, sent.begin() + 24);
  return sent;
}
Bytes error_about(const Bytes& quote, std::uint8_t type = 1) {
  return join({Bytes{type, 0, 0, 0, 0, 0, 0, 0}, quote});
}
std::optional<QuotedFlow> quoted(const Bytes& octets) { return quoted_flow(octets, seen(octets)); }

TEST(ReferencePacket, AnErrorHasTheKeyOfWhatItQuotes) {  // docs/adr/0065
  const auto found = quoted(ipv6(kPingNext, error_about(sent_by_node())));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->key.source.to_string(), "2001:db8:c::10");
  EXPECT_EQ(found->key.destination.to_string(), "2001:db8:100::10");
  EXPECT_EQ(found->key.ports, kUdpPorts);
}

TEST(ReferencePacket, ALengthThatWasChangedBeforeItWasQuotedDoesNotMatter) {
  auto changed = sent_by_node();
  changed[5] = 0;
  EXPECT_TRUE(quoted(ipv6(kPingNext, error_about(changed))));
}

TEST(ReferencePacket, WhatQuotesNothingThatCounts) {
  const auto sent = sent_by_node();
  EXPECT_FALSE(quoted(ipv6(kPingNext, error_about(sent, 128))));
  EXPECT_FALSE(quoted(ipv6(kPingNext, error_about(sent, 5))));
  EXPECT_FALSE(quoted(ipv6(kUdpNext, error_about(sent))));
  EXPECT_FALSE(quoted(ipv6(kPingNext, error_about(ipv6(kUdpNext, kUdpHeader))))) << "not from its receiver";
  EXPECT_FALSE(quoted(ipv6(kPingNext, error_about(Bytes(sent.begin(), sent.begin() + 43))))) << "no ports";
  EXPECT_FALSE(quoted(ipv6(kPingNext, error_about(sent), 51))) << "they are behind the error";
  EXPECT_FALSE(quoted(ipv6(kPingNext, error_about(join({sent, Bytes(1200)}))))) << "no error is as long";
  const auto part = ipv6(kFragmentNext, join({fragment(kPingNext, 0, true, 5), error_about(sent)}));
  EXPECT_FALSE(quoted(part)) << "its other fragments cannot show it";
}

/// With AddressSanitizer it shows that nothing outside is read.
TEST(ReferencePacket, AnyOctetsAreRead) {
  const Bytes chain =
      join({options(43), options(kAhNext, 1), ah(kFragmentNext, 7), fragment(kPingNext, 0, true, 5)});
  const Bytes whole = ipv6(0, join({chain, error_about(sent_by_node())}));
  const Bytes whole4 = ipv4(1, error_about(ipv4(kUdpNext, kUdpHeader), 3), 0, 15);
  FirstFragments fragments;
  std::uint32_t dice = 1;
  for (const auto& packet : {whole, whole4})
    for (std::size_t most = 0; most <= packet.size(); ++most)
      for (int i = 0; i < 20; ++i) {
        Bytes cut(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(most));
        for (int changes = 0; changes < i && most > 1; ++changes) {
          dice = dice * 1664525 + 1013904223;
          cut[1 + (dice >> 8) % (most - 1)] = static_cast<std::uint8_t>(dice >> 24);
        }
        auto read = read_packet(cut);
        if (!read) continue;
        EXPECT_LE(read->length, cut.size());
        static_cast<void>(quoted_flow(cut, *read));
        fragments.complete(*read);
      }
}

}  // namespace
}  // namespace flowmob::core
