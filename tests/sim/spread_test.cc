// SPDX-License-Identifier: Apache-2.0
#include "scenario.h"

/// Flows that take several links at a time, with the whole domain around them.
namespace flowmob::sim {
namespace {

core::FlowPolicy spread_policy(core::SpreadKind kind, std::vector<std::uint16_t> shares = {}) {
  core::FlowRule rule;
  rule.policy = "sim";
  rule.name = "rest";  // all but video, which a service has
  rule.prefer = {{"mag0", {}}, {"mag1", {}}};
  rule.spread = kind;
  rule.shares = std::move(shares);
  core::FlowPolicy policy{"sim", {rule}};
  policy.is_default = true;
  return policy;
}

DomainOptions spreading(const core::FlowPolicy& policy) {
  DomainOptions options = short_lived();
  options.lma = [policy](core::LmaConfig& config) { config.flow_policies = {policy}; };
  return options;
}

/// The first of two gateways, or both, announce video by the other's link, too.
DomainOptions announcing_copies(std::size_t gateways) {
  DomainOptions options = short_lived();
  options.lma = [](core::LmaConfig& config) { config.decider = core::Decider::Gateways; };
  options.mag = [gateways](std::size_t mag, core::MagConfig& config) {
    config.lifetime = 20s;
    core::FlowTemplate video{"video", 10, {}, {}};
    video.selector.source_port = {5004, 5004};
    for (auto& access : config.accesses) {
      access.binding.id = static_cast<std::uint16_t>(1 + mag);
      if (mag < gateways) access.flows = {{video, true, {static_cast<std::uint16_t>(2 - mag)}}};
    }
  };
  return options;
}

/// A radio fades: for a second its gateway does not know, for half of it the node does not.
void fade(Scenario& scenario, Port port) {
  const auto socket = *scenario.domain.access.at(port);
  scenario.fail_link(port, 1100ms, Notice::Silent);
  scenario.run(500ms);
  scenario.domain.mns[0]->set_link(port.member, false);
  scenario.run(500ms);
  scenario.domain.tell_of_departure(port, socket);
  scenario.run(2s);
}

TEST(Copies, AHardFailureLosesNothing) {
  Scenario scenario(spreading(spread_policy(core::SpreadKind::Copies)));
  const auto copied = Scenario::find("web");
  scenario.domain.mns[0]->tables.copy(copied);
  scenario.attach_all();
  scenario.start_traffic(0);
  scenario.run(1s);
  for (std::size_t member = 0; member < 2; ++member) {
    fade(scenario, {0, member});
    scenario.domain.plug({0, member});
    scenario.run(2s);
  }
  scenario.traffic.stop();
  scenario.run(500ms);
  for (const auto* count : {&scenario.traffic.down(0, "web"), &scenario.traffic.up(0, "web")}) {
    EXPECT_GT(count->sent, 500U);
    EXPECT_EQ(count->lost_total(), 0U);
    EXPECT_EQ(count->duplicated, 0U);
    EXPECT_GT(count->copies, count->sent / 3);
    EXPECT_EQ(count->by_member.size(), 2U) << "the first copy of some came by each";
  }
  EXPECT_GT(scenario.traffic.up(0, "video").lost_total(), 20U) << "by one link";
  EXPECT_GT(scenario.traffic.down(0, "ping").duplicated, 100U) << "the node has no rule for it";
}

TEST(Copies, SeveralBindingsOfAnAnnouncedFlowMeanThem) {
  Scenario scenario(announcing_copies(2));  // whoever comes last is obeyed
  const auto copied = Scenario::find("video");
  scenario.domain.mns[0]->tables.copy(copied);
  scenario.attach_all();
  scenario.start_traffic(0);
  scenario.run(1s);
  EXPECT_GT(scenario.traffic.down(0, "video").copies, 50U);
  for (const std::size_t member : {0U, 1U}) {
    fade(scenario, {0, member});
    scenario.domain.plug({0, member});
    scenario.run(2s);
    scenario.checks.require_agreement();
  }
  scenario.traffic.stop();
  scenario.run(500ms);
  for (const auto* count : {&scenario.traffic.down(0, "video"), &scenario.traffic.up(0, "video")}) {
    EXPECT_EQ(count->lost_total(), 0U);
    EXPECT_EQ(count->duplicated, 0U);
  }
}

TEST(Copies, AnAnnouncedFlowGetsThemWhenItsOtherLinkComesLater) {
  Scenario scenario(announcing_copies(1));
  scenario.domain.mns[0]->tables.copy(Scenario::find("video"));
  scenario.domain.plug({0, 0});
  scenario.run(4s);
  scenario.start_traffic(0);
  scenario.run(1s);
  EXPECT_EQ(scenario.traffic.down(0, "video").copies, 0U);
  scenario.domain.plug({0, 1});
  scenario.run(10s);
  EXPECT_GT(scenario.traffic.down(0, "video").copies, 50U);
  EXPECT_EQ(scenario.traffic.down(0, "video").duplicated, 0U);
  scenario.checks.require_agreement();
  scenario.traffic.stop();
}

TEST(Shares, AConnectionThatLivesStaysWhereItBegan) {
  Scenario scenario(spreading(spread_policy(core::SpreadKind::Shares, {1, 0})));
  scenario.attach_all();
  scenario.start_traffic(0);
  scenario.run(500ms);
  const auto all_at = [&](int member) {
    for (const auto* flow : {"web", "ping"}) EXPECT_EQ(scenario.down(flow), member) << flow;
  };
  all_at(0);
  auto config = scenario.domain.lma->config();
  config.flow_policies = {spread_policy(core::SpreadKind::Shares, {0, 1})};
  ASSERT_TRUE(scenario.domain.lma->reconfigure(config));
  scenario.run(500ms);
  all_at(0);
  scenario.fail_link({0, 0}, 1s);
  scenario.run(1s);
  all_at(1);
  scenario.domain.plug({0, 0});
  scenario.run(12s);  // held down for ten
  scenario.checks.require_agreement();
  all_at(1);
  for (const auto* flow : {"web", "ping"}) EXPECT_EQ(scenario.up(flow), 1) << "by reflection";
  scenario.traffic.stop();
}

}  // namespace
}  // namespace flowmob::sim
