// SPDX-License-Identifier: Apache-2.0
#include "scenario.h"

/// Rules for flows, with the whole domain around them.
namespace flowmob::sim {
namespace {

constexpr Duration kHoldDown = 3s;

core::FlowRule flow_rule(std::string name, std::vector<core::LinkPattern> prefer) {
  core::FlowRule rule;
  rule.policy = "sim";
  rule.name = std::move(name);
  rule.prefer = std::move(prefer);
  rule.hold_down = kHoldDown;
  return rule;
}

/// Encrypted web by Wi-Fi (member 1), all else by WiMAX (member 0), whatever the gateways ask for.
core::FlowPolicy web_by_wifi() {
  auto web = flow_rule("secure-web", {{"", wire::AccessTechnology::Wlan}, {"mag0", {}}});
  wire::TrafficSelector6 https;
  https.next_header = {6, 6};
  https.source_port = {443, 443};
  web.flow = core::FlowTemplate{"secure-web", 0, https, {}};
  auto rest = flow_rule("rest", {{"mag0", {}}});
  rest.position = 1;
  core::FlowPolicy policy{"sim", {web, rest}};
  policy.is_default = true;
  return policy;
}

DomainOptions with_rules(std::size_t nodes = 1) {
  DomainOptions options;
  options.nodes = nodes;
  options.lma = [](core::LmaConfig& config) { config.flow_policies = {web_by_wifi()}; };
  return options;
}

TEST(Policies, SayWhereFlowsGo) {
  Scenario scenario(with_rules());
  scenario.attach_all();
  scenario.start_traffic(0);
  scenario.run(500ms);
  EXPECT_EQ(scenario.down("web"), 1);
  EXPECT_EQ(scenario.up("web"), 1) << "by reflection";
  EXPECT_EQ(scenario.down("ping"), 0) << "the default flow, for which member 1 asked";
  EXPECT_EQ(scenario.down("video"), 0);
}

TEST(Policies, ALinkThatFlapsTenTimesASecondCarriesNothingUntilItHolds) {
  Scenario scenario(with_rules());
  scenario.attach_all();
  scenario.start_traffic(0);
  scenario.run(500ms);
  for (int turn = 0; turn < 50; ++turn) {
    scenario.fail_link({0, 1}, 60ms);
    scenario.run(50ms);
    EXPECT_EQ(scenario.down("web"), 0);
    scenario.domain.plug({0, 1});
    scenario.run(50ms);
    EXPECT_EQ(scenario.down("web"), 0);
  }
  scenario.run(kHoldDown - 500ms);
  EXPECT_EQ(scenario.down("web"), 0);
  scenario.run(3s);
  scenario.checks.require_agreement();
  EXPECT_EQ(scenario.down("web"), 1);
  EXPECT_EQ(scenario.up("web"), 1);
}

TEST(Policies, ALinkThatIsHeldDownCarriesFlowsThatHaveNoOther) {
  Scenario scenario(with_rules());
  scenario.attach_all();
  scenario.fail_link({0, 1}, 500ms);
  scenario.run(1s);
  scenario.domain.plug({0, 1});
  scenario.run(1s);
  EXPECT_EQ(scenario.down("web"), 0) << "held down";
  scenario.fail_link({0, 0}, 500ms);
  scenario.run(1s);
  EXPECT_EQ(scenario.down("web"), 1);
  EXPECT_EQ(scenario.down("ping"), 1);
}

/// Whatever the measurement says about the limit, one way or the other.
TEST(Policies, ALoadedLinkIsLeftAndTakenAgainWhenItIsBetterByTheMargin) {
  auto options = with_rules();
  options.lma = [](core::LmaConfig& config) {
    auto policy = web_by_wifi();
    core::FlowRule web = *policy.rules[0];
    web.limits.load = 1'000'000;
    policy.rules[0] = web;
    config.flow_policies = {policy};
  };
  Scenario scenario(options);
  scenario.attach_all();
  scenario.start_traffic(0);
  const auto mag1 = scenario.domain.lma->config().mags.at(1).address;
  const auto load = [&](std::uint64_t bits_per_second) {
    scenario.domain.lma->pump.feed(
        [&](auto& core, Now now) { core.handle_link_load(now, mag1, bits_per_second); });
    scenario.run(kHoldDown + 1s);
    scenario.checks.require_agreement();
    return scenario.down("web");
  };
  EXPECT_EQ(load(900'000), 1);
  EXPECT_EQ(load(2'000'000), 0);
  EXPECT_EQ(load(900'000), 0) << "not better by a fifth";
  EXPECT_EQ(load(1'100'000), 0);
  EXPECT_EQ(load(100'000), 1);
  EXPECT_EQ(load(990'000), 1);
  EXPECT_EQ(scenario.down("video"), 0) << "of which no rule speaks";
  scenario.traffic.stop();
  scenario.run(1s);
  EXPECT_EQ(scenario.traffic.down(0, "web").lost_total(), 0U);
  EXPECT_EQ(scenario.traffic.up(0, "web").lost_total(), 0U);
}

TEST(Policies, OutliveTheAnchor) {
  Scenario scenario(with_rules(3));
  scenario.attach_all();
  scenario.checks.allow_outage(0, 5s);
  scenario.domain.lma->crash();
  scenario.domain.lma->start();
  scenario.run(2s);
  scenario.checks.require_agreement();
  for (std::size_t node = 0; node < 3; ++node) {
    EXPECT_EQ(scenario.down("web", node), 1);
    EXPECT_EQ(scenario.down("ping", node), 0);
  }
}

TEST(Policies, OtherRulesLoseNothing) {
  Scenario scenario(with_rules());
  scenario.attach_all();
  scenario.start_traffic(0);
  scenario.run(500ms);
  auto config = scenario.domain.lma->config();
  config.flow_policies = {};
  ASSERT_TRUE(scenario.domain.lma->reconfigure(config));
  scenario.run(1s);
  scenario.checks.require_agreement();
  EXPECT_EQ(scenario.down("web"), 0) << "with the default flow, which stays where it was";
  config.flow_policies = {web_by_wifi()};
  ASSERT_TRUE(scenario.domain.lma->reconfigure(config));
  scenario.run(1s);
  EXPECT_EQ(scenario.down("web"), 1);
}

}  // namespace
}  // namespace flowmob::sim
