// SPDX-License-Identifier: Apache-2.0
#include "lma_bench.h"
#include "wire/checksum.h"

namespace flowmob::dataplane::testing {
namespace {

class TooBig : public LmaBench {
 protected:
  void TearDown() override {
    ip_command("link set acc1 mtu 1500");
    LmaBench::TearDown();
  }

  /// A datagram of so many octets, headers included.
  static Packet of_length(std::size_t octets) { return video().payload(octets - 48); }
};

std::uint32_t mtu_in(const Ipv6View& answer) {
  return static_cast<std::uint32_t>(answer.payload[4] << 24 | answer.payload[5] << 16 |
                                    answer.payload[6] << 8 | answer.payload[7]);
}

/// The checks that hold for every answer; gives its IPv6 header and message.
Ipv6View expect_answer(const Outcome& outcome, const Bytes& about) {
  EXPECT_EQ(outcome.verdict, Verdict::Redirect);
  const auto answer = Ipv6View::in_frame(outcome.frame);
  EXPECT_EQ(outcome.frame.size(), 14U + 1280) << "as much as fits (RFC 4443 section 2.4 (c))";
  EXPECT_EQ(answer.payload_length, 1240U);
  EXPECT_EQ(answer.next_header, 58);
  EXPECT_EQ(answer.hop_limit, 64);
  EXPECT_EQ(answer.source, ip(kLma));
  EXPECT_EQ(answer.destination, ip(kCn));
  EXPECT_EQ(wire::ipv6_checksum(answer.source, answer.destination, 58, answer.payload), 0) << "checksum";
  EXPECT_EQ(answer.payload[0], 2);
  EXPECT_EQ(answer.payload[1], 0);
  EXPECT_EQ(Bytes(answer.payload.begin() + 8, answer.payload.end()),
            Bytes(about.begin(), about.begin() + 1232));
  return answer;
}

TEST_F(TooBig, WhatJustFitsGoesThrough) {
  EXPECT_EQ(tunnel_of(from_core(of_length(kMtu).build())), kMag1);
  EXPECT_EQ(packets_dropped(lma_->drops()), 0U);
}

TEST_F(TooBig, TheSenderIsToldTheTunnelsMtu) {
  const auto sent = of_length(kMtu + 1).build();
  const auto outcome = from_core(sent);
  EXPECT_EQ(mtu_in(expect_answer(outcome, sent)), kMtu);
  EXPECT_EQ(frame_destination(outcome.frame), mac(kPeerMac));
  EXPECT_EQ(frame_source(outcome.frame), mac(kCoreMac));
  EXPECT_EQ(packets_dropped(lma_->drops(), "too-big"), 1U);
  EXPECT_EQ(packets_dropped(lma_->drops()), 1U);
  EXPECT_EQ(lma_->flow_traffic(kVideo)->down, Counter{}) << "it was not delivered";
}

TEST_F(TooBig, AnOddLengthToo) {
  const auto sent = of_length(1493).traffic_class(0xb9).build();
  static_cast<void>(expect_answer(from_core(sent), sent));
}

TEST_F(TooBig, OurOwnStackIsToldAsWell) {
  const auto sent = of_length(1500).build();
  static_cast<void>(expect_answer(out_of_stack(sent), sent));
}

/// The device completes the checksum inside the quotation after the answer's was computed.
TEST_F(TooBig, APartialChecksumInTheQuotationComesOutRight) {
  for (const Packet& packet : {of_length(1500), Packet(of_length(1500)).tcp(5004, 4000).payload(1440)}) {
    const auto sent = Packet(packet).partial_checksum().build();
    const auto outcome = from_core(sent);
    EXPECT_EQ(outcome.verdict, Verdict::Redirect);
    Bytes answer(outcome.frame.begin() + 14, outcome.frame.end());
    complete_checksum(answer, 40 + 8 + 40, packet.build()[6] == 17 ? 6 : 16);
    const auto read = Ipv6View::read(answer);
    EXPECT_EQ(wire::ipv6_checksum(read.source, read.destination, 58, read.payload), 0);
  }
}

TEST_F(TooBig, ThePathToTheMagMayCarryLess) {
  ip_command("link set acc1 mtu 1400");
  const auto sent = of_length(1400).build();
  EXPECT_EQ(mtu_in(expect_answer(from_core(sent), sent)), 1360U);
  EXPECT_EQ(tunnel_of(from_core(of_length(1360).build())), kMag1);
}

TEST_F(TooBig, NoLessThanTheMinimumIsEverAskedFor) {
  ip_command("link set acc1 mtu 1280");
  const auto sent = of_length(1281).build();
  EXPECT_EQ(mtu_in(expect_answer(from_core(sent), sent)), 1280U);
}

TEST_F(TooBig, APathThatCannotCarryTheMinimumIsCounted) {
  ip_command("link set acc1 mtu 1280");
  EXPECT_TRUE(dropped(from_core(of_length(1280).build()), "tunnel-too-small"));
}

/// Anybody can say so, by ICMP; the link shows whether it is so.
TEST_F(TooBig, TheMinimumGoesAsFarAsTheLinkCarriesItWhateverIsSaidOfThePath) {
  ip_command("route replace 2001:db8:a::/64 via 2001:db8:1::2 mtu lock 1280");
  EXPECT_EQ(tunnel_of(from_core(of_length(1280).build())), kMag1);
  const auto sent = of_length(1281).build();
  EXPECT_EQ(mtu_in(expect_answer(from_core(sent), sent)), 1280U);
  ip_command("route replace 2001:db8:a::/64 via 2001:db8:1::2");
}

TEST_F(TooBig, AnErrorIsNotAnswered) {
  Bytes error(1460);
  error[0] = 1;
  EXPECT_TRUE(dropped(from_core(Packet().from(kCn).to(kNode).upper(58, error).build()), "too-big-silent"));
}

TEST_F(TooBig, ASourceThatIsNobodyIsNotAnswered) {
  EXPECT_TRUE(dropped(from_core(of_length(1500).from("::").build()), "malformed"));
  EXPECT_EQ(from_core(of_length(1500).from("ff02::1").build()).verdict, Verdict::Drop);
  EXPECT_EQ(packets_dropped(lma_->drops(), "malformed"), 2U);
}

TEST_F(TooBig, TheMinimumPassesWhateverTheSessionSays) {
  must(lma_->install_session({kSession1, kNodeIndex, ip(kLma), ip(kMag1), {prefix(kPrefix)}, 1000}));
  EXPECT_EQ(tunnel_of(from_core(of_length(1280).build())), kMag1);
  const auto sent = of_length(1281).build();
  EXPECT_EQ(mtu_in(expect_answer(from_core(sent), sent)), 1280U);
}

TEST_F(TooBig, AnswersAreLimitedInRate) {
  const auto sent = of_length(1500).build();
  for (int i = 0; i < 2000; ++i) static_cast<void>(from_core(sent));
  EXPECT_GT(packets_dropped(lma_->drops(), "too-big"), 50U);
  EXPECT_GT(packets_dropped(lma_->drops(), "too-big-silent"), 0U);
  EXPECT_EQ(packets_dropped(lma_->drops()), 2000U);
}

}  // namespace
}  // namespace flowmob::dataplane::testing
