// SPDX-License-Identifier: Apache-2.0
#include "core/lma/flow_wishes_fixture_for_test.h"

/// Rules and lost links among sets of prefixes: who is asked, and when flows go (docs/adr/0066).
namespace flowmob::core {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;

TEST_F(FlowWishesTest, TheGatewayThatARulePrefersIsAskedAndTheFlowGoesWhenItHasSaidZero) {
  apply({web_by({kByMag2, kByMag1})});
  EXPECT_THAT(off_link_in(notification_to(kMag2).options), ElementsAre(kOwn));
  EXPECT_EQ(way_of("web", kOwn), "mag1");
  grant(kMag2);
  EXPECT_EQ(way_of("web", kOwn), "mag2");
  EXPECT_EQ(way_of("*", kOwn), "mag1") << "which no rule is for";
  EXPECT_EQ(way_of("web", kSecondSet), "mag2");
  EXPECT_EQ(all<InstallFlow>().size(), 1U);
  pass(1min);
  EXPECT_THAT(sent<Fmi>(), IsEmpty()) << "that is all";
}

TEST_F(FlowWishesTest, APreferredAccessTechnologyIsThatOfTheOtherSetsSession) {
  apply({web_by({{"", ATT::Wimax}, {"", ATT::Wlan}})});
  grant(kMag2);
  EXPECT_EQ(way_of("web", kOwn), "mag2");
  EXPECT_EQ(explained()["mag"], "mag2");
  EXPECT_EQ(explained()["reason"], "preferred");
  EXPECT_EQ(link_at("mag2")["access_technology"], session_at("mag2")["access_technology"]);
  EXPECT_EQ(link_at("mag2")["session"], session_at("mag2")["session"]);
}

TEST_F(FlowWishesTest, WithoutItsRuleItStaysUntilItsOwnRuleComes) {
  apply({web_by({kByMag2, kByMag1})});
  grant(kMag2);
  apply({web_by({kByMag1})});
  EXPECT_EQ(way_of("web", kOwn), "mag1");
  EXPECT_EQ(notification_to(kMag2).reason, Reason::ForceReregistration) << "it is taken back";
}

TEST_F(FlowWishesTest, ExplainSaysWhoWouldHaveToBeAsked) {
  EXPECT_EQ(link_at("mag2")["fitness"], "foreign");
  EXPECT_EQ(link_at("mag2")["chosen"], false);
  EXPECT_EQ(explained()["mag"], "mag1");
}

TEST_F(FlowWishesTest, ARefusalIsAskedAgainWhenTheGatewayRegistersTheSessionAnewAndNotBefore) {
  apply({web_by({kByMag2, kByMag1})});
  const auto asked = notification_to(kMag2);
  clear();
  receive(acknowledge(asked, NS::MobileNodeNotAttached), kMag2);
  EXPECT_EQ(way_of("web", kOwn), "mag1");
  EXPECT_THAT(sent<Fmi>(), IsEmpty());
  accepted(refresh(first(), kOwn));
  EXPECT_THAT(sent<Fmi>(), IsEmpty()) << "it is not that session";
  accepted(refresh(second(), kSecondSet));
  grant(kMag2);
  EXPECT_EQ(way_of("web", kOwn), "mag2");
}

TEST_F(FlowWishesTest, SilenceIsNoConsent) {
  apply({web_by({kByMag2, kByMag1})});
  pass(1s);
  EXPECT_TRUE(notification_to(kMag2).retransmit);
  pass(1s);
  EXPECT_THAT(events(), Contains("flow-mobility-unanswered"));
  EXPECT_THAT(sent<Fmi>(), IsEmpty());
  accepted(refresh(second(), kSecondSet));
  EXPECT_EQ(way_of("web", kOwn), "mag1") << "that it may have heard us is not enough";
  grant(kMag2);
  EXPECT_EQ(way_of("web", kOwn), "mag2");
}

TEST_F(FlowWishesTest, WhoeverKeepsSilentIsAskedAgainLessAndLessOften) {
  apply({web_by({kByMag2, kByMag1})});
  for (const auto pause : {4s, 8s, 16s, 32s, 64s, 64s}) {
    pass(1s);
    pass(1s);
    ASSERT_THAT(events(), Contains("flow-mobility-unanswered"));
    ASSERT_EQ(*lma->poll_timeout() - now.monotonic, pause);
    pass(pause - 1ms);
    EXPECT_THAT(sent<Fmi>(), IsEmpty());
    pass(1ms);
    EXPECT_FALSE(notification_to(kMag2).retransmit);
  }
  grant(kMag2);
  EXPECT_EQ(way_of("web", kOwn), "mag2");
}

TEST_F(FlowWishesTest, NorIsItToACommandThatFollows) {
  begin_move("video", "mag1");
  pass(1s);
  pass(1s);
  ASSERT_EQ(code(), "flow-mobility-unanswered");
  clear();
  begin_move("video", "mag1");
  EXPECT_EQ(mag_of("video"), "mag2");
  grant();
  EXPECT_EQ(code(), "done");
}

TEST_F(FlowWishesTest, AGatewayThatDoesNotKnowTheMessagesIsAskedWhenSomebodyActs) {
  apply({web_by({kByMag2, kByMag1})});
  clear();
  receive(wire::BindingError{wire::BindingErrorStatus::UnrecognizedMhType, {}, {}}, kMag2);
  accepted(refresh(second(), kSecondSet));
  EXPECT_THAT(sent<Fmi>(), IsEmpty());
  auto config = lma->config();
  clear();
  ASSERT_TRUE(lma->reconfigure(now, config));
  drain();
  EXPECT_THAT(off_link_in(notification_to(kMag2).options), ElementsAre(kOwn));
}

TEST_F(FlowWishesTest, WhatHasNoLinkOfItsOwnGoesByTheOtherSetsGateway) {
  lose_first();
  EXPECT_EQ(mag_of("voice"), "");
  EXPECT_THAT(off_link_in(notification_to(kMag2).options), ElementsAre(kOwn));
  grant(kMag2);
  EXPECT_EQ(mag_of("voice"), "mag2");
  EXPECT_EQ(way_of("*", kOwn), "mag2");
  EXPECT_THAT(events(), Contains("flow-fallback"));
}

TEST_F(FlowWishesTest, AndHomeWhenItsOwnLinkIsThereAgain) {
  lose_first();
  grant(kMag2);
  accepted(first());
  EXPECT_EQ(mag_of("voice"), "mag1");
  EXPECT_THAT(events(), Contains("flow-returned"));
  EXPECT_EQ(notification_to(kMag2).reason, Reason::ForceReregistration);
  receive(acknowledge(notification_to(kMag2)), kMag2);
  lose_first();
  grant(kMag2);
  EXPECT_EQ(mag_of("voice"), "mag2") << "as often as it happens";
}

TEST_F(FlowWishesTest, AGatewayThatDoesNotAnswerIsAsGoodAsNone) {
  auto config = lma->config();
  config.heartbeat = {1s, 1};
  ASSERT_TRUE(lma->reconfigure(now, config));
  drain();
  for (int i = 0; i < 8 && sent<Fmi>().empty(); ++i) {  // mag2 answers, mag1 does not
    pass(1s);
    for (const auto& [mag, beat] : sent<wire::Heartbeat>())
      if (mag == kMag2) receive(wire::Heartbeat{false, true, beat.sequence, {}}, kMag2);
  }
  EXPECT_EQ(mag_of("voice"), "mag1") << "the last resort";
  grant(kMag2);
  EXPECT_EQ(mag_of("voice"), "mag2");
}

TEST_F(FlowWishesTest, ARuleThatPermitsNoOthersIsObeyed) {
  FlowRule rule = web_by({kByMag1});
  rule.others = false;
  FlowRule rest = web_by({kByMag1});
  rest.name = "rest";
  rest.flow = {};
  rest.others = false;
  rest.position = 1;
  apply({rule, rest});
  lose_first();
  const auto asked = sent<Fmi>();
  ASSERT_EQ(asked.size(), 1U) << "for voice, which has no rule";
  receive(acknowledge(asked[0].second), kMag2);
  EXPECT_EQ(mag_of("voice"), "mag2");
  EXPECT_EQ(way_of("web", kOwn), "");
  EXPECT_EQ(way_of("*", kOwn), "");
}

TEST_F(FlowWishesTest, WhatHasJustComeAsksNobodyMeanwhile) {
  auto c = lma->config();
  c.new_link_delay = 50ms;
  ASSERT_TRUE(lma->reconfigure(now, c));
  Pbu third = second();
  third.source = kMag3;
  third.link_layer_id = Bytes{3};
  accepted(third);
  EXPECT_THAT(sent<Fmi>(), IsEmpty());
  pass(50ms);
  EXPECT_THAT(sent<Fmi>(), IsEmpty());
}

TEST_F(FlowWishesTest, WhereGatewaysDecideNobodyIsAsked) {
  auto c = lma->config();
  c.decider = Decider::Gateways;
  ASSERT_TRUE(lma->reconfigure(now, c));
  apply({web_by({kByMag2, kByMag1})});
  EXPECT_THAT(sent<Fmi>(), IsEmpty());
  lose_first();
  EXPECT_THAT(sent<Fmi>(), IsEmpty());
}

TEST_F(FlowWishesTest, ALinkThatFlapsMovesTheFlowOnceInAHoldDown) {
  auto rule = web_by({kByMag2, kByMag1});
  rule.hold_down = 10s;
  apply({rule});
  grant(kMag2);
  ASSERT_EQ(way_of("web", kOwn), "mag2");
  Pbu away = second(), back = refresh(second(), kSecondSet);
  away.lifetime = 0;
  away.handoff = HI::Unknown;
  away.prefixes = {kSecondSet};
  back.handoff = HI::Unknown;
  for (int i = 0; i < 50; ++i) {
    accepted(away);
    EXPECT_EQ(way_of("web", kOwn), "mag1");
    advance(90ms);
    accepted(back);
    grant(kMag2);
    EXPECT_EQ(way_of("web", kOwn), "mag1") << "it has just failed the flow";
  }
  for (int i = 0; i < 3 && way_of("web", kOwn) != "mag2"; ++i) pass(5s);
  EXPECT_EQ(way_of("web", kOwn), "mag2");
}

TEST_F(FlowWishesTest, ALoadedGatewayIsLeftForThatOfAnotherSet) {
  auto rule = web_by({kByMag1, kByMag2});
  rule.limits.load = 1'000'000;
  apply({rule});
  grant(kMag1);
  ASSERT_EQ(way_of("web", kSecondSet), "mag1");
  clear();
  lma->handle_link_load(now, kMag1, 2'000'000);
  drain();
  grant(kMag2);
  EXPECT_EQ(way_of("web", kOwn), "mag2");
  EXPECT_EQ(way_of("web", kSecondSet), "mag2");
}

TEST_F(FlowWishesTest, CopiesGoByTheGatewaysOfBothSets) {
  auto rule = web_by({kByMag1, kByMag2});
  rule.spread = SpreadKind::Copies;
  apply({rule});
  const auto all_asked = sent<Fmi>();
  ASSERT_EQ(all_asked.size(), 2U) << "each for the other's prefix";
  clear();
  for (const auto& [mag, asked] : all_asked) receive(acknowledge(asked), mag);
  std::size_t copied = 0;
  for (const auto& flow : all<InstallFlow>()) copied += flow.spread.links.size() == 2 ? 1 : 0;
  EXPECT_EQ(copied, 2U);
}

TEST_F(FlowWishesTest, IPv4KeepsItsFlowsAtHome) {
  auto c = lma->config();
  c.ipv4_pools = {Ipv4Interface::parse("198.51.100.1/24").value()};
  ASSERT_TRUE(lma->reconfigure(now, c));
  Pbu both = refresh(first(), kOwn);
  both.more = {wire::Ipv4HomeAddressRequest{}};
  accepted(both);
  auto six = web_by({kByMag2, kByMag1});
  auto any = six;
  six.name = "six";
  FlowTemplate only_six = *six.flow;
  only_six.name = "six";
  only_six.selector.source = {address("2001:db8:c::1"), address("2001:db8:c::ff")};
  six.flow = only_six;
  any.position = 1;
  apply({six, any});
  grant(kMag2);
  EXPECT_EQ(way_of("six", kOwn), "mag2");
  EXPECT_EQ(way_of("web", kOwn), "mag1") << "the other gateway could not deliver its IPv4";
  clear();
  Pbu away = leave(first());
  away.more = {wire::Ipv4HomeAddressRequest{}};
  send(away);
  EXPECT_EQ(way_of("web", kOwn), "mag2") << "better than nothing";
}

TEST_F(FlowWishesTest, ItIsRemembered) {
  apply({web_by({kByMag2, kByMag1})});
  grant(kMag2);
  keep();
  restart();
  EXPECT_EQ(way_of("web", kOwn), "mag2");
  EXPECT_THAT(sent<Fmi>(), IsEmpty());
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(FlowWishesTest, ARestartKnowsTheTechnologyOfAForeignLink) {
  apply({web_by({{"", ATT::Wimax}, {"", ATT::Wlan}})});
  grant(kMag2);
  keep();
  restart();
  EXPECT_EQ(way_of("web", kOwn), "mag2");
  EXPECT_THAT(all<SendMessage>(), IsEmpty());
}

/// A MAG forwards a prefix at one of its attachments alone.
TEST_F(FlowWishesTest, OfTwoSessionsAtOneGatewayOneIsAsked) {
  Pbu third = second();
  third.link_layer_id = Bytes{3};
  third.technology = ATT::Wlan;
  accepted(third);
  auto rule = web_by({kByMag1, kByMag2});
  rule.spread = SpreadKind::Copies;
  clear();
  apply({rule});
  std::size_t for_own = 0;
  for (int i = 0; i < 10; ++i) {
    const auto all_asked = sent<Fmi>();
    clear();
    for (const auto& [mag, asked] : all_asked) {
      const auto named = off_link_in(asked.options);
      for_own += static_cast<std::size_t>(mag == kMag2 && std::ranges::count(named, kOwn) != 0);
      receive(acknowledge(asked), mag);
    }
    accepted(refresh(third, kThirdSet));
  }
  EXPECT_EQ(for_own, 1U);
}

/// The second of two sessions at a gateway: which one is asked for its message says.
TEST_F(FlowWishesTest, OfTwoSessionsAtOneGatewayTheRuleChooses) {
  Pbu third = second();
  third.link_layer_id = Bytes{3};
  third.technology = ATT::Utran;
  accepted(third);
  apply({web_by({{"", ATT::Utran}, kByMag1})});
  const auto asked = notification_to(kMag2);
  EXPECT_EQ(wire::find<wire::AccessTechnologyTypeOption>(asked.options)->type, ATT::Utran);
  grant(kMag2);
  EXPECT_EQ(way_of("web", kOwn), "mag2");
  EXPECT_EQ(link_at("mag2")["access_technology"], "utran");
}

TEST_F(FlowWishesTest, TheFirstFlowChoosesAmongTwoAndOthersComeAlongIfTheyHaveTo) {
  Pbu third = second();
  third.link_layer_id = Bytes{3};
  third.technology = ATT::Utran;
  accepted(third);
  auto rest = web_by({{"", ATT::Wimax}, kByMag1});
  rest.name = "rest";
  rest.flow = {};
  rest.position = 1;
  apply({web_by({{"", ATT::Utran}, kByMag1}), rest});
  std::map<ATT, std::vector<Ipv6Prefix>> named;
  for (const auto& [mag, asked] : sent<Fmi>())
    if (mag == kMag2)
      named[wire::find<wire::AccessTechnologyTypeOption>(asked.options)->type] = off_link_in(asked.options);
  EXPECT_THAT(named, ElementsAre(Pair(ATT::Utran, Contains(kOwn))));
  for (const auto& [mag, asked] : sent<Fmi>()) receive(acknowledge(asked), mag);
  EXPECT_EQ(way_of("web", kOwn), "mag2");
  EXPECT_EQ(way_of("*", kOwn), "mag1");
  lose_first();
  EXPECT_EQ(way_of("*", kOwn), "mag2");
}

TEST_F(FlowWishesTest, ADifferenceSaysWhoWouldBeAsked) {
  FlowPolicy policy{"gold", {web_by({kByMag2, kByMag1})}};
  policy.is_default = true;
  clear();
  const auto compared = lma->compare_policies(now, {policy});
  ASSERT_EQ(compared["asks"].size(), 1U);
  EXPECT_EQ(compared["asks"][0]["mag"], "mag2");
  EXPECT_EQ(compared["asks"][0]["prefixes"], Json::array({kOwn.to_string()}));
  EXPECT_EQ(compared["asks"][0]["flows"], Json::array({"web"}));
  EXPECT_THAT(sent<Fmi>(), IsEmpty()) << "it only says so";
  apply({web_by({kByMag2, kByMag1})});
  auto slower = web_by({kByMag2, kByMag1});
  slower.hold_down = 30s;
  FlowPolicy changed{"gold", {slower}};
  changed.is_default = true;
  EXPECT_EQ(lma->compare_policies(now, {changed})["rules"].size(), 1U);
  EXPECT_EQ(lma->compare_policies(now, {changed})["asks"], Json::array()) << "it is being asked";
  grant(kMag2);
  EXPECT_EQ(lma->compare_policies(now, {changed})["asks"], Json::array()) << "it has said 0";
  FlowPolicy home{"gold", {web_by({kByMag1})}};
  home.is_default = true;
  const auto moves = lma->compare_policies(now, {home})["moves"];
  ASSERT_FALSE(moves.empty());
  EXPECT_EQ(moves[0]["from"], "mag2") << "which is of another set";
  EXPECT_EQ(moves[0]["to"], "mag1");
}

TEST_F(FlowWishesTest, WhoWillNotBeAskedIsNotNamed) {
  apply({web_by({kByMag2, kByMag1})});
  clear();
  receive(wire::BindingError{wire::BindingErrorStatus::UnrecognizedMhType, {}, {}}, kMag2);
  auto slower = web_by({kByMag2, kByMag1});
  slower.hold_down = 30s;
  FlowPolicy changed{"gold", {slower}};
  changed.is_default = true;
  EXPECT_EQ(lma->compare_policies(now, {changed})["asks"], Json::array());
}

/// Its rule permits one of the two sessions at the gateway alone.
TEST_F(FlowWishesTest, WhoHasToGoChoosesFirst) {
  Pbu third = second();
  third.link_layer_id = Bytes{3};
  third.technology = ATT::Utran;
  accepted(third);
  auto rest = web_by({{"", ATT::Wimax}});
  rest.name = "rest";
  rest.flow = {};
  rest.position = 1;
  rest.others = false;
  apply({web_by({{"", ATT::Utran}, kByMag1}), rest});
  std::vector<ATT> asked;
  for (const auto& [mag, message] : sent<Fmi>())
    if (mag == kMag2 && std::ranges::count(off_link_in(message.options), kOwn) != 0)
      asked.push_back(wire::find<wire::AccessTechnologyTypeOption>(message.options)->type);
  EXPECT_THAT(asked, ElementsAre(ATT::Wimax)) << "whatever a flow prefers that has a link";
  for (const auto& [mag, message] : sent<Fmi>()) receive(acknowledge(message), mag);
  EXPECT_EQ(way_of("*", kOwn), "mag2");
  EXPECT_EQ(way_of("web", kOwn), "mag1");
}

/// A handover brings two of them to one gateway.
TEST_F(FlowWishesTest, TwoForeignLinksAtOneGatewayBecomeOne) {
  Pbu third = second();
  third.source = kMag3;
  third.technology = ATT::Utran;
  third.link_layer_id = Bytes{3};
  accepted(third);
  auto rest = web_by({{"", ATT::Utran}, kByMag1});
  rest.name = "rest";
  rest.flow = {};
  rest.position = 1;
  apply({web_by({{"", ATT::Wimax}, kByMag1}), rest});
  for (const auto& [mag, asked] : sent<Fmi>()) receive(acknowledge(asked), mag);
  ASSERT_EQ(way_of("web", kOwn), "mag2");
  ASSERT_EQ(way_of("*", kOwn), "mag3");
  Pbu moved = refresh(third, kThirdSet);
  moved.source = kMag2;
  moved.handoff = HI::HandoffBetweenMags;
  accepted(moved);
  keep();
  for (const auto& [index, record] : records)
    if (record.prefixes == std::vector{kOwn}) {
      EXPECT_EQ(record.guests.size(), 1U);
    }
}

TEST_F(FlowWishesTest, WhatNobodyHasAcknowledgedIsNotTold) {
  apply({web_by({kByMag2, kByMag1})});
  clear();
  receive(wire::BindingError{wire::BindingErrorStatus::UnrecognizedMhType, {}, {}}, kMag2);
  accepted(refresh(second(), kSecondSet));
  clear();
  ASSERT_TRUE(lma->reconfigure(now, lma->config()));
  drain();
  EXPECT_EQ(way_of("web", kOwn), "mag1") << "it knows nothing of it";
  EXPECT_EQ(notification_to(kMag2).reason, Reason::FlowMobility);
}

TEST_F(FlowWishesTest, AHoldDownEndsNoLoopOfTimers) {
  apply({web_by({kByMag1, kByMag2})});
  lose_first();
  answering = false;
  for (int i = 0; i < 20; ++i) {
    advance(1s);
    lma->handle_timeout(now);
    drain();
    const auto next = lma->poll_timeout();
    EXPECT_TRUE(!next || *next > now.monotonic) << "while a change is under way, too";
  }
}

TEST_F(FlowWishesTest, ALinkForAnotherFlowDoesNotEndAHoldDown) {
  auto web = web_by({kByMag2, kByMag1});
  web.hold_down = 30s;
  apply({web});
  grant(kMag2);
  ASSERT_EQ(way_of("web", kOwn), "mag2");
  Pbu away = second();
  away.lifetime = 0;
  away.handoff = HI::Unknown;
  away.prefixes = {kSecondSet};
  accepted(away);
  pass(10s);  // it is deleted
  clear();
  accepted(second());
  begin_move("voice", "mag2");
  for (const auto& [mag, asked] : sent<Fmi>()) receive(acknowledge(asked), mag);
  ASSERT_EQ(mag_of("voice"), "mag2");
  EXPECT_EQ(way_of("web", kOwn), "mag1") << "it has just failed that flow";
  pass(30s);
  EXPECT_EQ(way_of("web", kOwn), "mag2");
}

TEST_F(FlowWishesTest, AFlowIsNotBoundToWhereItHadToGo) {
  Pbu shares;
  shares.source = kMag3;
  shares.link_layer_id = Bytes{3};
  shares.handoff = HI::NewInterfaceSharingPrefixes;
  shares.prefixes = {kOwn};
  accepted(shares);
  Pbu away = shares;
  away.lifetime = 0;
  away.handoff = HI::Unknown;
  accepted(away);
  advance(5s);
  lose_first();
  grant(kMag2);
  ASSERT_EQ(way_of("*", kOwn), "mag2");
  pass(6s);  // the other is deleted meanwhile
  shares.handoff = HI::Unknown;
  accepted(first());
  EXPECT_EQ(way_of("*", kOwn), "mag1") << "it goes home";
}

TEST_F(FlowWishesTest, WhereTheRulePermitsNoOtherLinkAForeignOneIsBetterThanNone) {
  auto c = lma->config();
  c.ipv4_pools = {Ipv4Interface::parse("198.51.100.1/24").value()};
  ASSERT_TRUE(lma->reconfigure(now, c));
  Pbu both = refresh(first(), kOwn);
  both.more = {wire::Ipv4HomeAddressRequest{}};
  accepted(both);
  auto any = web_by({kByMag2});
  any.others = false;
  apply({any});
  EXPECT_EQ(way_of("web", kOwn), "");
  grant(kMag2);
  EXPECT_EQ(way_of("web", kOwn), "mag2");
}

}  // namespace
}  // namespace flowmob::core
