// SPDX-License-Identifier: Apache-2.0
#include "lma_bench.h"

namespace flowmob::dataplane::testing {
namespace {

/// What the anchor's rows do to packets while they come and go.
class LmaRowsInUse : public LmaBench {
 protected:
  static Packet uplink_by(std::string_view mag) {
    return Packet().from(kNode).to(kCn).udp(4000, 5004).in_tunnel(mag, kLma);
  }
  Verdict verdict_on_uplink_by(std::string_view mag) const {
    return from_access(uplink_by(mag).build()).verdict;
  }
  static std::string code_of(const Result<void>& done) { return done ? "no error" : done.error().code; }
  static wire::TrafficSelector6 port(std::uint16_t number) {
    wire::TrafficSelector6 selector;
    selector.source_port = {number, number};
    return selector;
  }
};

TEST_F(LmaRowsInUse, TwoSessionsOfANodeMayShareAMag) {
  must(lma_->install_session({kSession2, kNodeIndex, ip(kLma), ip(kMag1), {prefix(kPrefix)}, kMtu}));
  must(lma_->remove_session({kSession2, ip(kMag2), {prefix(kPrefix)}}));
  EXPECT_EQ(verdict_on_uplink_by(kMag2), Verdict::Drop) << "the second one left it";
  must(lma_->remove_session({kSession1, ip(kMag1), {prefix(kPrefix)}}));
  EXPECT_EQ(verdict_on_uplink_by(kMag1), Verdict::Pass);
  EXPECT_EQ(lma_->session_traffic(kSession2)->up.packets, 1U);
  must(lma_->remove_session({kSession2, ip(kMag1), {prefix(kPrefix)}}));
  EXPECT_EQ(verdict_on_uplink_by(kMag1), Verdict::Drop);
}

TEST_F(LmaRowsInUse, AnUplinkThatIsKeptGoesWithItsLastSession) {
  must(lma_->install_session({kSession2, kNodeIndex, ip(kLma), ip(kMag1), {prefix(kPrefix)}, kMtu}));
  must(lma_->remove_session({kSession2, ip(kMag1), {prefix(kPrefix)}, true}));
  EXPECT_EQ(verdict_on_uplink_by(kMag1), Verdict::Pass);
  EXPECT_EQ(lma_->session_traffic(kSession1)->up.packets, 1U);
  must(lma_->remove_session({kSession1, ip(kMag1), {prefix(kPrefix)}}));
  EXPECT_EQ(verdict_on_uplink_by(kMag1), Verdict::Drop);
}

TEST_F(LmaRowsInUse, ASessionThatMovedIsNotRemovedByItsOldPlace) {
  must(lma_->install_session({kSession1, kNodeIndex, ip(kLma), ip(kMag2), {prefix(kPrefix)}, kMtu}));
  must(lma_->remove_session({kSession1, ip(kMag1), {prefix(kPrefix)}}));
  EXPECT_EQ(tunnel_of(from_core(video().build())), kMag2);
  EXPECT_EQ(verdict_on_uplink_by(kMag1), Verdict::Drop);
  EXPECT_EQ(verdict_on_uplink_by(kMag2), Verdict::Pass);
}

TEST_F(LmaRowsInUse, WhatIsOnItsWayByAFormerMagGoesOnUntilItsEndIsSaid) {
  must(lma_->install_session({kSession1, kNodeIndex, ip(kLma), ip(kMag2), {prefix(kPrefix)}, kMtu}));
  EXPECT_EQ(tunnel_of(from_core(video().build())), kMag2) << "down it goes by the new one alone";
  EXPECT_EQ(verdict_on_uplink_by(kMag1), Verdict::Pass);
  EXPECT_EQ(verdict_on_uplink_by(kMag2), Verdict::Pass);
  EXPECT_EQ(lma_->session_traffic(kSession1)->up.packets, 2U);
  const auto foreign = Packet().from("2001:db8:101::10").to(kCn).udp(4000, 5004).in_tunnel(kMag1, kLma);
  EXPECT_TRUE(dropped(from_access(foreign.build()), "spoofed-source")) << "nobody else's";
  must(lma_->remove_session({kSession1, ip(kMag1), {prefix(kPrefix)}}));
  EXPECT_EQ(verdict_on_uplink_by(kMag1), Verdict::Drop);
  EXPECT_EQ(verdict_on_uplink_by(kMag2), Verdict::Pass);
}

TEST_F(LmaRowsInUse, ANodesPrefixesAreReplacedAtOnce) {
  const auto second = video().to("2001:db8:200::1");
  must(lma_->install_node({kNodeIndex, {prefix(kPrefix), prefix("2001:db8:200::/64")}, kDefault, 2, {}}));
  EXPECT_EQ(tunnel_of(from_core(second.build())), kMag2);
  must(lma_->install_node({kNodeIndex, {prefix("2001:db8:200::/64")}, kVideo, 3, {}}));
  EXPECT_EQ(tunnel_of(from_core(second.build())), kMag1);
  EXPECT_EQ(from_core(video().build()).verdict, Verdict::Pass) << "not a node's any more";
}

TEST_F(LmaRowsInUse, APrefixThatAnotherNodeTookOverStays) {
  must(lma_->install_node({NodeIndex{77}, {prefix(kPrefix)}, kDefault, 1, {}}));
  must(lma_->remove_node({kNodeIndex, {prefix(kPrefix)}}));
  EXPECT_EQ(tunnel_of(from_core(video().build())), kMag2);
}

TEST_F(LmaRowsInUse, RefusesWhatItCannotCarry) {
  const auto wide = prefix("2001:db8::/55");
  EXPECT_EQ(code_of(lma_->install_node({kNodeIndex, {wide}, kDefault, 1, {}})), "bad-prefix");
  EXPECT_EQ(code_of(lma_->install_session({kSession1, kNodeIndex, ip(kLma), ip(kMag1), {wide}, kMtu})),
            "bad-prefix");
  EXPECT_EQ(
      code_of(lma_->install_session({kSession1, kNodeIndex, ip(kLma), ip(kMag1), {prefix(kPrefix)}, 0})),
      "bad-mtu");
  wire::TrafficSelector6 backwards;
  backwards.source_port = {5, 4};
  EXPECT_EQ(
      code_of(lma_->install_node({kNodeIndex, {prefix(kPrefix)}, kDefault, 1, {{1, kVideo, backwards}}})),
      "bad-selector");
  const std::vector<core::ClassifierRule> many(65, {1, kVideo, port(1)});
  EXPECT_EQ(code_of(lma_->install_node({kNodeIndex, {prefix(kPrefix)}, kDefault, 1, many})),
            "too-many-rules");
  EXPECT_EQ(tunnel_of(from_core(video().build())), kMag1) << "what was there goes on";
}

TEST_F(LmaRowsInUse, AFullMapRefusesAndForgetsTheAttempt) {
  const std::vector<core::ClassifierRule> many(64, {1, kDefault, port(1)});
  for (int i = 0; i < 10; ++i)  // there is room: the rules that were replaced go
    must(lma_->install_node({NodeIndex{300}, {prefix("2001:db8:200::/64")}, kDefault, 1, many}));

  Result<void> done;
  std::uint32_t nodes = 0;
  for (; done && nodes < 100; ++nodes) {
    const auto home = prefix("2001:db8:" + std::to_string(1000 + nodes) + "::/64");
    done = lma_->install_node({NodeIndex{400 + nodes}, {home}, kDefault, 1, many});
  }
  EXPECT_EQ(code_of(done), "bpf-map-full");
  EXPECT_EQ(tunnel_of(from_core(video().build())), kMag1);
  const auto swept = lma_->sweep();
  ASSERT_TRUE(swept);
  EXPECT_EQ(*swept, 0U);
  const std::vector<core::ClassifierRule> few(60, {1, kDefault, port(1)});
  must(lma_->install_node({NodeIndex{500}, {prefix("2001:db8:300::/64")}, kDefault, 1, few}));
}

}  // namespace
}  // namespace flowmob::dataplane::testing
