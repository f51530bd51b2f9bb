// SPDX-License-Identifier: Apache-2.0
#include "core/flow/flow_decider.h"

#include <gmock/gmock.h>

#include "core/flow/flow_table.h"

namespace flowmob::core {
namespace {

using namespace std::chrono_literals;
using ATT = wire::AccessTechnology;
using Kind = FlowEvent::Kind;

constexpr SessionId kWifi{1}, kLte{2}, kWifi2{3}, kNowhere{};
const Ipv6Address kWifiMag = Ipv6Address::parse("2001:db8:a::1").value();
const Ipv6Address kLteMag = Ipv6Address::parse("2001:db8:b::1").value();

FlowRule rule_of(std::vector<LinkPattern> prefer) {
  FlowRule rule;
  rule.policy = "gold";
  rule.name = "voice";
  rule.flow = FlowTemplate{"voice", 1, {}};
  rule.prefer = std::move(prefer);
  return rule;
}

/// A flow with a rule, and two links, of which Wi-Fi is preferred.
class FlowDecider : public testing::Test {
 protected:
  FlowRule rule = rule_of({{"", ATT::Wlan}, {"lte", {}}});
  LinkState wifi{kWifi, "wifi", kWifiMag, ATT::Wlan}, lte{kLte, "lte", kLteMag, ATT::Eutran};
  std::vector<LinkState> others;
  LinkBoard board;
  FlowNumbers numbers;
  FlowTable table = FlowTable::with_default(numbers.next());

