// SPDX-License-Identifier: Apache-2.0
#include "scenario.h"

namespace flowmob::sim {
namespace {

/// From the carrier's loss at both ends: one way from the MAG to the LMA, and what the contract allows.
constexpr Duration kOutage = 5ms + 50ms;

class LinkFailure : public testing::TestWithParam<Duration> {};

/// Within and after MinDelayBeforeBCEDelete.
TEST_P(LinkFailure, FlowsGoToTheOtherLinkAndComeBack) {
  for (const std::size_t member : {0U, 1U}) {
    Scenario scenario;
    scenario.attach_all();
    const auto prefixes = scenario.prefixes();
    scenario.start_traffic(0);
    scenario.run(500ms);
    const int other = static_cast<int>(1 - member);
    scenario.fail_link({0, member}, kOutage);
    scenario.run(GetParam());
    for (const auto& flow : Domain::flows()) {
      EXPECT_EQ(scenario.down(flow.name), other);
      EXPECT_EQ(scenario.up(flow.name), other);
    }
    scenario.domain.plug({0, member});
    scenario.run(3s);
    scenario.checks.require_agreement();
    EXPECT_EQ(scenario.prefixes(), prefixes);
    EXPECT_EQ(scenario.down("video"), 0);
    EXPECT_EQ(scenario.down("web"), 1);
    EXPECT_EQ(scenario.up("video"), 0);
    EXPECT_EQ(scenario.up("web"), 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Returns, LinkFailure, testing::Values(Duration(100ms), Duration(3s), Duration(15s)));

TEST(Failure, ALinkThatFlapsEndsAsItShould) {
  Scenario scenario;
  scenario.attach_all();
  for (int turn = 0; turn < 20; ++turn) {
    scenario.fail_link({0, 1}, 500ms);
    scenario.run(scenario.domain.world.random.between(1ms, 60ms));
    scenario.domain.plug({0, 1});
    scenario.run(scenario.domain.world.random.between(1ms, 60ms));
  }
  scenario.run(5s);
  scenario.checks.require_agreement();
  EXPECT_EQ(scenario.sessions(), 2U);
  EXPECT_EQ(scenario.down("web"), 1);
}

TEST(Failure, BothLinksGoneAndBackKeepTheAddress) {
  Scenario scenario;
  scenario.attach_all();
  const auto prefixes = scenario.prefixes();
  scenario.domain.unplug_all();
  scenario.run(5s);
  scenario.attach_all();
  EXPECT_EQ(scenario.prefixes(), prefixes);
}

/// Nobody says goodbye: the LMA learns from the lifetime, the node from its downlink.
TEST(Failure, AMagThatDiesSilentlyCostsItsLifetimeAndNoMore) {
  DomainOptions options;
  options.mag = [](std::size_t, core::MagConfig& config) { config.lifetime = 20s; };
  Scenario scenario(options);
  scenario.attach_all();
  scenario.start_traffic(0, 50ms);
  scenario.checks.allow_outage(0, 21s);
  scenario.domain.mags[1]->lose_power();
  scenario.run(30s);
  for (const auto& flow : Domain::flows()) {
    EXPECT_EQ(scenario.down(flow.name), 0);
    EXPECT_EQ(scenario.up(flow.name), 0);
  }
  EXPECT_EQ(scenario.sessions(), 1U);
  EXPECT_FALSE(scenario.domain.lma->tables.has_session_via(scenario.domain.mags[1]->config().address,
                                                           scenario.prefixes().at(0)));
}

TEST(Failure, AMagThatComesBackServesAgain) {
  DomainOptions options;
  options.mag = [](std::size_t, core::MagConfig& config) { config.lifetime = 20s; };
  Scenario scenario(options);
  scenario.attach_all();
  scenario.checks.allow_outage(0, 40s);
  scenario.domain.lose_power(1);
  scenario.run(5s);
  scenario.domain.regain_power(1);
  scenario.run(50s);
  scenario.checks.require_agreement();
  EXPECT_EQ(scenario.down("web"), 1);
}

TEST(Failure, ANodeThatVanishesFromALinkIsForgottenByCommand) {
  Scenario scenario;
  scenario.attach_all();
  scenario.fail_link({0, 1}, 5s, Notice::Silent);
  scenario.run(1s);
  scenario.domain.mns[0]->set_link(1, false);
  const auto detached =
      scenario.domain.mags[1]->command("detach", {{"access", "access0"}, {"mn", Domain::mn_id(0)}});
  ASSERT_TRUE(detached) << detached.error().message;
  scenario.run(5s);
  scenario.checks.require_agreement();
  EXPECT_EQ(scenario.down("web"), 0);
}

TEST(Failure, SignallingThatIsCutForAWhileHealsByItself) {
  DomainOptions options;
  options.mag = [](std::size_t, core::MagConfig& config) { config.lifetime = 20s; };
  Scenario scenario(options);
  scenario.attach_all();
  scenario.checks.allow_outage(0, 120s);
  scenario.domain.network.faults.loss = 1;
  scenario.run(60s);
  EXPECT_TRUE(scenario.domain.lma->tables.sessions().empty());
  scenario.domain.network.faults.loss = 0;
  scenario.run(40s);
  scenario.checks.require_agreement();
}

TEST(Failure, AGoodbyeThatIsLostIsSaidAgain) {
  Scenario scenario;
  scenario.attach_all();
  unsigned lost = 0;
  scenario.domain.network.lose_if([&](const core::SendMessage& message) {
    return message.source == scenario.domain.mags[1]->config().address && ++lost <= 2;
  });
  scenario.fail_link({0, 1}, 1s + 2s + kOutage);  // INITIAL_BINDACK_TIMEOUT, and twice that
  scenario.run(5s);
  EXPECT_EQ(scenario.down("web"), 0);
  scenario.checks.require_agreement();
}

/// The anchor takes the gateway for ready until it asks again; from then on flows stay on their other link.
TEST(Failure, LostAcknowledgementsCostTheFirstPauseAndNoMore) {
  constexpr Duration kInitialBindackTimeout = 1s;
  for (const unsigned losses : {1U, 2U, 3U}) {
    Scenario scenario;
    scenario.domain.plug({0, 0});
    scenario.run(2s);
    unsigned lost = 0;
    scenario.domain.network.lose_if([&](const core::SendMessage& message) {
      return message.destination == scenario.domain.mags[1]->config().address && ++lost <= losses;
    });
    scenario.checks.allow_outage(0, kInitialBindackTimeout + 50ms);
    scenario.domain.plug({0, 1});
    scenario.run(30s);  // twice the longest pause and more
    scenario.checks.require_agreement();
    EXPECT_EQ(scenario.down("web"), 1);
  }
}

}  // namespace
}  // namespace flowmob::sim
