// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "core/lma/anchor_fixture_for_test.h"

/// Rules for flows, from the configuration to the data plane's rows.
namespace flowmob::core {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

FlowRule flow_rule(std::string name, std::vector<LinkPattern> prefer) {
  FlowRule rule;
  rule.policy = "gold";
  rule.name = std::move(name);
  rule.prefer = std::move(prefer);
  return rule;
}

/// Web by Wi-Fi (mag1) or WiMAX (mag2), in this order; video, if asked for, and the rest the other way round.
std::vector<Shared<FlowPolicy>> gold(bool web_by_wlan = true) {
  const LinkPattern wlan{"", ATT::Wlan}, mag2{"mag2", {}};
  FlowRule web = flow_rule("web", {wlan, mag2});
  if (!web_by_wlan) web.prefer = {mag2, wlan};
  wire::TrafficSelector6 http, https;
  http.source_port = {80, 80};
  https.source_port = {443, 443};
  web.flow = FlowTemplate{"web", 0, http, {https}};
  FlowRule video = flow_rule("video", {mag2});
  video.service = "video";
  video.position = 1;
  FlowRule rest = flow_rule("rest", {mag2});
  rest.position = 2;
  FlowPolicy policy{"gold", {web, video, rest}};
  policy.is_default = true;
  return {policy};
}

LmaConfig with_policies(std::vector<Shared<FlowPolicy>> policies) {
  LmaConfig config = test_config();
  config.flow_policies = std::move(policies);
  return config;
}

class FlowPolicyTest : public AnchorFixture {
 protected:
  explicit FlowPolicyTest(LmaConfig config = with_policies(gold())) : AnchorFixture(std::move(config)) {}

  void two_links() {
    Pbu one = first(), two = second();
    one.service = "video";
    accepted(one);
    accepted(two);
  }
  void lose_first() {
    clear();
    send(leave(first()));
  }
  Json explained(const char* flow) {
    return lma->handle_command(now, "policy explain", {{"flow", flow}}).value();
  }
  std::string move_to(const char* flow, const char* mag) {
    auto moved = lma->handle_command(now, "flow move", {{"flow", flow}, {"to", mag}});
    drain();
    return moved ? "" : moved.error().code;
  }
  void pass(Duration time) {
    advance(time);
    timeout();
  }
};

constexpr const char* kWeb = "tcp,2001:db8:c::1,443,2001:db8:1000::5,40000";
constexpr const char* kOther = "tcp,2001:db8:c::1,22,2001:db8:1000::5,40000";

TEST_F(FlowPolicyTest, RulesDecideWhereFlowsGo) {
  two_links();
  EXPECT_EQ(mag_of("web"), "mag1");
  EXPECT_EQ(mag_of("video"), "mag2") << "whoever asked for it";
  EXPECT_EQ(mag_of("*"), "mag2");
}

TEST_F(FlowPolicyTest, FlowsStandInTheOrderOfTheRules) {
  two_links();
  std::vector<std::string> names;
  for (const auto& flow : show("flows", {{"mn", "mn1"}})) names.push_back(flow["flow"]);
  EXPECT_THAT(names, ElementsAre("web", "video", "*"));
}

TEST_F(FlowPolicyTest, BothSelectorsOfARuleNameItsFlow) {
  accepted(first());
  const auto rules = all<InstallNode>().at(0).rules;
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules[0].flow, rules[1].flow);
  EXPECT_EQ(rules[1].selector.source_port, (wire::Range<std::uint16_t>{443, 443}));
  EXPECT_LT(rules[0].order, rules[1].order);
}

TEST_F(FlowPolicyTest, AFlowReturnsWhenTheHoldDownIsOver) {
  two_links();
  lose_first();
  EXPECT_EQ(mag_of("web"), "mag2");
  EXPECT_THAT(events(), Contains("flow-fallback"));
  send(first());
  EXPECT_EQ(mag_of("web"), "mag2");
  ASSERT_TRUE(lma->poll_timeout());
  EXPECT_EQ(*lma->poll_timeout(), now.monotonic + 10s);
  pass(10s - 1ms);
  EXPECT_EQ(mag_of("web"), "mag2");
  pass(1ms);
  EXPECT_EQ(mag_of("web"), "mag1");
  EXPECT_THAT(events(), ElementsAre("flow-returned"));
}

