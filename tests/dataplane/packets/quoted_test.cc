// SPDX-License-Identifier: Apache-2.0
// ICMP errors go where the flow goes that they quote.
#include "lma_bench.h"
#include "packet_ipv4.h"

namespace flowmob::dataplane::testing {
namespace {

constexpr std::string_view kRouter = "2001:db8:e::1", kRouterV4 = "203.0.113.1";
constexpr std::uint8_t kUnreachable = 1, kTooBig = 2, kUnknown = 100, kEchoRequest = 128;

/// What the node has sent of the video flow, and of another.
Packet sent(std::uint16_t port = 5004) { return Packet().from(kNode).to(kCn).udp(4000, port).payload(64); }

Packet error(const Bytes& quote, std::uint8_t type = kUnreachable) {
  Bytes upper{type, 4, 0, 0, 0, 0, 0, 0};
  upper.insert(upper.end(), quote.begin(), quote.end());
  return Packet().from(kRouter).to(kNode).upper(58, upper);
}

Bytes error4(const Packet4& about, std::uint8_t type = 3, std::size_t most = 28) {
  Bytes quote = about.build();
  quote.resize(most);
  Bytes built = Packet4{.source = kRouterV4, .protocol = 1, .payload = quote.size()}.build();
  built[20] = type;
  std::ranges::copy(quote, built.begin() + 28);
  return built;
}

class Quoted : public LmaBench {
 protected:
  std::string way_of(const Packet& packet) const { return tunnel_of(from_core(packet.build())); }
};

TEST_F(Quoted, AnErrorGoesByTheFlowOfWhatItQuotes) {
  EXPECT_EQ(way_of(error(sent().build())), kMag1);
  EXPECT_EQ(way_of(error(sent().build(), kTooBig)), kMag1);
  EXPECT_EQ(way_of(error(sent(80).build())), kMag2);
}

TEST_F(Quoted, BehindExtensionHeadersOfTheQuoteToo) {
  EXPECT_EQ(way_of(error(sent().destination_options().build())), kMag1);
  EXPECT_EQ(way_of(error(sent().build()).destination_options()), kMag1) << "and of the error";
}

TEST_F(Quoted, WhatTheQuoteDoesNotShowIsAPacketOfItsOwn) {
  Bytes cut = sent().build();
  for (const std::size_t most : {std::size_t{0}, std::size_t{39}, std::size_t{43}}) {
    cut.resize(most);
    EXPECT_EQ(way_of(error(cut)), kMag2) << most;
  }
  EXPECT_EQ(way_of(error(sent().fragment(1024, false, 5).build())), kMag2);
  EXPECT_EQ(way_of(error(sent().authentication(7).build())), kMag2) << "its answers have another SPI";
}

TEST_F(Quoted, WhatIsNoErrorQuotesNothing) {
  EXPECT_EQ(way_of(error(sent().build(), kEchoRequest)), kMag2);
  EXPECT_EQ(way_of(error(sent().build(), kUnknown)), kMag2);
  EXPECT_EQ(way_of(error(sent().payload(1300).build())), kMag2) << "no error is as long";
}

/// Anybody can make one up.
TEST_F(Quoted, ItIsRememberedNowhere) {
  const auto before = cached_flows();
  EXPECT_EQ(way_of(error(sent().build())), kMag1);
  EXPECT_EQ(way_of(error(sent().fragment(0, true, 5).build())), kMag1);
  EXPECT_EQ(cached_flows(), before);
  EXPECT_TRUE((BpfMap<fm_fragment_key, fm_fragment_row>(lma_->object(), "fragments").keys().empty()));
}

TEST_F(Quoted, WhatItsReceiverHasNotSentCountsForNothing) {
  EXPECT_EQ(way_of(error(sent().from("2001:db8:100::11").build())), kMag2);
  EXPECT_EQ(way_of(error(Packet(sent()).from(kCn).to(kNode).build())), kMag2);
}

/// It says from whom it comes, and what it is.
TEST_F(Quoted, ItStaysAsItIs) {
  const auto outcome = from_core(error(sent().build()).build());
  ASSERT_EQ(outcome.verdict, Verdict::Redirect);
  const auto inner = Ipv6View::in_frame(outcome.frame).inner();
  EXPECT_EQ(inner.source, ip(kRouter));
  EXPECT_EQ(inner.destination, ip(kNode));
  EXPECT_EQ(inner.next_header, 58);
}

/// Upwards it counts for the flow as well: of a flow with copies one of each is taken.
TEST_F(Quoted, UpwardsTooItIsThatFlows) {
  must(lma_->install_flow(
      {kVideo, kNodeIndex, kSession1, {core::SpreadKind::Copies, {{kSession1}, {kSession2}}}}));
  const auto received = Packet().from(kCn).to(kNode).udp(5004, 4000).payload(64).build();
  Bytes upper{kUnreachable, 4, 0, 0, 0, 0, 0, 0};
  upper.insert(upper.end(), received.begin(), received.end());
  const auto answer = Packet().from(kNode).to(kCn).upper(58, upper);
  const auto by = [&](std::string_view mag) { return from_access(answer.in_tunnel(mag, kLma).build()); };
  EXPECT_EQ(by(kMag1).verdict, Verdict::Pass);
  EXPECT_TRUE(dropped(by(kMag2), "copy"));
}

class QuotedIpv4 : public LmaBench {
 protected:
  void SetUp() override {
    LmaBench::SetUp();
    for (const auto& [session, mag] : {std::pair{kSession1, kMag1}, {kSession2, kMag2}})
      must(lma_->install_session(
          {session, kNodeIndex, ip(kLma), ip(mag), {prefix(kPrefix)}, kMtu, ip4(kNode4)}));
  }
  void install(const wire::TrafficSelector6& selector) {
    must(lma_->install_node(
        {kNodeIndex, {prefix(kPrefix)}, kDefault, ++generation_, {{10, kVideo, selector}}, ip4(kNode4)}));
  }
  std::string way_of(const Bytes& packet) const {
    const auto outcome = run(lma_->object(), "lma_downlink", "core0", frame4(kCoreMac, kPeerMac, packet));
    if (outcome.verdict != Verdict::Redirect) return ::testing::PrintToString(outcome.verdict);
    return Ipv6View::in_frame(outcome.frame).destination.to_string();
  }
  std::uint32_t generation_ = 1;
};

TEST_F(QuotedIpv4, AnErrorGoesByTheFlowOfWhatItQuotes) {
  wire::TrafficSelector6 video;
  video.source_port = {5004, 5005};
  install(video);
  const Packet4 sent{.source = kNode4, .destination = kCn4, .source_port = 4000, .destination_port = 5004};
  for (const auto type : std::initializer_list<std::uint8_t>{3, 4, 11, 12})
    EXPECT_EQ(way_of(error4(sent, type)), kMag1) << +type;
  EXPECT_EQ(way_of(error4(sent, 8)), kMag2) << "an echo request quotes nothing";
  EXPECT_EQ(way_of(error4(sent, 3, 20)), kMag2) << "no ports";
  Packet4 others = sent, part = sent, web = sent;
  others.source = "192.0.2.99";
  part.fragment = 0x0010;
  web.destination_port = 80;
  for (const auto& quoted : {others, part, web}) EXPECT_EQ(way_of(error4(quoted)), kMag2);
}

/// RFC 6088 section 3.1: every field of a packet of IPv4.
TEST_F(QuotedIpv4, EveryFieldOfASelectorCounts) {
  const auto esp = [](std::uint32_t spi) {
    Bytes built = Packet4{.protocol = 50}.build();
    for (std::size_t i = 0; i < 4; ++i) built[20 + i] = static_cast<std::uint8_t>(spi >> (24 - 8 * i));
    return built;
  };
  const auto ah = [](std::uint32_t spi) {
    Bytes built = Packet4{.protocol = 51}.build();
    built[20] = 17;
    built[21] = 4;
    for (std::size_t i = 0; i < 4; ++i) built[24 + i] = static_cast<std::uint8_t>(spi >> (24 - 8 * i));
    return built;
  };
  wire::TrafficSelector6 spi, destination, source, ds, protocol, authenticated;
  spi.spi = {0x1000, 0x1fff};
  destination.destination = {to_mapped(ip4("192.0.2.2")), to_mapped(ip4("192.0.2.5"))};
  source.source = {to_mapped(ip4("198.51.100.0")), to_mapped(ip4("198.51.100.127"))};
  authenticated.next_header = {51, 51};
  ds.traffic_class = {46, 46};
  protocol.next_header = {6, 6};
  const Packet4 plain;
  Packet4 far = plain, marked = plain, tcp = plain;
  far.source = "198.51.100.128";
  marked.tos = 46 << 2;
  tcp.protocol = 6;
  struct Case {
    const char* name;
    wire::TrafficSelector6 selector;
    Bytes inside, outside;
  };
  wire::TrafficSelector6 elsewhere = destination;
  elsewhere.destination = {to_mapped(ip4("192.0.2.3")), to_mapped(ip4("192.0.2.5"))};
  for (const auto& one :
       {Case{"ESP", spi, esp(0x1fff), esp(0x2000)}, Case{"AH", spi, ah(0x1000), ah(0xfff)},
        Case{"AH as protocol", authenticated, ah(1), plain.build()},
        Case{"source", source, plain.build(), far.build()}, Case{"DS", ds, marked.build(), plain.build()},
        Case{"protocol", protocol, tcp.build(), plain.build()}}) {
    install(one.selector);
    EXPECT_EQ(way_of(one.inside), kMag1) << one.name;
    EXPECT_EQ(way_of(one.outside), kMag2) << one.name;
  }
  install(destination);
  EXPECT_EQ(way_of(plain.build()), kMag1);
  install(elsewhere);
  EXPECT_EQ(way_of(plain.build()), kMag2);
}

}  // namespace
}  // namespace flowmob::dataplane::testing
