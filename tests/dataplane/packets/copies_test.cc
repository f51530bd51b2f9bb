// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <map>
#include <set>
#include <vector>

#include "core/flow/spread.h"
#include "lma_bench.h"
#include "packet_ipv4.h"

/// Flows that take several links at a time, at the anchor.
namespace flowmob::dataplane::testing {
namespace {

using core::SpreadKind;

class Copies : public LmaBench {
 protected:
  void SetUp() override {
    LmaBench::SetUp();
    copy_by({{kSession1}, {kSession2}});
  }
  void copy_by(std::vector<core::SpreadLink> links) {
    must(lma_->install_flow({kVideo, kNodeIndex, kSession1, {SpreadKind::Copies, std::move(links)}}));
  }
  std::uint64_t sent_by(SessionId session) const { return lma_->session_traffic(session)->down.packets; }
  static Packet reply(std::uint8_t first = 0) {
    return Packet().from(kNode).to(kCn).udp(4000, 5004).content(Bytes(600, first));
  }
  Outcome by(std::string_view mag, const Packet& inner) const {
    return from_access(Packet(inner).in_tunnel(mag, kLma).build());
  }
  bool comes_through(std::string_view mag, const Packet& inner) const {
    return by(mag, inner).verdict == Verdict::Pass;
  }
};

TEST_F(Copies, EachPacketGoesByEveryLink) {
  EXPECT_EQ(tunnel_of(from_core(video().build())), kMag1);
  EXPECT_EQ(sent_by(kSession1), 1U);
  EXPECT_EQ(sent_by(kSession2), 1U) << "put into its tunnel at the interface's egress";
  EXPECT_EQ(lma_->flow_traffic(kVideo)->down.packets, 1U);
  EXPECT_EQ(tunnel_of(from_core(other().build())), kMag2);
  EXPECT_EQ(sent_by(kSession1), 1U) << "another flow's are not copied";
}

TEST_F(Copies, WhatTheHostItselfSaysGoesByEveryLink) {
  EXPECT_EQ(tunnel_of(out_of_stack(video().build())), kMag1);
  EXPECT_EQ(sent_by(kSession2), 1U);
}

TEST_F(Copies, WithOneLinkLeftThereIsOne) {
  copy_by({{kSession2}});
  EXPECT_EQ(tunnel_of(from_core(video().build())), kMag2);
  EXPECT_EQ(sent_by(kSession1), 0U);
}

TEST_F(Copies, WhatIsTooBigForOneLinkGoesByNone) {
  must(lma_->install_flow(
      {kVideo, kNodeIndex, kSession1, {SpreadKind::Copies, {{kSession1}, {kSession2}}, 1400}}));
  const auto answer = from_core(video().payload(1400).build());
  EXPECT_EQ(answer.verdict, Verdict::Redirect);
  EXPECT_EQ(sent_by(kSession1) + sent_by(kSession2), 0U);
  EXPECT_EQ(packets_dropped(lma_->drops(), "too-big"), 1U) << "its sender is told";
  EXPECT_EQ(tunnel_of(from_core(video().payload(1300).build())), kMag1);
  EXPECT_EQ(sent_by(kSession2), 1U);
}

TEST_F(Copies, ACopyThatIsTooBigAllTheSameIsNotAnswered) {
  static_cast<void>(from_core(video().payload(1460).build()));
  EXPECT_EQ(packets_dropped(lma_->drops(), "too-big-silent"), 1U);
  EXPECT_EQ(sent_by(kSession1) + sent_by(kSession2), 0U);
}

TEST_F(Copies, OfWhatComesTheFirstCounts) {
  EXPECT_TRUE(comes_through(kMag1, reply()));
  EXPECT_TRUE(dropped(by(kMag2, reply()), "copy"));
  EXPECT_TRUE(comes_through(kMag2, reply(1))) << "another packet";
  EXPECT_FALSE(comes_through(kMag1, reply(1)));
  EXPECT_EQ(lma_->flow_traffic(kVideo)->up.packets, 2U);
}

TEST_F(Copies, WhatIsSaidTwiceComesTwice) {
  EXPECT_TRUE(comes_through(kMag1, reply()));
  EXPECT_TRUE(comes_through(kMag1, reply()));
  EXPECT_FALSE(comes_through(kMag2, reply()));
  EXPECT_FALSE(comes_through(kMag2, reply()));
  EXPECT_TRUE(comes_through(kMag2, reply())) << "and this was lost on the other link";
}

TEST_F(Copies, WhatIsUnderWayWhenALinkGoesIsStillToldApart) {
  EXPECT_TRUE(comes_through(kMag2, reply()));
  EXPECT_TRUE(comes_through(kMag2, reply(1)));
  copy_by({{kSession2}});
  EXPECT_FALSE(comes_through(kMag1, reply())) << "its link is none of the flow's any more";
  EXPECT_TRUE(comes_through(kMag2, reply(2)));
  copy_by({{kSession2}, {kSession1}});
  EXPECT_FALSE(comes_through(kMag1, reply(1))) << "the order of links does not matter";
  EXPECT_FALSE(comes_through(kMag1, reply(2)));
}

TEST_F(Copies, MarksAndHopLimitsThatLinksSetDoNotMakeAnotherPacket) {
  EXPECT_TRUE(comes_through(kMag1, reply().traffic_class(2).hop_limit(64)));
  EXPECT_FALSE(comes_through(kMag2, reply().traffic_class(3).hop_limit(63).flow_label(7)));
}

TEST_F(Copies, ADifferenceAnywhereDoes) {
  Bytes payload(1300);
  std::set<std::size_t> places{0, 7, 8, 31, 32, 600, 1291, 1298, 1299};
  const auto packet = [](const Bytes& octets) {
    return Packet().from(kNode).to(kCn).udp(4000, 5004).content(octets);
  };
  EXPECT_TRUE(comes_through(kMag1, packet(payload)));
  for (const auto place : places) {
    Bytes other = payload;
    other[place] = 1;
    EXPECT_TRUE(comes_through(kMag2, packet(other))) << place;
  }
  payload.pop_back();
  EXPECT_TRUE(comes_through(kMag2, packet(payload))) << "shorter";
}

TEST_F(Copies, TcpSegmentsAreToldByTheirNumbers) {
  const auto segment = [] { return Packet().from(kNode).to(kCn).tcp(4000, 5004).payload(100); };
  wire::TrafficSelector6 all;
  install_rules({{10, kVideo, all}});
  EXPECT_TRUE(comes_through(kMag1, segment()));
  EXPECT_FALSE(comes_through(kMag2, segment()));
}

TEST_F(Copies, OtherFlowsAreNotLookedAt) {
  const auto packet = Packet().from(kNode).to(kCn).udp(4000, 80).payload(100);
  EXPECT_TRUE(comes_through(kMag1, packet));
  EXPECT_TRUE(comes_through(kMag2, packet));
}

/* For a second: what takes this machine longer says nothing of those before it. */
TEST_F(Copies, ThousandsAreRemembered) {
  using Clock = std::chrono::steady_clock;
  constexpr std::size_t kPackets = 2000;
  const auto packet = [](std::size_t number) {
    return Packet()
        .from(kNode)
        .to(kCn)
        .udp(4000, 5004)
        .content({static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)});
  };
  std::size_t in_time = 0, late = 0;
  for (std::size_t first = 0; in_time < kPackets / 2 && first < 10 * kPackets; first += kPackets) {
    std::vector<Clock::time_point> sent(kPackets);
    in_time = 0;
    for (std::size_t i = 0; i < kPackets; ++i) {
      sent[i] = Clock::now();
      EXPECT_TRUE(comes_through(kMag1, packet(first + i))) << i;
    }
    for (std::size_t i = 0; i < kPackets; ++i) {
      const bool came = comes_through(kMag2, packet(first + i));
      if (Clock::now() - sent[i] > std::chrono::milliseconds(900)) continue;
      ++in_time;
      late += came;
    }
  }
  EXPECT_GE(in_time, kPackets / 2) << "this machine is too slow for it";
  EXPECT_EQ(late, 0U);
}

class Shares : public LmaBench {
 protected:
  core::Spread even{SpreadKind::Shares, {{kSession1, 1}, {kSession2, 1}}};
  void share(const core::Spread& spread) {
    must(lma_->install_flow({kVideo, kNodeIndex, kSession1, spread}));
  }
  std::string way_of(std::uint16_t port) const {
    return tunnel_of(from_core(Packet().from(kCn).to(kNode).udp(5004, port).payload(10).build()));
  }
  std::map<std::uint16_t, std::string> ways() const {
    std::map<std::uint16_t, std::string> all;
    for (std::uint16_t port = 1; port <= 200; ++port) all[port] = way_of(port);
    return all;
  }
};

TEST_F(Shares, EachConnectionTakesTheLinkThatIsExplained) {
  share(even);
  std::map<std::string, int> count;
  for (const auto& [port, way] : ways()) {
    const auto key = core::parse_flow_key("udp," + std::string(kCn) + ",5004," + std::string(kNode) + "," +
                                          std::to_string(port));
    EXPECT_EQ(way, core::share_of(even, key.value()) == kSession1 ? kMag1 : kMag2);
    ++count[way];
  }
  EXPECT_GT(count[std::string(kMag1)], 60);
  EXPECT_GT(count[std::string(kMag2)], 60);
}

TEST_F(Shares, OneThatLivesStaysWhateverTheWeights) {
  share(even);
  const auto before = ways();
  share({SpreadKind::Shares, {{kSession1, 1000}, {kSession2, 1}}});
  EXPECT_EQ(ways(), before);
  int moved = 0;
  for (std::uint16_t port = 1001; port <= 1100; ++port) moved += way_of(port) == kMag1 ? 1 : 0;
  EXPECT_GT(moved, 90) << "new ones follow the weights";
}

TEST_F(Shares, OfALinkThatGoesTheOthersTakeOver) {
  share(even);
  const auto before = ways();
  share({SpreadKind::Shares, {{kSession1, 1}}});
  for (const auto& [port, way] : ways()) EXPECT_EQ(way, kMag1);
  share(even);
  for (const auto& [port, way] : ways()) EXPECT_EQ(way, kMag1) << "and stay where they are now";
}

TEST_F(Shares, FragmentsStayTogether) {
  share(even);
  for (std::uint16_t port = 1; port <= 20; ++port) {
    const auto packet = [&] { return Packet().from(kCn).to(kNode).udp(5004, port).payload(64); };
    const auto first = tunnel_of(from_core(packet().fragment(0, true, port).build()));
    EXPECT_EQ(tunnel_of(from_core(packet().fragment(1024, false, port).build())), first);
  }
}

TEST_F(Shares, AFlowThatIsOneAgainForgetsThem) {
  share(even);
  EXPECT_EQ(ways().size(), 200U);
  must(lma_->install_flow({kVideo, kNodeIndex, kSession2}));
  for (const auto& [port, way] : ways()) EXPECT_EQ(way, kMag2);
}

}  // namespace
}  // namespace flowmob::dataplane::testing
