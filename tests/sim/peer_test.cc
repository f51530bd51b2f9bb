// SPDX-License-Identifier: Apache-2.0
#include "scenario.h"

/// Heartbeats (RFC 5847) and revocations (RFC 5846) in a whole domain.
namespace flowmob::sim {
namespace {

bool is_unsolicited(const core::SendMessage& message) {
  const auto decoded = wire::decode(message.mobility_header, message.source, message.destination);
  const auto* heartbeat = decoded ? std::get_if<wire::Heartbeat>(&*decoded) : nullptr;
  return heartbeat != nullptr && heartbeat->unsolicited;
}

bool is_revocation(const core::SendMessage& message) {
  const auto decoded = wire::decode(message.mobility_header, message.source, message.destination);
  return decoded && std::holds_alternative<wire::BindingRevocationIndication>(*decoded);
}

std::size_t count_revocations(const Domain& domain) {
  return static_cast<std::size_t>(std::ranges::count_if(domain.network.sent(), is_revocation));
}

void lose_the_anchors_state(Scenario& scenario, Duration until_healed) {
  auto& lma = *scenario.domain.lma;
  lma.crash();
  lma.lose_state();
  scenario.checks.allow_outage(0, until_healed);
  lma.start();
}

TEST(Peer, AnAnchorThatLostItsStateIsToldAgainAtOnce) {
  Scenario scenario;
  scenario.attach_all();
  const auto before = scenario.prefixes();
  lose_the_anchors_state(scenario, 1s);
  scenario.run(2s);
  scenario.checks.require_agreement();
  EXPECT_EQ(scenario.sessions(), 2U);
  EXPECT_EQ(scenario.prefixes(), before);
  EXPECT_EQ(scenario.down("video"), 0) << "its services, too";
  EXPECT_EQ(scenario.down("web"), 1);
}

TEST(Peer, ALossThatNobodyHeardOfIsFoundByTheNextHeartbeat) {
  Scenario scenario;
  scenario.attach_all();
  const auto before = scenario.prefixes();
  scenario.domain.network.lose_if(is_unsolicited);
  lose_the_anchors_state(scenario, 62s);
  scenario.run(20s);
  EXPECT_EQ(scenario.sessions(), 0U);
  scenario.run(45s);
  scenario.checks.require_agreement();
  EXPECT_EQ(scenario.sessions(), 2U);
  EXPECT_EQ(scenario.prefixes(), before);
}

TEST(Peer, FlowsLeaveAGatewayThatIsLostAndReturn) {
  Scenario scenario;
  scenario.attach_all();
  scenario.domain.mags[0]->crash();
  scenario.run(200s);
  EXPECT_EQ(scenario.down("video"), 0) << "the data plane outlives its daemon";
  scenario.run(110s);
  EXPECT_EQ(scenario.domain.lma->notified("peer-lost"), 1U);
  EXPECT_EQ(scenario.down("video"), 1);
  scenario.domain.mags[0]->start();
  scenario.run(62s);
  EXPECT_EQ(scenario.down("video"), 0);
  scenario.checks.require_agreement();
}

DomainOptions holding() {
  DomainOptions options;
  options.lma = [](core::LmaConfig& config) { config.hold_unknown_handoff = true; };
  options.mag = [](std::size_t, core::MagConfig& config) {
    for (auto& access : config.accesses) access.handoff_indicator = wire::HandoffIndicator::Unknown;
  };
  return options;
}

bool ends_a_binding(const core::SendMessage& message) {
  const auto decoded = wire::decode(message.mobility_header, message.source, message.destination);
  const auto* update = decoded ? std::get_if<wire::ProxyBindingUpdate>(&*decoded) : nullptr;
  return update != nullptr && update->lifetime == 0;
}

TEST(Peer, AHoldEndsWhenTheNodeIsStillWhereItWas) {
  Scenario scenario(holding());
  scenario.domain.plug({0, 0});
  scenario.run(3s);
  scenario.domain.plug({0, 1});
  scenario.run(1s);
  EXPECT_EQ(count_revocations(scenario.domain), 1U);
  EXPECT_EQ(scenario.sessions(), 2U) << "before the hold of 1.5 s is over";
  scenario.checks.require_agreement();
}

TEST(Peer, AHoldEndsWhenTheOldGatewayLetsGo) {
  Scenario scenario(holding());
  scenario.domain.plug({0, 0});
  scenario.run(3s);
  ASSERT_EQ(scenario.sessions(), 1U);
  const auto before = scenario.prefixes();
  scenario.domain.network.lose_if(ends_a_binding);
  scenario.fail_link({0, 0}, 10s);
  scenario.domain.plug({0, 1});
  scenario.run(1s);
  EXPECT_EQ(count_revocations(scenario.domain), 1U);
  ASSERT_EQ(scenario.sessions(), 1U) << "a handoff, before the hold of 1.5 s is over";
  EXPECT_EQ(scenario.prefixes(), before);
  EXPECT_EQ(scenario.down("web"), 1);
  EXPECT_TRUE(scenario.domain.mags[0]->tables.is_empty()) << "and the old gateway knows";
}

TEST(Peer, ANodeThatIsRevokedLeavesNothingBehind) {
  Scenario scenario;
  scenario.attach_all();
  scenario.checks.allow_outage(0, 60s);
  ASSERT_TRUE(scenario.domain.lma->command("session revoke", {{"mn", Domain::mn_id(0)}}));
  scenario.run(20s);
  scenario.checks.require_empty();
}

/// What is said first is lost, and the node's link flaps before it is said again.
template <class Command>
void revoke_while_a_link_flaps(Scenario& scenario, Command command) {
  scenario.attach_all();
  scenario.domain.network.lose_if([is_first = true](const auto& message) mutable {
    return is_revocation(message) && std::exchange(is_first, false);
  });
  scenario.checks.allow_outage(0, 60s);
  ASSERT_TRUE(command(scenario.domain));
  scenario.domain.unplug({0, 0});
  scenario.run(100ms);
  scenario.domain.plug({0, 0});
  scenario.run(10s);
  EXPECT_GE(count_revocations(scenario.domain), 1U);
  scenario.checks.require_agreement();
  EXPECT_EQ(scenario.sessions(), 2U);
}

TEST(Peer, ANodeThatComesBackWhileTheAnchorRevokesItStaysAtBothEnds) {
  Scenario of_node, of_mag;
  revoke_while_a_link_flaps(of_node, [](Domain& domain) {
    return domain.lma->command("session revoke",
                               {{"mn", Domain::mn_id(0)}, {"mag", domain.lma->config().mags[0].name}});
  });
  revoke_while_a_link_flaps(of_mag, [](Domain& domain) {
    return domain.lma->command("session revoke", {{"mag", domain.lma->config().mags[0].name}});
  });
}

TEST(Peer, ANodeThatComesBackWhileItsGatewayIsShutDownStaysAtBothEnds) {
  Scenario scenario;
  revoke_while_a_link_flaps(scenario, [](Domain& domain) {
    return domain.mags[0]->command("session revoke", core::Json::object());
  });
}

TEST(Peer, ANodeThatIsDisabledLeavesNothingBehind) {
  Scenario scenario;
  scenario.attach_all();
  scenario.checks.allow_outage(0, 60s);
  auto config = scenario.domain.lma->config();
  config.mobile_nodes[0].enabled = false;
  ASSERT_TRUE(scenario.domain.lma->reconfigure(config));
  scenario.run(20s);
  scenario.checks.require_empty();
}

}  // namespace
}  // namespace flowmob::sim
