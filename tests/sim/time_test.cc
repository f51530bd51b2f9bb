// SPDX-License-Identifier: Apache-2.0
#include "scenario.h"

namespace flowmob::sim {
namespace {

/// The validity window is 300 ms (RFC 5213 section 9.1), the way to the LMA takes 5.
TEST(ClockSkew, WithinTheWindowIsNotFelt) {
  for (const Duration skew : {-280ms, -100ms, 100ms, 280ms}) {
    Scenario scenario(short_lived());
    scenario.domain.mags[0]->pump.clock.wall_skew = skew;
    scenario.domain.mags[1]->pump.clock.wall_skew = -skew;
    scenario.attach_all();
    for (int turn = 0; turn < 4; ++turn) {
      scenario.fail_link({0, 1}, 200ms);
      scenario.run(300ms);
      scenario.domain.plug({0, 1});
      scenario.run(7s);
      scenario.checks.require_agreement();
    }
    EXPECT_EQ(scenario.sessions(), 2U);
  }
}

TEST(ClockSkew, OutsideTheWindowKeepsOnlyThatMagOut) {
  for (const Duration skew : {Duration(-2s), Duration(2s)}) {
    Scenario scenario(short_lived());
    scenario.domain.mags[1]->pump.clock.wall_skew = skew;
    scenario.domain.plug_all();
    scenario.run(30s);
    EXPECT_TRUE(scenario.domain.mags[1]->tables.is_empty());
    EXPECT_EQ(scenario.sessions(), 1U);
    EXPECT_EQ(scenario.down("web"), 0);
    EXPECT_EQ(scenario.up("web"), 0);
  }
}

TEST(ClockSkew, AMagWhoseClockIsSetRightIsLetIn) {
  Scenario scenario(short_lived());
  auto& clock = scenario.domain.mags[1]->pump.clock;
  clock.wall_skew = -2s;
  scenario.domain.plug_all();
  scenario.run(10s);
  EXPECT_EQ(scenario.sessions(), 1U);
  clock.wall_skew = 0s;
  scenario.domain.unplug({0, 1});
  scenario.run(2s);
  scenario.domain.plug({0, 1});
  scenario.run(5s);
  scenario.checks.require_agreement();
  EXPECT_EQ(scenario.down("web"), 1);
}

/// Wall clocks differ by days where nobody checks them against each other: between LMA and node.
TEST(ClockSkew, TheNodesClockDoesNotMatter) {
  Scenario scenario;
  scenario.domain.mns[0]->pump.clock.wall_skew = std::chrono::hours(24 * 365);
  scenario.attach_all();
}

TEST(Lifetime, TheLmaMayGrantLessThanWasAskedFor) {
  DomainOptions options;
  options.lma = [](core::LmaConfig& config) { config.max_lifetime = 12s; };
  Scenario scenario(options);
  scenario.attach_all();
  scenario.run(120s);
  scenario.checks.require_agreement();
}

}  // namespace
}  // namespace flowmob::sim
