// SPDX-License-Identifier: Apache-2.0
#include "scenario.h"

/// Flows that a gateway announces (RFC 6089), with the whole domain around them.
namespace flowmob::sim {
namespace {

/// The first gateway takes encrypted web, which would else go where all the rest does: by member 1.
DomainOptions announcing(core::Decider decider = core::Decider::Gateways, bool at_attachment = true) {
  DomainOptions options = short_lived();
  options.lma = [decider](core::LmaConfig& config) { config.decider = decider; };
  options.mag = [at_attachment](std::size_t mag, core::MagConfig& config) {
    config.lifetime = 20s;
    wire::TrafficSelector6 https;
    https.next_header = {6, 6};
    https.source_port = {443, 443};
    if (mag == 0)
      for (auto& access : config.accesses)
        access.flows = {{core::FlowTemplate{"web", 10, https, {}}, at_attachment}};
  };
  return options;
}

void expect_announced(const Scenario& scenario) {
  EXPECT_EQ(scenario.down("web"), 0);
  EXPECT_EQ(scenario.down("ping"), 1);
}

TEST(AnnouncedFlows, GoByTheirGatewayAsLongAsItsBindingLasts) {
  Scenario scenario(announcing());
  scenario.attach_all();
  scenario.start_traffic(0);
  scenario.run(500ms);
  expect_announced(scenario);
  EXPECT_EQ(scenario.up("web"), 0) << "by reflection";
  scenario.run(60s);  // refreshes by a summary
  expect_announced(scenario);
}

TEST(AnnouncedFlows, AreRefusedWhereTheAnchorDecides) {
  Scenario scenario(announcing(core::Decider::Anchor));
  scenario.attach_all();
  EXPECT_EQ(scenario.down("web"), 1);
  EXPECT_EQ(scenario.sessions(), 2U);
}

TEST(AnnouncedFlows, FallBackWithTheirLinkAndReturn) {
  Scenario scenario(announcing());
  scenario.attach_all();
  scenario.fail_link({0, 0}, 2s);
  scenario.run(3s);
  EXPECT_EQ(scenario.down("web"), 1);
  scenario.domain.plug({0, 0});
  scenario.run(3s);
  scenario.checks.require_agreement();
  expect_announced(scenario);
}

TEST(AnnouncedFlows, SurviveDaemonsThatAreKilled) {
  Scenario scenario(announcing());
  scenario.attach_all();
  scenario.start_traffic(0);
  const auto kill = [&](auto& node) {
    node.crash();
    scenario.run(1s);
    node.start();
    scenario.run(4s);
    scenario.checks.require_agreement();
    expect_announced(scenario);
  };
  kill(*scenario.domain.lma);
  kill(*scenario.domain.mags[0]);
  kill(*scenario.domain.mags[1]);
  scenario.traffic.stop();
  scenario.run(200ms);
  EXPECT_EQ(scenario.traffic.down(0, "web").lost_total(), 0U);
}

TEST(AnnouncedFlows, MoveByCommandWithoutALoss) {
  Scenario scenario(announcing(core::Decider::Gateways, false));
  scenario.attach_all();
  scenario.start_traffic(0);
  scenario.run(500ms);
  EXPECT_EQ(scenario.down("web"), 1);
  for (const bool announced : {true, false, true}) {
    ASSERT_TRUE(
        scenario.domain.mags[0]->command(announced ? "flow announce" : "flow withdraw", {{"flow", "web"}}));
    scenario.run(1s);
    EXPECT_EQ(scenario.down("web"), announced ? 0 : 1);
  }
  scenario.traffic.stop();
  scenario.run(200ms);
  EXPECT_EQ(scenario.traffic.down(0, "web").lost_total(), 0U);
}

}  // namespace
}  // namespace flowmob::sim
