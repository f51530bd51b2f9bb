// SPDX-License-Identifier: Apache-2.0
#include "scenario.h"

/// Nodes that move flows by themselves (docs/adr/0062), with the whole domain around them.
namespace flowmob::sim {
namespace {

DomainOptions deciding(core::Decider anchor = core::Decider::Gateways) {
  DomainOptions options = short_lived();
  options.lma = [anchor](core::LmaConfig& config) { config.decider = anchor; };
  options.mag = [](std::size_t, core::MagConfig& config) {
    config.lifetime = 20s;
    for (auto& access : config.accesses) access.observes_flows = true;
  };
  return options;
}

struct NodeDecides : ::testing::Test {
  static void move(Scenario& scenario, std::string_view flow, std::vector<std::size_t> members) {
    scenario.domain.mns[0]->tables.prefer(Scenario::find(flow), std::move(members));
  }
  static void expect_by(const Scenario& scenario, std::string_view flow, int member) {
    EXPECT_EQ(scenario.up(flow), member);
    EXPECT_EQ(scenario.down(flow), member) << "the downlink follows";
  }
  static void expect_nothing_lost(Scenario& scenario) {
    scenario.traffic.stop();
    scenario.run(200ms);
    for (const auto& flow : Domain::flows()) {
      EXPECT_EQ(scenario.traffic.down(0, flow.name).lost_total(), 0U) << flow.name;
      EXPECT_EQ(scenario.traffic.up(0, flow.name).lost_total(), 0U) << flow.name;
      EXPECT_EQ(scenario.traffic.down(0, flow.name).duplicated, 0U) << flow.name;
    }
  }
};

TEST_F(NodeDecides, TheDownlinkFollowsBackAndForth) {
  Scenario scenario(deciding());
  scenario.attach_all();
  scenario.start_traffic(0);
  scenario.run(1s);
  const int others = scenario.down("ping");
  for (const std::size_t member : {0U, 1U, 0U, 1U, 0U, 1U}) {
    move(scenario, "web", {member});
    scenario.run(1s);
    expect_by(scenario, "web", static_cast<int>(member));
    EXPECT_EQ(scenario.down("ping"), others) << "nobody has moved it";
  }
  scenario.checks.require_agreement();
  expect_nothing_lost(scenario);
}

TEST_F(NodeDecides, WhereTheAnchorDecidesItDoesNot) {
  Scenario scenario(deciding(core::Decider::Anchor));
  scenario.attach_all();
  scenario.start_traffic(0);
  scenario.run(1s);
  const int before = scenario.down("web");
  move(scenario, "web", {before == 0 ? 1U : 0U});
  scenario.run(30s);
  EXPECT_EQ(scenario.down("web"), before);
  expect_nothing_lost(scenario);
}

TEST_F(NodeDecides, AConnectionThatIsAnsweredCostsNoUpdate) {
  Scenario scenario(deciding());
  scenario.attach_all();
  const auto sent = [&] {
    std::uint64_t updates = 0;
    for (auto& mag : scenario.domain.mags)
      updates +=
          mag->command("show statistics", core::Json::object())->at("messages").value("flows_observed", 0U);
    return updates;
  };
  scenario.start_traffic(0);
  scenario.run(10s);
  EXPECT_EQ(sent(), 0U);
  move(scenario, "web", {scenario.down("web") == 0 ? 1U : 0U});
  scenario.run(10s);
  EXPECT_EQ(sent(), 1U);
}

TEST_F(NodeDecides, ALinkThatFailsAndReturns) {
  Scenario scenario(deciding());
  scenario.attach_all();
  scenario.start_traffic(0);
  move(scenario, "web", {0, 1});
  scenario.run(1s);
  expect_by(scenario, "web", 0);
  scenario.fail_link({0, 0}, 2s);
  scenario.run(3s);
  expect_by(scenario, "web", 1);
  scenario.domain.plug({0, 0});
  scenario.run(5s);
  expect_by(scenario, "web", 0);
  scenario.checks.require_agreement();
}

TEST_F(NodeDecides, DaemonsThatAreKilledFindItAgain) {
  Scenario scenario(deciding());
  scenario.attach_all();
  scenario.start_traffic(0);
  const auto kill = [&](auto& daemon, std::size_t member) {
    move(scenario, "web", {member});
    scenario.run(2s);
    expect_by(scenario, "web", static_cast<int>(member));
    daemon.crash();
    scenario.run(1s);
    daemon.start();
    scenario.run(5s);
    scenario.checks.require_agreement();
    expect_by(scenario, "web", static_cast<int>(member));
  };
  for (const std::size_t member : {0U, 1U}) {
    kill(*scenario.domain.lma, member);
    kill(*scenario.domain.mags[0], member);
    kill(*scenario.domain.mags[1], member);
  }
  expect_nothing_lost(scenario);
}

}  // namespace
}  // namespace flowmob::sim
