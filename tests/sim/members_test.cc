// SPDX-License-Identifier: Apache-2.0
#include "scenario.h"

namespace flowmob::sim {
namespace {

/// First the flows leave, then the member; every packet of both is checked on its way.
TEST(Members, OneRemovedByPlanAndAddedAgainLosesNothing) {
  Scenario scenario;
  scenario.attach_all();
  const auto prefixes = scenario.prefixes();
  scenario.start_traffic(0);
  for (int turn = 0; turn < 5; ++turn) {
    ASSERT_TRUE(scenario.domain.move_flow(0, "video", 1));
    scenario.run(500ms);
    scenario.domain.mns[0]->use_members({1});
    scenario.run(3s);
    EXPECT_EQ(scenario.up("video"), 1);
    EXPECT_EQ(scenario.domain.mns[0]->tables.members().size(), 1U);
    scenario.domain.mns[0]->use_members({0, 1});
    scenario.run(1s);
    EXPECT_EQ(scenario.up("video"), 1) << "nobody has asked for it";
    ASSERT_TRUE(scenario.domain.move_flow(0, "video", 0));
    scenario.run(1s);
    EXPECT_EQ(scenario.up("video"), 0);
    scenario.checks.require_agreement();
  }
  EXPECT_EQ(scenario.prefixes(), prefixes);
}

/// The anchor has not been told: its packets are taken, and the answers go by the other.
TEST(Members, WhatIsLeftOnOneThatGoesHasItsUplinkByTheOther) {
  Scenario scenario;
  scenario.attach_all();
  scenario.start_traffic(0);
  scenario.run(500ms);
  ASSERT_EQ(scenario.up("web"), 1);
  scenario.domain.mns[0]->use_members({0});
  for (const auto span : {Duration(0ms), Duration(500ms), Duration(3s)}) {
    scenario.run(span);
    EXPECT_EQ(scenario.up("web"), 0);
    EXPECT_EQ(scenario.down("web"), 1);
  }
  scenario.domain.mns[0]->use_members({0, 1});
  scenario.run(3s);
  EXPECT_EQ(scenario.up("web"), 1) << "its downlink has told";
  scenario.checks.require_agreement();
}

}  // namespace
}  // namespace flowmob::sim
