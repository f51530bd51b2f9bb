// SPDX-License-Identifier: Apache-2.0
#include "core/mag/mag_fixture.h"

/// Heartbeats of a gateway (RFC 5847).
namespace flowmob::core {
namespace {

using namespace std::chrono_literals;

class AnchorWatchTest : public MagFixture {
 protected:
  AnchorWatchTest() {
    auto config = default_config();
    config.heartbeat = {};
    start(config);
    gateway->set_restart_counter(42, false);
  }
  std::vector<wire::Heartbeat> heartbeats() const {
    std::vector<wire::Heartbeat> found;
    for (const auto& one : messages) {
      EXPECT_EQ(one.source, kMag);
      const auto decoded = wire::decode(one.mobility_header, one.source, one.destination);
      if (const auto* heartbeat = std::get_if<wire::Heartbeat>(&*decoded)) {
        EXPECT_EQ(one.destination, kLma);
        found.push_back(*heartbeat);
      }
    }
    return found;
  }
  void respond(std::uint32_t counter) {
    const auto asked = heartbeats();
    ASSERT_FALSE(asked.empty());
    deliver(wire::Heartbeat{false, true, asked.back().sequence, {wire::RestartCounter{counter}}});
  }
  /// Registered, and the LMA has answered once.
  void meet(std::uint32_t counter) {
    register_node();
    answer_services();
    advance(1s);
    respond(counter);
    clear();
  }
  void answer_services() {
    while (!updates.empty()) {
      updates.clear();
      accept();
    }
  }
};

TEST_F(AnchorWatchTest, TheLmaIsProbedWhileANodeIsRegistered) {
  advance(120s);
  EXPECT_TRUE(heartbeats().empty());
  register_node();
  advance(1s);
  ASSERT_EQ(heartbeats().size(), 1U);
  EXPECT_FALSE(heartbeats()[0].response);
  respond(1);
  advance(60s);
  EXPECT_EQ(heartbeats().size(), 2U);
  ASSERT_TRUE(command("detach", {{"access", "wlan"}, {"mn", "mn1@example.com"}}));
  accept();
  clear();
  advance(300s);
  EXPECT_TRUE(heartbeats().empty());
}

TEST_F(AnchorWatchTest, RequestsAreAnsweredWithoutAnyNode) {
  deliver(wire::Heartbeat{false, false, 99, {}});
  ASSERT_EQ(heartbeats().size(), 1U);
  EXPECT_TRUE(heartbeats()[0].response);
  EXPECT_EQ(heartbeats()[0].sequence, 99U);
  EXPECT_EQ(wire::find<wire::RestartCounter>(heartbeats()[0].options)->counter, 42U);
  EXPECT_EQ(counter("heartbeat", "responses_sent"), 1U);
}

TEST_F(AnchorWatchTest, StrangersAreNotAnswered) {
  deliver(wire::Heartbeat{false, false, 99, {}}, address("2001:db8:bad::1"));
  EXPECT_TRUE(messages.empty());
}

TEST_F(AnchorWatchTest, AnLmaThatLostItsStateIsToldAgain) {
  meet(1);
  advance(59s);
  EXPECT_TRUE(updates.empty());
  respond(2);
  EXPECT_EQ(notified("peer-restarted"), 1U);
  ASSERT_EQ(updates.size(), 1U);
  EXPECT_EQ(service_of(updates[0]), "video") << "it has forgotten the services, too";
  EXPECT_EQ(option<wire::HomeNetworkPrefixOption>(updates[0]).to_prefix(), kHomePrefix)
      << "the node keeps its own";
  EXPECT_TRUE(removed_hosts.empty());
  EXPECT_EQ(only_binding()["state"], "registered");
}

TEST_F(AnchorWatchTest, ARestartThatIsAnnouncedIsAskedAboutAtOnce) {
  meet(1);
  deliver(wire::Heartbeat{true, true, 0, {wire::RestartCounter{2}}});
  EXPECT_TRUE(updates.empty()) << "anybody can say so";
  EXPECT_EQ(gateway->poll_timeout(), now.monotonic);
  advance(0s);
  respond(2);
  EXPECT_EQ(updates.size(), 1U);
}

TEST_F(AnchorWatchTest, ARestartWithItsStateIsNone) {
  meet(1);
  advance(59s);
  respond(1);
  EXPECT_TRUE(updates.empty());
}

TEST_F(AnchorWatchTest, AnLmaThatComesBackIsAskedWhetherItKnows) {
  meet(1);
  advance(240s);
  EXPECT_EQ(notified("peer-lost"), 0U);
  advance(60s);
  EXPECT_EQ(notified("peer-lost"), 1U);
  EXPECT_TRUE(removed_hosts.empty()) << "it may still forward";
  EXPECT_EQ(command("show peers", Json::object()).value()["peers"][0]["heartbeat"], "lost");
  accept();  // a refresh was under way
  clear();
  advance(60s);
  clear();
  advance(60s);
  respond(1);
  EXPECT_EQ(notified("peer-back"), 1U);
  EXPECT_EQ(updates.size(), 1U);
}

TEST_F(AnchorWatchTest, AnLmaWithoutHeartbeatsIsNotProbedAgain) {
  register_node();
  advance(1s);
  deliver(wire::BindingError{wire::BindingErrorStatus::UnrecognizedMhType, {}, {}});
  EXPECT_EQ(notified("peer-without-heartbeat"), 1U);
  clear();
  advance(299s);
  EXPECT_TRUE(heartbeats().empty());
}

TEST_F(AnchorWatchTest, TheLmaHearsOfStateThatWasLost) {
  gateway->set_restart_counter(43, true);
  drain();
  ASSERT_EQ(heartbeats().size(), 1U);
  EXPECT_TRUE(heartbeats()[0].response && heartbeats()[0].unsolicited);
  EXPECT_EQ(wire::find<wire::RestartCounter>(heartbeats()[0].options)->counter, 43U);
}

TEST_F(AnchorWatchTest, TheVariablesAreConfigured) {
  meet(1);
  auto config = default_config();
  config.heartbeat = {30s, 0};
  ASSERT_TRUE(gateway->reconfigure(now, config));
  advance(30s);
  EXPECT_EQ(heartbeats().size(), 1U);
  advance(30s);
  EXPECT_EQ(notified("peer-lost"), 1U);
}

}  // namespace
}  // namespace flowmob::core
