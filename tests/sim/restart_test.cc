// SPDX-License-Identifier: Apache-2.0
#include "scenario.h"

namespace flowmob::sim {
namespace {

TEST(Restart, KilledDaemonsLoseNoPacket) {
  Scenario scenario(short_lived());
  scenario.attach_all();
  scenario.start_traffic(0);
  scenario.run(500ms);
  auto& domain = scenario.domain;
  const auto kill = [&](auto& node) {
    node.crash();
    scenario.run(1s);
    node.start();
    scenario.run(4s);
    scenario.checks.require_agreement();
  };
  for (int round = 0; round < 3; ++round) {
    kill(*domain.lma);
    kill(*domain.mags[0]);
    kill(*domain.mags[1]);
    kill(*domain.mns[0]);
  }
  scenario.traffic.stop();
  scenario.run(200ms);
  for (const auto& flow : Domain::flows()) {
    EXPECT_EQ(scenario.traffic.down(0, flow.name).lost_total(), 0U) << flow.name;
    EXPECT_EQ(scenario.traffic.up(0, flow.name).lost_total(), 0U) << flow.name;
  }
  EXPECT_EQ(scenario.sessions(), 2U);
}

TEST(Restart, AnLmaThatMissedTheExpiryCatchesUp) {
  Scenario scenario(short_lived());
  scenario.attach_all();
  scenario.domain.lma->crash();
  scenario.checks.allow_outage(0, 120s);
  scenario.domain.unplug_all();
  scenario.run(60s);
  scenario.domain.lma->start();
  scenario.run(15s);
  EXPECT_TRUE(scenario.domain.lma->tables.is_empty()) << scenario.domain.lma->tables.contents();
  EXPECT_TRUE(scenario.domain.lma->records().empty());
}

TEST(Restart, DeleteWaitGoesOnInTheSuccessor) {
  Scenario scenario(short_lived());
  scenario.attach_all();
  scenario.domain.unplug_all();
  scenario.run(3s);
  scenario.domain.lma->crash();
  scenario.run(1s);
  scenario.domain.lma->start();
  scenario.run(1s);
  EXPECT_EQ(scenario.sessions(), 2U);
  scenario.run(20s);
  EXPECT_TRUE(scenario.domain.lma->tables.is_empty()) << scenario.domain.lma->tables.contents();
}

TEST(Restart, AProfileThatWentMeanwhileTakesItsBindingsAlong) {
  Scenario scenario(short_lived());
  scenario.attach_all();
  scenario.domain.lma->crash();
  auto config = scenario.domain.lma->config();
  config.mobile_nodes.clear();
  scenario.domain.lma->reconfigure(config);
  scenario.checks.allow_outage(0, 120s);
  scenario.domain.lma->start();
  scenario.run(1s);
  EXPECT_TRUE(scenario.domain.lma->tables.is_empty()) << scenario.domain.lma->tables.contents();
}

/// One step of a life, in the middle of which a daemon dies.
struct Step {
  const char* name;
  void (*prepare)(Scenario&);
  void (*happen)(Scenario&);
  bool is_arrival = false;  ///< flows may have gone to a gateway that did not live to see its acknowledgement
};

const Step kSteps[] = {
    {"first link", [](Scenario&) {},
     [](Scenario& s) {
       s.domain.plug({0, 0});
     }},
    {"second link",
     [](Scenario& s) {
       s.domain.plug({0, 0});
     },
     [](Scenario& s) {
       s.domain.plug({0, 1});
     },
     true},
    {"move", [](Scenario& s) { s.domain.plug_all(); },
     [](Scenario& s) { static_cast<void>(s.domain.move_flow(0, "video", 1)); }},
    {"link failure", [](Scenario& s) { s.domain.plug_all(); },
     [](Scenario& s) {
       s.fail_link({0, 1}, 60s);
     }},
    {"link return",
     [](Scenario& s) {
       s.domain.plug_all();
       s.run(2s);
       s.fail_link({0, 0}, 1s);
     },
     [](Scenario& s) {
       s.domain.plug({0, 0});
     },
     true},
};

/// A gateway that dies before it has a record of its new node waits for the node to ask again: the daemon is
/// away for 2 s, and a solicitation comes every 4 s (RTR_SOLICITATION_INTERVAL, RFC 4861 section 10).
constexpr Duration kGatewayForgets = 2s + 4s + 200ms;
/// The anchor keeps flows on their old link until it knows that the gateway of the new one had its answer.
constexpr Duration kAnchorRemembers = 0s;

/// Dies behind the `fuse`-th effect of the step; false when the step has not that many.
template <class Node>
bool survives_death(const Step& step, unsigned fuse, Node& (*pick)(Domain&), Duration arrival) {
  Scenario scenario(short_lived());
  step.prepare(scenario);
  scenario.run(2s);
  auto& node = pick(scenario.domain);
  node.pump.fuse = fuse;
  if (step.is_arrival) scenario.checks.allow_outage(0, arrival);
  step.happen(scenario);
  scenario.run(1s);
  const bool died = !node.is_running();
  node.pump.fuse = 0;
  if (died) {
    scenario.run(1s);
    node.start();
  }
  scenario.run(30s);
  scenario.checks.require_agreement();
  scenario.domain.unplug_all();
  scenario.run(60s);
  scenario.checks.require_empty();
  return died;
}

template <class Node>
void die_everywhere(Node& (*pick)(Domain&), unsigned least, Duration arrival) {
  unsigned deaths = 0;
  for (const auto& step : kSteps) {
    SCOPED_TRACE(step.name);
    for (unsigned fuse = 1; fuse < 40 && survives_death(step, fuse, pick, arrival); ++fuse) ++deaths;
  }
  EXPECT_GE(deaths, least);
}

TEST(Restart, TheLmaMayDieBehindAnyEffect) {
  die_everywhere<LmaNode>([](Domain& domain) -> LmaNode& { return *domain.lma; }, 20, kAnchorRemembers);
}

TEST(Restart, AMagMayDieBehindAnyEffect) {
  die_everywhere<MagNode>([](Domain& domain) -> MagNode& { return *domain.mags[0]; }, 5, kGatewayForgets);
}

}  // namespace
}  // namespace flowmob::sim