TEST_F(FlowPolicyTest, ALinkThatFlapsTenTimesASecondTakesNothing) {
  two_links();
  for (int i = 0; i < 60; ++i) {
    send(leave(first()));
    advance(40ms);
    send(first());
    advance(40ms);
  }
  EXPECT_EQ(mag_of("web"), "mag2");
  const auto web = show("flows", {{"mn", "mn1"}})[0];
  EXPECT_EQ(web["flow"], "web");
  EXPECT_EQ(web["moves"], 1);
}

TEST_F(FlowPolicyTest, ACommandGoesBeforeTheRuleUntilItIsReleased) {
  two_links();
  EXPECT_EQ(move_to("web", "mag2"), "");
  EXPECT_EQ(mag_of("web"), "mag2");
  send(first());
  pass(1min);
  EXPECT_EQ(mag_of("web"), "mag2");
  EXPECT_EQ(explained(kWeb)["reason"], "moved");
  const auto released = lma->handle_command(now, "flow release", {{"flow", "web"}}).value();
  drain();
  EXPECT_EQ(released["to"], "mag1");
  EXPECT_EQ(mag_of("web"), "mag1");
  EXPECT_FALSE(lma->handle_command(now, "flow release", {{"flow", "web"}}).value()["changed"]);
}

TEST_F(FlowPolicyTest, ARequestForAServiceDoesNotMoveWhatARuleGoverns) {
  two_links();
  Pbu again = first();
  again.service = "video";
  accepted(again);
  EXPECT_EQ(mag_of("video"), "mag2");
}

TEST_F(FlowPolicyTest, ANodeHasItsOwnPolicyElseItsGroupsElseTheDefault) {
  const auto one = [](const char* name, const char* mag) {
    FlowRule rule = flow_rule("rest", {{mag, {}}});
    rule.policy = name;
    return FlowPolicy{name, {rule}};
  };
  auto own = one("own", "mag2"), groups = one("groups", "mag2"), standard = one("standard", "mag1");
  own.mobile_nodes = {"mn1"};
  groups.groups = {"staff"};
  standard.is_default = true;
  auto config = with_policies({standard, groups, own});
  config.mobile_nodes[0].group = config.mobile_nodes[1].group = "staff";
  ASSERT_TRUE(lma->reconfigure(now, config));
  for (const auto* mn : {"mn1", "mn2", "mn3"}) {
    Pbu p = first();
    p.mn = mn;
    accepted(p);
    const auto prefix = show("sessions", {{"mn", mn}})[0]["prefixes"][0].get<std::string>();
    const auto flow = "udp,::1,1," + prefix.substr(0, prefix.find('/')) + ",2";
    const auto policy = explained(flow.c_str())["policy"];
    EXPECT_EQ(policy, mn == std::string("mn1") ? "own" : mn == std::string("mn2") ? "groups" : "standard");
  }
}

TEST_F(FlowPolicyTest, ExplainSaysWhichRuleWhichLinkAndWhyNotTheOthers) {
  two_links();
  lose_first();
  send(first());
  const auto web = explained(kWeb);
  EXPECT_EQ(web["mn"], "mn1");
  EXPECT_EQ(web["flow"], "web");
  EXPECT_EQ(web["rule"], "web");
  EXPECT_EQ(web["mag"], "mag2");
  EXPECT_EQ(web["reason"], "preferred");
  EXPECT_EQ(web["links"][0]["fitness"], "held-down");
  EXPECT_EQ(web["links"][0]["why"], "has failed; well, and held down for another 10000 ms");
  EXPECT_EQ(web["links"][1]["chosen"], true);
  const auto other = explained(kOther);
  EXPECT_EQ(other["rule"], "rest");
  ASSERT_EQ(other["passed_over"].size(), 2U);
  EXPECT_EQ(other["passed_over"][0]["flow"], "web");
  EXPECT_EQ(other["passed_over"][0]["differs_in"], "source_port");
}

TEST_F(FlowPolicyTest, ExplainSaysWhatItCannotExplain) {
  two_links();
  const auto error = [&](Json arguments) {
    return lma->handle_command(now, "policy explain", arguments).error().code;
  };
  EXPECT_EQ(error({{"flow", "udp"}}), "bad-flow");
  EXPECT_EQ(error({{"flow", "udp,::1,1,2001:db8:bad::1,2"}}), "no-such-mobile-node");
  EXPECT_EQ(error({{"flow", kWeb}, {"mn", "mn2"}}), "no-such-mobile-node");
  EXPECT_EQ(error({{"flow", kWeb}, {"dscp", 64}}), "bad-argument");
  EXPECT_EQ(error({{"flow", kWeb}, {"spi", -1}}), "bad-argument");
}