  void SetUp() override {
    board.advance(TimePoint{1000s});
    follow();
    settle();
  }
  void follow() {
    const Shared<FlowPolicy> policy = FlowPolicy{"gold", {rule}};
    board.set_policies({policy});
    table.follow(policy, numbers);
  }
  std::vector<LinkState> links() const {
    std::vector<LinkState> all;
    for (const auto& link : {wifi, lte})
      if (link.session) all.push_back(link);
    all.insert(all.end(), others.begin(), others.end());
    return all;
  }
  SessionId settle(Duration later = 0s) {
    board.advance(board.now() + later);
    table.reselect(links(), board);
    const auto* flow = table.find("voice");
    return flow ? flow->current : SessionId{};
  }
  const FlowBinding& voice() const { return *table.find("voice"); }
  Decision explained() const {
    const auto all = links();
    return decide(voice(), {all, &board, board.now(), {}, {}});
  }
};

TEST_F(FlowDecider, TheFirstOfTheListThatIsWellCarriesTheFlow) {
  EXPECT_EQ(voice().current, kWifi);
  EXPECT_EQ(explained().reason, DecisionReason::Preferred);
  rule.prefer = {{"lte", {}}, {"", ATT::Wlan}};
  follow();
  EXPECT_EQ(settle(), kLte);
  EXPECT_EQ(voice().moves, 1U);
}

TEST_F(FlowDecider, TheFlowLeavesALinkThatFailsAtOnceAndReturnsAfterTheHoldDown) {
  wifi.is_registered = wifi.is_live = false;
  EXPECT_EQ(settle(), kLte);
  EXPECT_EQ(voice().wanted, kWifi);
  EXPECT_EQ(state_of(voice()), FlowState::Fallback);
  wifi.is_registered = wifi.is_live = true;
  EXPECT_EQ(settle(1s), kLte);
  EXPECT_EQ(explained().links.at(0).fitness, LinkFitness::HeldDown);
  EXPECT_EQ(table.revisit(), board.now() + 10s);
  EXPECT_EQ(settle(10s - 1ns), kLte);
  EXPECT_EQ(settle(1ns), kWifi);
  EXPECT_EQ(table.revisit(), std::nullopt);
}

TEST_F(FlowDecider, TheHoldDownBeginsAnewWithEveryFailure) {
  for (int i = 0; i < 100; ++i) {
    wifi.is_live = i % 2 != 0;
    EXPECT_EQ(settle(50ms), kLte);
  }
  EXPECT_EQ(voice().moves, 1U) << "ten failures a second for five seconds";
  EXPECT_EQ(settle(10s - 1ms), kLte);
  EXPECT_EQ(settle(1ms), kWifi);
}

/// A gateway that registers the link anew each time makes a new session of it.
TEST_F(FlowDecider, ALinkThatComesUnderAnotherNumberIsHeldDownToo) {
  for (std::uint32_t i = 0; i < 100; ++i) {
    wifi.session = i % 2 != 0 ? SessionId{100 + i} : SessionId{};
    EXPECT_EQ(settle(50ms), kLte);
  }
  EXPECT_EQ(voice().moves, 1U);
}

TEST_F(FlowDecider, ALinkThatIsHeldDownCarriesTheFlowIfThereIsNoOther) {
  wifi.is_live = false;
  settle();
  wifi.is_live = true;
  lte.is_live = false;
  EXPECT_EQ(settle(), kWifi);
}

TEST_F(FlowDecider, ALinkThatComesForTheFirstTimeIsNotHeldDown) {
  rule.prefer = {{"fibre", {}}, {"", ATT::Wlan}};
  follow();
  settle();
  others = {{kWifi2, "fibre", kLteMag, ATT::Ethernet, true, true, true}};
  EXPECT_EQ(settle(), kWifi) << "not before it has opened";
  EXPECT_EQ(explained().links.at(2).fitness, LinkFitness::Opening);
  others[0].is_opening = false;
  EXPECT_EQ(settle(), kWifi2);
}

TEST_F(FlowDecider, ALinkThatOpensOnceMoreHasNotFailed) {
  lte.is_opening = true;
  settle();
  lte.is_opening = false;
  wifi.is_opening = true;
  board.advance(board.now() + 50ms);
  table.reselect(links(), board, kWifi);
  EXPECT_EQ(voice().current, kLte) << "meanwhile";
  wifi.is_opening = false;
  EXPECT_EQ(settle(50ms), kWifi) << "at once, for it has not failed";
}

TEST_F(FlowDecider, ALinkThatFailsAndOpensIsHeldDown) {
  wifi.is_live = false;
  settle();
  wifi.is_live = wifi.is_opening = true;
  settle(50ms);
  wifi.is_opening = false;
  EXPECT_EQ(settle(50ms), kLte);
  EXPECT_EQ(settle(10s), kWifi);
}

TEST_F(FlowDecider, ItReturnsOnlyIfTheRuleSaysSo) {
  rule.returns = false;
  follow();
  wifi.is_live = false;
  settle();
  wifi.is_live = true;
  settle();
  EXPECT_EQ(settle(1h), kLte);
  EXPECT_EQ(explained().reason, DecisionReason::Stays);
  EXPECT_EQ(table.revisit(), std::nullopt);
  lte.is_live = false;
  EXPECT_EQ(settle(), kWifi);
}

TEST_F(FlowDecider, AmongEqualsItKeepsItsOwn) {
  rule.prefer = {{"", ATT::Wlan}};
  follow();
  others = {{kWifi2, "wifi2", kLteMag, ATT::Wlan}};
  EXPECT_EQ(settle(), kWifi);
  wifi.is_live = false;
  EXPECT_EQ(settle(), kWifi2);
  wifi.is_live = true;
  settle();
  EXPECT_EQ(settle(1h), kWifi2);
}

TEST_F(FlowDecider, LinksThatAreNotListedAreTheLastResortOrNone) {
  rule.prefer = {{"", ATT::Wlan}};
  follow();
  wifi.is_live = false;
  EXPECT_EQ(settle(), kLte);
  EXPECT_EQ(explained().reason, DecisionReason::Unlisted);
  rule.others = false;
  follow();
  EXPECT_EQ(settle(), kNowhere);
  EXPECT_EQ(explained().reason, DecisionReason::Nowhere);
  EXPECT_EQ(explained().links.at(1).fitness, LinkFitness::NotListed);
}

TEST_F(FlowDecider, ALinkThatIsWorseThanTheRulePermitsIsLeft) {
  rule.limits.round_trip = 100ms;
  follow();
  board.set_quality(kWifiMag, {150ms, {}, {}});
  EXPECT_EQ(settle(), kLte);
  EXPECT_EQ(explained().links.at(0).excess, Excess::RoundTrip);
  board.set_quality(kWifiMag, {90ms, {}, {}});
  EXPECT_EQ(settle(1h), kLte) << "not better by the margin";
  board.set_quality(kWifiMag, {80ms, {}, {}});
  EXPECT_EQ(settle(), kLte) << "held down";
  EXPECT_EQ(settle(10s), kWifi);
}

TEST_F(FlowDecider, AmongLinksThatAreAllTooBadItDoesNotWander) {
  rule.limits.round_trip = 100ms;
  follow();
  board.set_quality(kWifiMag, {150ms, {}, {}});
  settle();
  board.set_quality(kLteMag, {150ms, {}, {}});
  EXPECT_EQ(settle(), kLte);
  EXPECT_EQ(explained().reason, DecisionReason::Only);
}

TEST_F(FlowDecider, ACommandGoesBeforeTheRuleUntilItsSessionIsGoneForGood) {
  table.move(voice().index, kLte);
  EXPECT_EQ(settle(), kLte);
  EXPECT_EQ(explained().reason, DecisionReason::Moved);
  lte.is_live = false;
  EXPECT_EQ(settle(), kWifi);
  lte.is_live = true;
  EXPECT_EQ(settle(), kLte) << "a command knows no hold-down";
  table.forget(kLte);
  EXPECT_EQ(settle(), kWifi);
  EXPECT_FALSE(voice().is_pinned);
}

TEST_F(FlowDecider, WhatACommandHasMovedIsReleased) {
  table.move(voice().index, kLte);
  settle();
  table.release(voice().index);
  EXPECT_EQ(settle(), kWifi);
}

TEST_F(FlowDecider, ARequestForTheServiceDoesNotMoveWhatARuleGoverns) {
  rule.flow = {};
  rule.service = "video";
  follow();
  const ServiceProfile video{"video", "video", {FlowTemplate{"film", 7, {}}}, false};
  table.bind(video, kLte, numbers);
  settle();
  EXPECT_EQ(table.find("film")->current, kWifi);
  table.bind(video, kLte, numbers);
  settle();
  EXPECT_EQ(table.find("film")->current, kWifi);
  EXPECT_EQ(table.find("voice"), nullptr) << "its rule is gone";
}

TEST_F(FlowDecider, ARuleGovernsTheDefaultFlow) {
  rule.flow = {};
  follow();
  settle();
  table.bind_default(kLte);
  settle();
  EXPECT_EQ(table.default_flow().current, kWifi);
}

TEST_F(FlowDecider, FlowsThatRulesGovernStandInTheOrderOfTheRules) {
  FlowRule film, web, rest;
  film.service = "video";
  film.position = 0;
  web.name = "web";
  web.position = 1;
  web.flow = FlowTemplate{"web", 0, {}};
  rest.position = 2;
  table.bind({"plain", "plain", {FlowTemplate{"mail", 3, {}}}, false}, kLte, numbers);
  table.bind({"video", "video", {FlowTemplate{"film", 9, {}}, FlowTemplate{"trailer", 8, {}}}, false}, kLte,
             numbers);
  table.follow(FlowPolicy{"gold", {film, web, rest}}, numbers);
  std::vector<std::string> names;
  for (const auto& flow : table.bindings()) names.emplace_back(flow.name());
  EXPECT_THAT(names, testing::ElementsAre("trailer", "film", "web", "mail", "*"));
}

TEST_F(FlowDecider, EventsSayWhetherAFlowFellBackOrReturned) {
  const auto change = [&](Duration later) {
    const FlowTable before = table;
    settle(later);
    const auto all = differences(before, table);
    return all.empty() ? std::optional<Kind>() : std::optional(all.front().kind);
  };
  wifi.is_live = false;
  EXPECT_EQ(change(1s), Kind::Fallback);
  wifi.is_live = true;
  EXPECT_EQ(change(1s), std::nullopt);
  EXPECT_EQ(change(10s), Kind::Returned);
  table.move(voice().index, kLte);
  EXPECT_EQ(change(1s), Kind::Moved);
}

TEST_F(FlowDecider, WhoseElseItsPolicyIsDoesNotMatterToANode) {
  const FlowTable before = table;
  FlowPolicy others_too{"gold", {rule}};
  others_too.mobile_nodes = {"somebody", "else"};
  table.follow(others_too, numbers);
  EXPECT_EQ(table, before);
  EXPECT_EQ(table.policy()->mobile_nodes.size(), 2U);
}

TEST_F(FlowDecider, OtherRulesMoveOnlyWhatTheyDecideOtherwise) {
  const FlowIndex index = voice().index;
  rule.hold_down = 5s;
  follow();
  const FlowTable before = table;
  settle();
  EXPECT_TRUE(differences(before, table).empty());
  EXPECT_EQ(voice().index, index);
}

}  // namespace
}  // namespace flowmob::core
