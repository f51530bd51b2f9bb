// SPDX-License-Identifier: Apache-2.0
#include "scenario.h"

namespace flowmob::sim {
namespace {

void expect_no_loss(Scenario& scenario, std::size_t node = 0) {
  for (const auto& flow : Domain::flows()) {
    const auto& down = scenario.traffic.down(node, flow.name);
    const auto& up = scenario.traffic.up(node, flow.name);
    EXPECT_GT(down.sent, 0U);
    EXPECT_EQ(down.lost_total(), 0U) << flow.name << " downlink";
    EXPECT_EQ(up.lost_total(), 0U) << flow.name << " uplink";
    EXPECT_EQ(down.duplicated, 0U) << flow.name;
    EXPECT_EQ(up.duplicated, 0U) << flow.name;
  }
}

/// Nothing more is sent, and what is under way arrives.
void stop_traffic(Scenario& scenario) {
  scenario.traffic.stop();
  scenario.run(200ms);
}

TEST(Move, ThereAndBackLosesNothingAndTouchesNoOtherFlow) {
  Scenario scenario;
  scenario.attach_all();
  scenario.start_traffic(0, 5ms);
  scenario.run(500ms);
  const auto before = scenario.traffic.up(0, "web").by_member;  // the first left before any downlink came
  for (int turn = 0; turn < 5; ++turn) {
    for (const std::size_t mag : {1U, 0U}) {
      ASSERT_TRUE(scenario.domain.move_flow(0, "video", mag));
      EXPECT_EQ(scenario.down("video"), static_cast<int>(mag));
      scenario.run(300ms);
      EXPECT_EQ(scenario.up("video"), static_cast<int>(mag)) << "uplink follows by reflection";
    }
  }
  stop_traffic(scenario);
  expect_no_loss(scenario);
  EXPECT_EQ(scenario.traffic.down(0, "web").by_member.count(0), 0U);
  EXPECT_EQ(scenario.traffic.down(0, "ping").by_member.count(0), 0U);
  const auto after = scenario.traffic.up(0, "web").by_member;
  EXPECT_EQ(after.count(0) ? after.at(0) : 0, before.count(0) ? before.at(0) : 0);
}

/// Moves need no signalling, so the worst network for signalling may not be felt.
TEST(Move, SignallingThatIsLostDoubledAndReorderedIsNotFelt) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    DomainOptions options;
    options.seed = seed;
    options.mag = [](std::size_t, core::MagConfig& config) { config.lifetime = 40s; };
    Scenario scenario(options);
    scenario.attach_all();
    scenario.domain.network.faults = {0.3, 0.3, 0.3, 5ms, 20ms, 1500ms};
    scenario.start_traffic(0);
    for (int turn = 0; turn < 4; ++turn) {
      ASSERT_TRUE(scenario.domain.move_flow(0, "video", turn % 2 == 0 ? 1 : 0));
      scenario.run(5s);
    }
    stop_traffic(scenario);
    expect_no_loss(scenario);
  }
}

TEST(Move, WhatWasMovedStaysMovedThroughRefreshAndRestart) {
  DomainOptions options;
  options.mag = [](std::size_t, core::MagConfig& config) { config.lifetime = 20s; };
  Scenario scenario(options);
  scenario.attach_all();
  ASSERT_TRUE(scenario.domain.move_flow(0, "video", 1));
  scenario.run(60s);
  EXPECT_EQ(scenario.down("video"), 1);
  scenario.domain.lma->crash();
  scenario.run(1s);
  scenario.domain.lma->start();
  scenario.run(60s);
  EXPECT_EQ(scenario.down("video"), 1);
}

/// The answers to a registration are lost: whoever moves a flow there moves it when the gateway can deliver.
/// The checks see every packet.
TEST(Move, ToALinkWhoseGatewayHasNoAnswerYetLosesNothing) {
  Scenario scenario;
  auto& domain = scenario.domain;
  domain.plug({0, 0});
  scenario.run(2s);
  const auto mag1 = domain.mags[1]->config().address;
  domain.network.lose_if([mag1](const core::SendMessage& message) { return message.destination == mag1; });
  scenario.checks.allow_outage(0, 1100ms);  // until the gateway asks again the anchor knows of nothing
  domain.plug({0, 1});
  scenario.run(1500ms);
  const auto moved = domain.move_flow(0, "video", 1);
  ASSERT_TRUE(moved);
  EXPECT_EQ((*moved)["waits"], true);
  EXPECT_EQ(scenario.down("video"), 0);
  scenario.run(1s);
  EXPECT_EQ(scenario.down("video"), 0);
  domain.network.lose_if({});
  scenario.run(8s);  // it opens when the gateway, whose pauses double, would have asked again
  EXPECT_EQ(scenario.down("video"), 1);
  scenario.checks.require_agreement();
}

/// Handoff Indicator 2: what came up by the former link when the anchor switched still goes on
/// (docs/adr/0064).
std::uint64_t lost_by_handing_over(Duration grace) {
  DomainOptions options;
  options.lma = [grace](core::LmaConfig& config) { config.former_gateway_grace = grace; };
  options.mag = [](std::size_t mag, core::MagConfig& config) {
    if (mag == 1)
      for (auto& link : config.accesses)
        link.handoff_indicator = wire::HandoffIndicator::HandoffBetweenInterfaces;
  };
  Scenario scenario(options);
  scenario.domain.plug({0, 0});
  scenario.run(2s);
  scenario.start_traffic(0, 5ms);
  scenario.run(500ms);
  scenario.checks.allow_outage(0, 500ms);  // upwards, where there is no grace
  scenario.domain.plug({0, 1});
  scenario.run(2s);
  stop_traffic(scenario);
  EXPECT_EQ(scenario.sessions(), 1U);
  EXPECT_EQ(scenario.up("video"), 1);
  std::uint64_t lost = 0;
  for (const auto& flow : Domain::flows()) {
    EXPECT_EQ(scenario.traffic.down(0, flow.name).lost_total(), 0U) << flow.name;
    lost += scenario.traffic.up(0, flow.name).lost_total();
  }
  return lost;
}

TEST(Move, AnInterfaceThatIsHandedToAnotherLosesNothingOnItsWay) {
  EXPECT_EQ(lost_by_handing_over(500ms), 0U);
  EXPECT_GT(lost_by_handing_over(0ms), 0U);
}

TEST(Move, MovesThatCannotBeAreRefused) {
  Scenario scenario;
  scenario.domain.plug({0, 0});
  scenario.run(2s);
  EXPECT_EQ(scenario.domain.move_flow(0, "video", 1).error().code, "no-session");
  EXPECT_EQ(scenario.domain.move_flow(0, "radio", 0).error().code, "no-such-flow");
  EXPECT_EQ(scenario.domain.move_flow(0, "video", 7).error().code, "no-such-mag");
  EXPECT_EQ(scenario.down("video"), 0);
}

}  // namespace
}  // namespace flowmob::sim