TEST_F(FlowPolicyTest, OtherPoliciesMoveWhatTheDifferenceMoves) {
  two_links();
  const auto compared = lma->compare_policies(now, gold(false));
  ASSERT_EQ(compared["rules"].size(), 1U);
  EXPECT_EQ(compared["rules"][0]["change"], "changed");
  ASSERT_EQ(compared["moves"].size(), 1U);
  EXPECT_EQ(compared["moves"][0]["flow"], "web");
  EXPECT_EQ(compared["moves"][0]["to"], "mag2");
  EXPECT_EQ(mag_of("web"), "mag1") << "only compared";

  clear();
  EXPECT_EQ(lma->apply_policies(now, gold(false)), compared);
  drain();
  EXPECT_EQ(mag_of("web"), "mag2");
  EXPECT_EQ(all<InstallFlow>().size(), 1U);
  EXPECT_THAT(rows(), Not(Contains("install-node"))) << "the selectors are the same";
}

TEST_F(FlowPolicyTest, WhatNobodyConfirmsReturns) {
  two_links();
  lma->apply_policies(now, gold(false), 60s);
  drain();
  EXPECT_EQ(*lma->poll_timeout(), now.monotonic + 60s);
  pass(60s - 1ms);
  EXPECT_EQ(mag_of("web"), "mag2");
  pass(1ms);
  EXPECT_EQ(mag_of("web"), "mag1");
  EXPECT_THAT(events(), ElementsAre("policies-returned", "flow-moved"));
  EXPECT_EQ(lma->handle_command(now, "policy confirm", Json::object()).error().code, "no-trial");
}

TEST_F(FlowPolicyTest, WhatIsConfirmedStays) {
  two_links();
  lma->apply_policies(now, gold(false), 60s);
  drain();
  EXPECT_TRUE(lma->handle_command(now, "policy confirm", Json::object()));
  pass(2min);
  EXPECT_EQ(mag_of("web"), "mag2");
}

TEST_F(FlowPolicyTest, ASecondTrialReturnsToWhatWasThereBeforeTheFirst) {
  two_links();
  lma->apply_policies(now, gold(false), 60s);
  lma->apply_policies(now, {}, 60s);
  drain();
  EXPECT_EQ(mag_of("web"), "no such flow");
  EXPECT_EQ(mag_of("*"), "mag2") << "nothing moves it";
  pass(60s);
  EXPECT_EQ(mag_of("web"), "mag1");
}

TEST_F(FlowPolicyTest, ATrialThatReturnsIsUndone) {
  ASSERT_TRUE(lma->reconfigure(now, test_config()));
  two_links();
  EXPECT_EQ(mag_of("*"), "mag1");
  lma->apply_policies(now, gold(), 60s);
  drain();
  EXPECT_EQ(mag_of("*"), "mag2");
  EXPECT_EQ(mag_of("video"), "mag2");
  pass(60s);
  EXPECT_EQ(mag_of("*"), "mag1");
  EXPECT_EQ(mag_of("video"), "mag1");
}

TEST_F(FlowPolicyTest, ASecondTrialWithoutRulesUndoesTheFirst) {
  ASSERT_TRUE(lma->reconfigure(now, test_config()));
  two_links();
  lma->apply_policies(now, gold(), 60s);
  drain();
  EXPECT_EQ(mag_of("*"), "mag2");
  lma->apply_policies(now, {}, 60s);
  drain();
  EXPECT_EQ(mag_of("*"), "mag1");
  pass(60s);
  EXPECT_EQ(mag_of("*"), "mag1");
}

TEST_F(FlowPolicyTest, ARequestDuringATrialCountsWhenItReturns) {
  ASSERT_TRUE(lma->reconfigure(now, test_config()));
  two_links();
  lma->apply_policies(now, gold(), 60s);
  drain();
  Pbu again = second();
  again.service = "video";
  accepted(again);
  pass(60s);
  EXPECT_EQ(mag_of("video"), "mag2");
}

