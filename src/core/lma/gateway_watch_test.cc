// SPDX-License-Identifier: Apache-2.0
#include "core/lma/anchor_fixture_for_test.h"

/// Heartbeats of an anchor (RFC 5847).
namespace flowmob::core {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

LmaConfig watching() {
  auto c = test_config();
  c.heartbeat = {};
  return c;
}

class GatewayWatchTest : public AnchorFixture {
 protected:
  GatewayWatchTest() : AnchorFixture(watching()) { lma->set_restart_counter(42, false); }

  std::vector<std::pair<Ipv6Address, wire::Heartbeat>> heartbeats() const { return sent<wire::Heartbeat>(); }
  /// Answers every request of the last step that went to `mag`.
  void respond(const Ipv6Address& mag, std::uint32_t counter) {
    for (const auto& [to, request] : heartbeats())
      if (to == mag && !request.response)
        receive(wire::Heartbeat{false, true, request.sequence, {wire::RestartCounter{counter}}}, mag);
  }
  void pass(Duration span) {
    advance(span);
    timeout();
  }
  /// The MAG answered once, with this counter.
  void meet(const Ipv6Address& mag, std::uint32_t counter) {
    timeout();
    respond(mag, counter);
    clear();
  }
  std::string state_of(const char* mag) {
    for (const auto& row : show("sessions"))
      if (row["mag"] == mag) return row["state"];
    return "none";
  }
};

TEST_F(GatewayWatchTest, OnlyMagsWithSessionsAreProbed) {
  timeout();
  EXPECT_THAT(heartbeats(), IsEmpty());
  accepted(first());
  EXPECT_EQ(lma->poll_timeout(), now.monotonic);
  timeout();
  ASSERT_EQ(heartbeats().size(), 1U);
  EXPECT_EQ(heartbeats()[0].first, kMag1);
  EXPECT_FALSE(heartbeats()[0].second.response);
  clear();
  send(leave(first()));
  pass(60s);
  EXPECT_THAT(heartbeats(), IsEmpty()) << "a session in delete-wait is none that is active";
}

TEST_F(GatewayWatchTest, RequestsAreAnsweredWithoutAnySession) {
  receive(wire::Heartbeat{false, false, 99, {}}, kMag2);
  ASSERT_EQ(heartbeats().size(), 1U);
  const auto [to, answer] = heartbeats()[0];
  EXPECT_EQ(to, kMag2);
  EXPECT_TRUE(answer.response);
  EXPECT_EQ(answer.sequence, 99U);
  EXPECT_EQ(wire::find<wire::RestartCounter>(answer.options)->counter, 42U);
  EXPECT_EQ(lma->handle_command(now, "show statistics", {}).value()["heartbeat"]["responses_sent"], 1);
}

TEST_F(GatewayWatchTest, StrangersAreNotAnswered) {
  receive(wire::Heartbeat{false, false, 99, {}}, kStranger);
  EXPECT_THAT(heartbeats(), IsEmpty());
  EXPECT_EQ(dropped("not-a-peer"), 1U);
}

TEST_F(GatewayWatchTest, FlowsLeaveAMagThatIsLostAndReturn) {
  for (auto p : {first(), second()}) {
    p.lifetime = 900;
    accepted(p);
  }
  lma->handle_command(now, "flow move", {{"flow", "*"}, {"to", "mag1"}, {"mn", "mn1"}}).value();
  drain();
  ASSERT_EQ(mag_of("*"), "mag1");
  meet(kMag1, 1);
  for (int i = 0; i < 4; ++i) {
    pass(60s);
    respond(kMag2, 1);
  }
  EXPECT_EQ(mag_of("*"), "mag1");
  pass(60s);
  EXPECT_THAT(events(), Contains("peer-lost"));
  EXPECT_EQ(mag_of("*"), "mag2");
  EXPECT_EQ(state_of("mag1"), "unreachable");
  const auto answer = lma->handle_command(now, "flow move", {{"flow", "*"}, {"to", "mag1"}, {"mn", "mn1"}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "no-session");
  EXPECT_EQ(mag_of("*"), "mag2");
  respond(kMag1, 1);
  EXPECT_THAT(events(), Contains("peer-back"));
  EXPECT_EQ(mag_of("*"), "mag1");
  EXPECT_EQ(state_of("mag1"), "active");
}

TEST_F(GatewayWatchTest, ANodeWithoutAnotherLinkStaysWhereItIs) {
  accepted(first());
  for (int i = 0; i < 6; ++i) pass(60s - 1s);
  for (int i = 0; i < 6; ++i) pass(60s);
  EXPECT_EQ(show("sessions").size(), 0U) << "its lifetime of 300 s is over";
  Pbu p = first();
  p.lifetime = 900;
  accepted(p);
  for (int i = 0; i < 6; ++i) pass(60s);
  EXPECT_EQ(state_of("mag1"), "unreachable");
  EXPECT_EQ(mag_of("*"), "mag1");
  p.handoff = HI::NoChange;
  p.prefixes = {kOwn};
  accepted(p);
  EXPECT_EQ(state_of("mag1"), "active") << "it spoke";
}

TEST_F(GatewayWatchTest, ARestartWithoutStateEndsWhatTheMagHadBefore) {
  accepted(first());
  meet(kMag1, 1);
  Pbu p = first();
  p.mn = "mn2";
  p.link_layer_id = kIf2;
  accepted(p);
  pass(60s);
  respond(kMag1, 2);
  EXPECT_THAT(events(), Contains("peer-restarted"));
  EXPECT_THAT(events(), Contains("binding-lost"));
  const auto sessions = show("sessions");
  ASSERT_EQ(sessions.size(), 2U);
  EXPECT_EQ(sessions[0]["state"], "delete-wait") << "as if the MAG had de-registered it";
  EXPECT_EQ(sessions[1]["state"], "active") << "it may be a session of the MAG's new life";
  const auto before = sessions[0]["prefixes"];
  accepted(first());
  EXPECT_EQ(show("sessions", {{"mn", "mn1"}})[0]["prefixes"], before);
  EXPECT_EQ(show("sessions", {{"mn", "mn1"}})[0]["state"], "active");
}

TEST_F(GatewayWatchTest, ARestartThatIsAnnouncedIsAskedAboutAtOnce) {
  accepted(first());
  meet(kMag1, 1);
  advance(1s);
  receive(wire::Heartbeat{true, true, 0, {wire::RestartCounter{2}}});
  EXPECT_THAT(events(), Not(Contains("binding-lost"))) << "anybody can say so";
  EXPECT_EQ(lma->poll_timeout(), now.monotonic);
  timeout();
  respond(kMag1, 2);
  EXPECT_THAT(events(), Contains("binding-lost"));
  clear();
  receive(wire::Heartbeat{true, true, 0, {wire::RestartCounter{2}}});
  pass(1s);
  EXPECT_THAT(heartbeats(), IsEmpty()) << "the same";
}

TEST_F(GatewayWatchTest, ARestartOfOneMagIsNoneOfAnother) {
  accepted(first());
  accepted(second());
  timeout();
  respond(kMag1, 1);
  respond(kMag2, 1);
  clear();
  receive(wire::Heartbeat{true, true, 0, {wire::RestartCounter{2}}}, kMag2);
  pass(1s);
  respond(kMag2, 2);
  EXPECT_EQ(state_of("mag1"), "active");
  EXPECT_EQ(state_of("mag2"), "delete-wait");
}

TEST_F(GatewayWatchTest, ANodeThatIsBusyLosesItsSessionsWhenItIsNot) {
  accepted(first());
  meet(kMag1, 1);
  answering = false;
  send(second());
  ASSERT_FALSE(unanswered.empty());
  pass(60s);
  respond(kMag1, 2);
  EXPECT_THAT(events(), Contains("peer-restarted"));
  EXPECT_THAT(events(), Not(Contains("binding-lost")));
  answering = true;
  answer_all();
  EXPECT_THAT(events(), Contains("binding-lost"));
  EXPECT_EQ(state_of("mag1"), "delete-wait");
  EXPECT_EQ(state_of("mag2"), "active");
}

TEST_F(GatewayWatchTest, WhoDoesNotKnowHeartbeatsIsNotProbedAgain) {
  accepted(first());
  timeout();
  const auto error = wire::BindingError{wire::BindingErrorStatus::UnrecognizedMhType, {}, {}};
  receive(error);
  EXPECT_THAT(events(), Contains("peer-without-heartbeat"));
  clear();
  for (int i = 0; i < 10; ++i) pass(20s);
  EXPECT_THAT(heartbeats(), IsEmpty());
  EXPECT_EQ(show("peers")[0]["heartbeat"], "unsupported");
}

TEST_F(GatewayWatchTest, ARefusalOfAMagThatAnsweredMeansWhatElseWaits) {
  auto config = watching();
  config.revocation.enabled = true;
  ASSERT_TRUE(lma->reconfigure(now, config));
  accepted(first());
  meet(kMag1, 1);
  pass(60s);
  ASSERT_EQ(heartbeats().size(), 1U);
  ASSERT_TRUE(lma->handle_command(now, "session revoke", {{"mn", "mn1"}}));
  const auto error = wire::BindingError{wire::BindingErrorStatus::UnrecognizedMhType, {}, {}};
  receive(error);
  EXPECT_THAT(events(), Contains("revocation-refused"));
  EXPECT_THAT(events(), Not(Contains("peer-without-heartbeat")));
}

TEST_F(GatewayWatchTest, AMagThatWasReplacedByOneWithoutHeartbeatsIsNotProbedAgain) {
  accepted(first());
  meet(kMag1, 1);
  pass(60s);
  receive(wire::BindingError{wire::BindingErrorStatus::UnrecognizedMhType, {}, {}});
  EXPECT_THAT(events(), Contains("peer-without-heartbeat"));
  for (int i = 0; i < 3; ++i) {
    pass(60s);
    EXPECT_THAT(heartbeats(), IsEmpty());
  }
}

TEST_F(GatewayWatchTest, AllMagsHearOfStateThatWasLost) {
  lma->set_restart_counter(43, true);
  drain();
  ASSERT_EQ(heartbeats().size(), 2U);
  for (const auto& [to, message] : heartbeats()) {
    EXPECT_TRUE(message.response && message.unsolicited);
    EXPECT_EQ(wire::find<wire::RestartCounter>(message.options)->counter, 43U);
  }
  EXPECT_EQ(heartbeats()[0].first, kMag1);
  EXPECT_EQ(heartbeats()[1].first, kMag2);
}

TEST_F(GatewayWatchTest, PeersAreShown) {
  accepted(first());
  meet(kMag1, 7);
  const auto peers = show("peers");
  ASSERT_EQ(peers.size(), 2U);
  EXPECT_EQ(peers[0]["name"], "mag1");
  EXPECT_EQ(peers[0]["sessions"], 1);
  EXPECT_EQ(peers[0]["heartbeat"], "answers");
  EXPECT_EQ(peers[0]["restart_counter"], 7);
  EXPECT_EQ(peers[1]["heartbeat"], "off");
}

TEST_F(GatewayWatchTest, TheVariablesAreConfigured) {
  accepted(first());
  timeout();
  auto config = watching();
  config.heartbeat = {30s, 0};
  ASSERT_TRUE(lma->reconfigure(now, config));
  pass(30s);
  EXPECT_THAT(events(), Contains("peer-lost"));
  config.heartbeat.interval = {};
  ASSERT_TRUE(lma->reconfigure(now, config));
  clear();
  pass(60s);
  EXPECT_THAT(heartbeats(), IsEmpty());
}

}  // namespace
}  // namespace flowmob::core
