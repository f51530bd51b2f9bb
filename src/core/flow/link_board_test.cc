// SPDX-License-Identifier: Apache-2.0
#include "core/flow/link_board.h"

#include <gtest/gtest.h>

namespace flowmob::core {
namespace {

using namespace std::chrono_literals;

const Ipv6Address kMag = Ipv6Address::parse("2001:db8:a::1").value();

FlowRule strict_rule() {
  FlowRule rule;
  rule.policy = "gold";
  rule.name = "voice";
  rule.limits = {100ms, 10, {}, 20};
  return rule;
}

LinkBoard board_with(const FlowRule& rule) {
  LinkBoard board;
  board.set_policies({FlowPolicy{"gold", {rule}}});
  return board;
}

TEST(LinkLimits, WhatWasWorseHasToBeBetterByTheMargin) {
  const auto limits = strict_rule().limits;
  EXPECT_EQ(excess(limits, {100ms, 10, {}}, false), Excess::None);
  EXPECT_EQ(excess(limits, {101ms, {}, {}}, false), Excess::RoundTrip);
  EXPECT_EQ(excess(limits, {81ms, {}, {}}, true), Excess::RoundTrip);
  EXPECT_EQ(excess(limits, {80ms, {}, {}}, true), Excess::None);
  EXPECT_EQ(excess(limits, {50ms, 11, {}}, false), Excess::Loss);
  EXPECT_EQ(excess(limits, {50ms, 9, {}}, true), Excess::Loss);
  EXPECT_EQ(excess(limits, {50ms, 8, {}}, true), Excess::None);
  EXPECT_EQ(excess({{}, {}, 1000, 20}, {{}, {}, 1001}, false), Excess::Load);
}

TEST(LinkLimits, WhatIsNotKnownIsNotHeldAgainstALink) {
  EXPECT_EQ(excess(strict_rule().limits, {}, true), Excess::None);
}

TEST(LinkBoard, TellsWhenALinkTurnsForSomeRule) {
  auto board = board_with(strict_rule());
  EXPECT_FALSE(board.set_quality(kMag, {90ms, 0, {}}));
  EXPECT_TRUE(board.set_quality(kMag, {110ms, 0, {}}));
  EXPECT_EQ(board.excess_of(strict_rule(), kMag), Excess::RoundTrip);
  EXPECT_FALSE(board.set_quality(kMag, {90ms, 0, {}})) << "within the margin";
  EXPECT_FALSE(board.set_quality(kMag, {70ms, 50, {}})) << "bad for another reason";
  EXPECT_EQ(board.excess_of(strict_rule(), kMag), Excess::Loss);
  EXPECT_TRUE(board.set_quality(kMag, {70ms, 0, {}}));
  EXPECT_EQ(board.excess_of(strict_rule(), kMag), Excess::None);
}

TEST(LinkBoard, JudgesAnewByOtherPolicies) {
  auto board = board_with(strict_rule());
  board.set_quality(kMag, {110ms, 0, {}});
  EXPECT_FALSE(board.asks_for_load());
  FlowRule lax = strict_rule();
  lax.limits.load = 1000;
  lax.limits.round_trip = 500ms;
  board.set_policies({FlowPolicy{"gold", {lax}}});
  EXPECT_EQ(board.excess_of(lax, kMag), Excess::None);
  EXPECT_TRUE(board.asks_for_load());
  board.set_policies({});
  EXPECT_FALSE(board.asks_for_load());
  EXPECT_EQ(board.quality(kMag).round_trip, 110ms);
}

TEST(LinkBoard, ForgetsALoadThatNobodyMeasuresAnyMore) {
  FlowRule rule = strict_rule();
  rule.limits.load = 1000;
  auto board = board_with(rule);
  board.set_quality(kMag, {50ms, 0, 2000});
  FlowRule without = strict_rule();
  board.set_policies({FlowPolicy{"gold", {without}}});
  EXPECT_EQ(board.quality(kMag), (LinkQuality{50ms, 0, {}}));
  board.set_policies({FlowPolicy{"gold", {rule}}});
  EXPECT_EQ(board.excess_of(rule, kMag), Excess::None);
  board.set_quality(kMag, {});
  EXPECT_TRUE(board.mags().empty());
}

}  // namespace
}  // namespace flowmob::core