TEST_F(FlowPolicyTest, ATrialThatReturnsGivesBackWhatACommandHasMoved) {
  two_links();
  EXPECT_EQ(move_to("*", "mag1"), "");
  lma->apply_policies(now, {}, 60s);
  drain();
  pass(60s);
  EXPECT_EQ(mag_of("*"), "mag1");
  EXPECT_EQ(explained(kOther)["reason"], "moved");
}

TEST_F(FlowPolicyTest, AFlowWhoseRuleIsGoneStaysWhereItIs) {
  two_links();
  lose_first();
  send(first());
  EXPECT_EQ(mag_of("web"), "mag2");
  send(leave(second()));
  EXPECT_EQ(mag_of("*"), "mag1");
  send(second());
  lma->apply_policies(now, {});
  drain();
  pass(1min);
  EXPECT_EQ(mag_of("*"), "mag1") << "and does not go to what the rule wanted";
}

TEST_F(FlowPolicyTest, ARestartDuringATrialUndoesIt) {
  ASSERT_TRUE(lma->reconfigure(now, test_config()));
  two_links();
  lma->apply_policies(now, gold(), 60s);
  drain();
  const auto record = all<PersistNode>().back().record;
  lma = std::make_unique<LocalMobilityAnchor>(test_config());
  lma->restore(now, {record});
  drain();
  EXPECT_EQ(mag_of("*"), "mag1");
}

TEST_F(FlowPolicyTest, RulesOutliveTheAnchor) {
  two_links();
  EXPECT_EQ(move_to("web", "mag2"), "");
  const auto record = all<PersistNode>().back().record;
  lma = std::make_unique<LocalMobilityAnchor>(with_policies(gold()));
  clear();
  lma->restore(now, {NodeRecord::from_json(record.to_json()).value()});
  drain();
  EXPECT_EQ(mag_of("web"), "mag2");
  EXPECT_EQ(explained(kWeb)["reason"], "moved");
  const auto flow = record.flows.front().index;
  EXPECT_EQ(explained(kWeb)["flow_index"], flow.value);
}

/// A rule that comes later decides.
TEST_F(FlowPolicyTest, ARestartWithoutRulesForgetsThatACommandMovedAFlow) {
  two_links();
  EXPECT_EQ(move_to("*", "mag1"), "");
  EXPECT_EQ(move_to("video", "mag1"), "");
  const auto record = all<PersistNode>().back().record;
  ASSERT_TRUE(record.default_pinned);
  lma = std::make_unique<LocalMobilityAnchor>(test_config());
  lma->restore(now, {record});
  drain();
  lma->apply_policies(now, gold());
  drain();
  pass(10s);
  EXPECT_EQ(mag_of("*"), "mag2");
  EXPECT_EQ(mag_of("video"), "mag2");
}

TEST_F(FlowPolicyTest, AfterARestartAFlowDoesNotReturnBeforeItsLinkHasShownThatItHolds) {
  two_links();
  lose_first();
  const auto record = all<PersistNode>().back().record;
  lma = std::make_unique<LocalMobilityAnchor>(with_policies(gold()));
  lma->restore(now, {record});
  drain();
  send(first());
  EXPECT_EQ(mag_of("web"), "mag2");
  pass(10s);
  EXPECT_EQ(mag_of("web"), "mag1");
}

TEST_F(FlowPolicyTest, NewRulesTakeNoNumberThatARecordHas) {
  lma = std::make_unique<LocalMobilityAnchor>(test_config());
  Pbu one = first(), two = second();
  two.mn = "mn2";
  two.service = "video";
  accepted(one);
  const auto record1 = all<PersistNode>().back().record;
  accepted(two);
  const auto record2 = all<PersistNode>().back().record;
  lma = std::make_unique<LocalMobilityAnchor>(with_policies(gold()));
  clear();
  lma->restore(now, {record1, record2});
  drain();
  EXPECT_THAT(events(), Not(Contains("record-dropped")));
  EXPECT_EQ(mag_of("web", "mn1"), "mag1");
  EXPECT_EQ(mag_of("web", "mn2"), "mag2");
  std::set<std::uint32_t> numbers;
  for (const auto& flow : show("flows"))
    EXPECT_TRUE(numbers.insert(flow["flow_index"].get<std::uint32_t>()).second);
}

TEST_F(FlowPolicyTest, ServicesThatAreNotPermittedAnyMoreRevokeNoneThatARuleUses) {
  two_links();
  auto config = with_policies(gold());
  config.revocation.enabled = true;
  ASSERT_TRUE(lma->reconfigure(now, config));
  clear();
  drain();
  EXPECT_TRUE(sent<wire::BindingRevocationIndication>().empty());
}

/// At whoever asked for it, wherever the rule has its flow.
TEST_F(FlowPolicyTest, AServiceThatIsWithdrawnEndsWhereARuleGovernsIt) {
  two_links();
  ASSERT_EQ(mag_of("video"), "mag2");
  auto config = with_policies(gold());
  config.revocation.enabled = true;
  config.mobile_nodes[0].services = {"voice"};
  clear();
  ASSERT_TRUE(lma->reconfigure(now, config));
  drain();
  const auto indications = sent<wire::BindingRevocationIndication>();
  ASSERT_EQ(indications.size(), 1U);
  EXPECT_EQ(indications[0].first, kMag1);
}

class LinkLimitsTest : public FlowPolicyTest {
 protected:
  static LmaConfig config() {
    auto web = flow_rule("web", {{"mag1", {}}, {"mag2", {}}});
    web.limits.load = 1'000'000;
    FlowPolicy policy{"gold", {web}};
    policy.is_default = true;
    return with_policies({policy});
  }
  LinkLimitsTest() : FlowPolicyTest(config()) {}
};

TEST_F(LinkLimitsTest, ALoadedLinkIsLeftAndTakenAgain) {
  two_links();
  EXPECT_EQ(mag_of("*"), "mag1");
  lma->handle_link_load(now, kMag1, 2'000'000);
  drain();
  EXPECT_EQ(mag_of("*"), "mag2");
  EXPECT_EQ(explained(kWeb)["links"][0]["why"], "load 2000000 bit/s, at most 1000000 bit/s");
  lma->handle_link_load(now, kMag1, 900'000);
  drain();
  pass(1min);
  EXPECT_EQ(mag_of("*"), "mag2") << "not better by the margin";
  lma->handle_link_load(now, kMag1, 100'000);
  drain();
  pass(10s);
  EXPECT_EQ(mag_of("*"), "mag1");
}

class HeartbeatLimitsTest : public FlowPolicyTest {
 protected:
  static LmaConfig config() {
    auto web = flow_rule("web", {{"mag1", {}}, {"mag2", {}}});
    web.limits.round_trip = 100ms;
    FlowPolicy policy{"gold", {web}};
    policy.is_default = true;
    auto config = with_policies({policy});
    config.heartbeat = {};
    return config;
  }
  HeartbeatLimitsTest() : FlowPolicyTest(config()) { lma->set_restart_counter(1, false); }

  /// The heartbeats that are due: mag2 answers at once, mag1 so much later.
  void heartbeat(Duration round_trip) {
    timeout();
    const auto requests = sent<wire::Heartbeat>();
    for (const auto& mag : {kMag2, kMag1}) {
      if (mag == kMag1) advance(round_trip);
      for (const auto& [to, request] : requests)
        if (to == mag)
          receive(wire::Heartbeat{false, true, request.sequence, {wire::RestartCounter{7}}}, mag);
    }
  }
};

TEST_F(HeartbeatLimitsTest, ALinkThatIsTooSlowIsLeft) {
  two_links();
  heartbeat(50ms);
  EXPECT_EQ(mag_of("*"), "mag1");
  for (int i = 0; i < 4; ++i) {
    advance(60s);
    heartbeat(200ms);
  }
  EXPECT_EQ(mag_of("*"), "mag2");
  EXPECT_EQ(explained(kWeb)["links"][0]["fitness"], "excess");
}

TEST_F(HeartbeatLimitsTest, WhatHeartbeatsMeasuredIsForgottenWithThem) {
  two_links();
  for (int i = 0; i < 4; ++i, advance(60s)) heartbeat(200ms);
  EXPECT_EQ(explained(kWeb)["links"][0]["fitness"], "excess");
  auto without = config();
  without.heartbeat.interval = Duration{};
  ASSERT_TRUE(lma->reconfigure(now, without));
  drain();
  EXPECT_TRUE(explained(kWeb)["links"][0]["round_trip_ms"].is_null());
  EXPECT_NE(explained(kWeb)["links"][0]["fitness"], "excess");
}

}  // namespace
}  // namespace flowmob::core
