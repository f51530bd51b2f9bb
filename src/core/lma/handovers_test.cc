// SPDX-License-Identifier: Apache-2.0
#include "core/lma/handovers.h"

#include "core/lma/anchor_fixture_for_test.h"

/// What is remembered of moves of flows.
namespace flowmob::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

LmaConfig config_with_history(unsigned most) {
  LmaConfig config = test_config();
  config.handover_history = most;
  return config;
}

class HandoversTest : public AnchorFixture {
 protected:
  explicit HandoversTest(LmaConfig config = config_with_history(1000)) : AnchorFixture(std::move(config)) {}

  void SetUp() override {
    accepted(second());
    Pbu one = first();
    one.service = "video";
    accepted(one);
    clear();
  }
  void move(const char* flow, const char* to) {
    const auto moved = lma->handle_command(now, "flow move", {{"flow", flow}, {"to", to}});
    EXPECT_TRUE(moved) << moved.error().message;
    drain();
  }
  Json rows_of(const Json& arguments = Json::object()) { return show("handovers", arguments); }
  Json whole(std::uint64_t id) { return show("handovers", {{"id", id}}).at(0); }
  static std::vector<std::string> steps_of(const Json& row) {
    std::vector<std::string> steps;
    for (const auto& step : row["timeline"]) {
      std::string name = step["step"];
      if (step.contains("way")) name += " " + step["way"].get<std::string>();
      steps.push_back(name);
    }
    return steps;
  }
  Json only_row() {
    const Json rows = rows_of();
    EXPECT_THAT(rows, SizeIs(1)) << rows.dump(1);
    return rows.empty() ? Json() : whole(rows.back()["handover"].get<std::uint64_t>());
  }
  Json handoff_row() {
    for (const auto& row : rows_of())
      if (row["kind"] == "handoff") return whole(row["handover"].get<std::uint64_t>());
    ADD_FAILURE() << "no handoff";
    return {};
  }
  std::vector<Json> told() const {
    std::vector<Json> all_told;
    for (const auto& event : all<Notify>())
      if (event.event == "handover") all_told.push_back(event.fields);
    return all_told;
  }
  /// Looks at what is due until nothing is.
  void wait(Duration d) {
    const TimePoint end = now.monotonic + d;
    for (auto due = lma->poll_timeout(); due && *due <= end; due = lma->poll_timeout()) {
      advance(*due - now.monotonic);
      lma->handle_timeout(now);
      drain();
    }
    advance(end - now.monotonic);
  }
  FlowWatch moving() const {
    FlowWatch seen;
    seen.down.old_path = {0, {}, now.monotonic - 8ms};
    seen.down.new_path = {50, now.monotonic + 2ms, now.monotonic + 490ms};
    seen.up.old_path = {3, now.monotonic + 1ms, now.monotonic + 7ms};
    seen.up.new_path = {47, now.monotonic + 4ms, now.monotonic + 490ms};
    seen.up.late = 1;
    return seen;
  }
};

TEST_F(HandoversTest, AMoveByCommandHasItsStepsAndItsReason) {
  move("video", "mag2");
  const Json row = only_row();
  EXPECT_EQ(row["flow"], "video");
  EXPECT_EQ(row["mn"], "mn1");
  EXPECT_EQ(row["from"], "mag1");
  EXPECT_EQ(row["to"], "mag2");
  EXPECT_EQ(row["to_technology"], "802.16e");
  EXPECT_EQ(row["kind"], "moved");
  EXPECT_EQ(row["trigger"], "command");
  EXPECT_EQ(row["state"], "observing");
  EXPECT_EQ(row["because"], "it is bound to that link");
  EXPECT_EQ(row["decision"]["links"][1]["why"], "the flow is bound elsewhere");
  EXPECT_THAT(steps_of(row), ElementsAre("trigger", "decided", "switch-asked", "switched"));
  EXPECT_EQ(row["timeline"][0]["command"], "flow move");
  EXPECT_EQ(row["began"], "2023-11-14T22:13:20.020Z");
  ASSERT_THAT(all<WatchFlow>(), SizeIs(1));
  EXPECT_EQ(all<WatchFlow>()[0].from, SessionId{2});
  EXPECT_EQ(all<WatchFlow>()[0].to, SessionId{1});
  EXPECT_LT(position<WatchFlow>(), position<InstallFlow>());
}

TEST_F(HandoversTest, ASessionThatGoesOnByAnotherGatewayHasOne) {
  Pbu elsewhere = first();
  elsewhere.source = kMag2;
  elsewhere.handoff = HI::HandoffBetweenMags;
  answering = false;
  ask(elsewhere);
  EXPECT_EQ(handoff_row()["state"], "switching");
  answering = true;
  answer_all();
  drain();
  const Json row = handoff_row();
  EXPECT_EQ(row["kind"], "handoff");
  EXPECT_EQ(row["flow"], nullptr);
  EXPECT_EQ(row["session"], 2);
  EXPECT_EQ(row["from"], "mag1");
  EXPECT_EQ(row["to"], "mag2");
  EXPECT_EQ(row["trigger"], "registration");
  EXPECT_EQ(row["state"], "observing");
  EXPECT_EQ(row["order"], "now");
  EXPECT_THAT(steps_of(row), testing::IsSupersetOf({"trigger", "decided", "switch-asked", "switched"}));
  for (const auto& event : all<Notify>())
    if (event.event == "binding-handoff") {
      EXPECT_EQ(event.fields["handover"], row["handover"]);
    }
}

TEST_F(HandoversTest, PacketsOfASessionThatIsHandedOffAreCountedByItsTunnels) {
  Pbu elsewhere = first();
  elsewhere.source = kMag2;
  elsewhere.handoff = HI::HandoffBetweenMags;
  ask(elsewhere);
  ASSERT_THAT(all<WatchSession>(), SizeIs(1));
  const auto watch = all<WatchSession>()[0];
  EXPECT_EQ(watch.session, SessionId{2});
  EXPECT_EQ(watch.from, kMag1);
  EXPECT_EQ(watch.to, kMag2);
  EXPECT_THAT(watch.flows, SizeIs(1)) << "video; the default flow goes by the other session";
  EXPECT_LT(position<WatchSession>(), position<InstallSession>());
  clear();
  const auto seen = moving();
  wait(500ms);
  ASSERT_THAT(all<ReadWatch>(), SizeIs(1));
  EXPECT_EQ(all<ReadWatch>()[0].what, (Watched{{}, SessionId{2}}));
  lma->handle_flow_watch(now, all<ReadWatch>()[0].handover, seen);
  wait(500ms);
  lma->handle_flow_watch(now, all<ReadWatch>()[1].handover, seen);
  drain();
  const Json row = handoff_row();
  EXPECT_EQ(row["state"], "complete");
  EXPECT_EQ(row["paths"]["up"]["old"]["packets"], 3);
  EXPECT_EQ(row["paths"]["down"]["new"]["packets"], 50);
  EXPECT_EQ(row["interruption_ms"], 10);
  EXPECT_THAT(all<EndWatch>(), SizeIs(1));
}

TEST_F(HandoversTest, AHandoffThatIsFollowedByAnotherIsSuperseded) {
  Pbu there = first();
  there.source = kMag2;
  there.handoff = HI::HandoffBetweenMags;
  ask(there);
  Pbu back = first();
  back.handoff = HI::HandoffBetweenMags;
  ask(back);
  EXPECT_LT(position<ReadWatch>(), position<EndWatch>());
  EXPECT_LT(position<EndWatch>(), position<WatchSession>()) << "the new watch stays";
  const auto seen = moving();
  lma->handle_flow_watch(now, all<ReadWatch>()[0].handover, seen);
  drain();
  EXPECT_EQ(handoff_row()["state"], "superseded");
  EXPECT_EQ(handoff_row()["paths"]["down"]["new"]["packets"], 50);
  wait(500ms);
  lma->handle_flow_watch(now, all<ReadWatch>()[1].handover, seen);
  drain();
  EXPECT_EQ(rows_of().back()["state"], "observing");
  EXPECT_EQ(whole(rows_of().back()["handover"].get<std::uint64_t>())["paths"]["down"]["new"]["packets"], 50);
}

TEST_F(HandoversTest, ASessionWhoseRowIsRefusedIsWhereItWas) {
  Pbu elsewhere = first();
  elsewhere.source = kMag2;
  elsewhere.handoff = HI::HandoffBetweenMags;
  fails = [](const LmaAction& action) { return name_of(action) == "install-session"; };
  ask(elsewhere);
  EXPECT_EQ(handoff_row()["state"], "failed");
}

TEST_F(HandoversTest, TheEventNamesItsRecord) {
  move("video", "mag2");
  move("video", "mag1");
  std::vector<Json> named;
  for (const auto& event : all<Notify>())
    if (event.event == "flow-moved") named.push_back(event.fields["handover"]);
  EXPECT_THAT(named, ElementsAre(1, 2));
}

TEST_F(HandoversTest, WhatTheDataPlaneSawCompletesIt) {
  move("video", "mag2");
  const auto seen = moving();
  wait(500ms);
  ASSERT_THAT(all<ReadWatch>(), SizeIs(1));
  EXPECT_EQ(all<ReadWatch>()[0].handover, HandoverId{1});
  lma->handle_flow_watch(now, HandoverId{1}, seen);
  drain();
  EXPECT_THAT(told(), IsEmpty()) << "the old path has been silent for 493 ms alone";
  wait(500ms);
  lma->handle_flow_watch(now, HandoverId{1}, seen);
  drain();
  ASSERT_THAT(told(), SizeIs(1));
  EXPECT_THAT(all<EndWatch>(), SizeIs(1));
  const Json row = only_row();
  EXPECT_EQ(told()[0], row);
  EXPECT_EQ(row["state"], "complete");
  EXPECT_THAT(steps_of(row), ElementsAre("last-on-old-path down", "trigger", "decided", "switch-asked",
                                         "switched", "first-on-new-path down", "first-on-new-path up",
                                         "last-on-old-path up", "complete"));
  const auto& paths = row["paths"];
  EXPECT_EQ(paths["down"]["new"]["packets"], 50);
  EXPECT_DOUBLE_EQ(paths["down"]["interruption_ms"].get<double>(), 10);
  EXPECT_DOUBLE_EQ(paths["down"]["overlap_ms"].get<double>(), 0);
  EXPECT_EQ(paths["up"]["old"]["packets"], 3);
  EXPECT_DOUBLE_EQ(paths["up"]["interruption_ms"].get<double>(), 0);
  EXPECT_DOUBLE_EQ(paths["up"]["overlap_ms"].get<double>(), 3);
  EXPECT_EQ(paths["up"]["late"], 1);
  EXPECT_DOUBLE_EQ(row["interruption_ms"].get<double>(), 10);
  EXPECT_DOUBLE_EQ(row["overlap_ms"].get<double>(), 3);
  EXPECT_EQ(lma->poll_timeout() < now.monotonic + 10s, false) << "nothing is looked at any more";
}

TEST_F(HandoversTest, AFlowThatIsIdleIsNotWatchedForEver) {
  move("video", "mag2");
  for (int i = 0; i < 20; ++i) {
    wait(500ms);
    lma->handle_flow_watch(now, HandoverId{1}, FlowWatch{});
    drain();
    if (!told().empty()) break;
  }
  ASSERT_THAT(told(), SizeIs(1));
  EXPECT_EQ(now.monotonic, TimePoint{100s} + 20ms + 10s);
  EXPECT_TRUE(told()[0]["interruption_ms"].is_null());
  EXPECT_EQ(told()[0]["paths"]["down"]["new"]["packets"], 0);
}

TEST_F(HandoversTest, SilenceFromBeforeIsNoInterruption) {
  move("video", "mag2");
  auto seen = moving();
  seen.down.old_path.last = now.monotonic - 61s;
  seen.up = {};
  wait(500ms);
  lma->handle_flow_watch(now, HandoverId{1}, seen);
  drain();
  ASSERT_THAT(told(), SizeIs(1));
  EXPECT_TRUE(told()[0]["interruption_ms"].is_null());
  EXPECT_EQ(told()[0]["paths"]["down"]["old"]["last_ms"], -61000.0);
}

TEST_F(HandoversTest, WithoutAnAnswerItIsCompleteAllTheSame) {
  move("video", "mag2");
  wait(2s);
  ASSERT_THAT(told(), SizeIs(1));
  EXPECT_EQ(told()[0]["state"], "complete");
  EXPECT_TRUE(told()[0]["paths"].is_null());
  lma->handle_flow_watch(now, HandoverId{1}, moving());
  lma->handle_flow_watch(now, HandoverId{7}, moving());
  drain();
  EXPECT_THAT(told(), SizeIs(1)) << "late, and for one that there is not";
}

TEST_F(HandoversTest, AFlowThatMovesOnSupersedesItsRecord) {
  move("video", "mag2");
  clear();
  const auto seen = moving();
  move("video", "mag1");
  EXPECT_LT(position<ReadWatch>(), position<EndWatch>());
  EXPECT_LT(position<EndWatch>(), position<WatchFlow>()) << "the new watch stays";
  EXPECT_EQ(whole(1)["state"], "superseded");
  lma->handle_flow_watch(now, HandoverId{1}, seen);
  drain();
  ASSERT_THAT(told(), SizeIs(1));
  EXPECT_EQ(told()[0]["handover"], 1);
  EXPECT_EQ(told()[0]["paths"]["down"]["new"]["packets"], 50);
  EXPECT_THAT(all<EndWatch>(), SizeIs(1));
  wait(2s);
  ASSERT_THAT(told(), SizeIs(2));
  EXPECT_EQ(told()[1]["handover"], 2);
}

TEST_F(HandoversTest, AMoveThatFailsIsKeptAsSuch) {
  fails = [](const LmaAction& action) { return name_of(action) == "persist-node"; };
  lma->begin_command(now, CommandId{7}, "flow move", {{"flow", "video"}, {"to", "mag2"}});
  drain();
  const Json row = only_row();
  EXPECT_EQ(row["state"], "failed");
  EXPECT_THAT(steps_of(row), ElementsAre("trigger", "decided", "switch-asked", "switched", "failed"));
  EXPECT_EQ(row["timeline"].back()["code"], "no-space");
  EXPECT_THAT(told(), SizeIs(1));
  EXPECT_THAT(all<EndWatch>(), SizeIs(1));
  EXPECT_EQ(mag_of("video"), "mag1");
  EXPECT_THAT(events(), testing::Not(testing::Contains("flow-moved")));
}

TEST_F(HandoversTest, ASwitchThatFailsWithoutAnybodyWaitingForItIsKeptAsSuch) {
  fails = [](const LmaAction& action) { return name_of(action) == "install-flow"; };
  send(leave(first()));
  EXPECT_EQ(only_row()["state"], "failed");
}

TEST_F(HandoversTest, ASwitchThatIsNeverAnsweredIsNotWaitedForForEver) {
  answering = false;
  send(leave(first()));
  EXPECT_EQ(only_row()["state"], "switching");
  answering = true;
  wait(11s);
  EXPECT_EQ(whole(1)["state"], "failed");
  EXPECT_EQ(whole(1)["timeline"].back()["code"], "unanswered");
}

TEST_F(HandoversTest, ADeregistrationSaysWhichMessagesItWas) {
  send(leave(first()));
  const Json row = only_row();
  EXPECT_EQ(row["trigger"], "deregistration");
  EXPECT_EQ(row["kind"], "fallback");
  EXPECT_EQ(row["because"], "its own link cannot carry it: it goes where the default flow goes");
  EXPECT_THAT(steps_of(row),
              ElementsAre("trigger", "pbu-received", "decided", "switch-asked", "pba-sent", "switched"));
  EXPECT_EQ(row["timeline"][1]["sequence"], sequence);
}

TEST_F(HandoversTest, ARegistrationBringsItsFlowsAlong) {
  Pbu again = second();
  again.handoff = HI::NoChange;
  again.prefixes = {kOwn};
  again.service = "video";
  accepted(again);
  const Json row = only_row();
  EXPECT_EQ(row["trigger"], "registration");
  EXPECT_EQ(row["timeline"][0]["service"], "video");
  EXPECT_EQ(row["timeline"][0]["mag"], "mag2");
  EXPECT_THAT(steps_of(row),
              ElementsAre("trigger", "pbu-received", "decided", "switch-asked", "switched", "pba-sent"));
}

TEST_F(HandoversTest, AnExpiryLeavesNoLinkForTheLast) {
  wait(301s);
  EXPECT_THAT(rows_of(), SizeIs(1)) << "when the other one expires there is no node any more";
  EXPECT_EQ(only_row()["trigger"], "expiry");
  EXPECT_EQ(only_row()["timeline"][0]["event"], "binding-expired");
}

TEST_F(HandoversTest, FiltersByNodeAndFlow) {
  move("video", "mag2");
  move("*", "mag1");
  EXPECT_THAT(rows_of(), SizeIs(2));
  EXPECT_THAT(rows_of({{"flow", "*"}}), SizeIs(1));
  EXPECT_THAT(rows_of({{"mn", "mn1"}}), SizeIs(2));
  EXPECT_THAT(rows_of({{"mn", "mn2"}}), IsEmpty());
  EXPECT_FALSE(rows_of()[0].contains("timeline"));
}

TEST_F(HandoversTest, WhatThereIsNotIsAnError) {
  for (const std::int64_t id : {-1, 0, 1, 2})
    EXPECT_EQ(lma->handle_command(now, "show handovers", {{"id", id}}).error().code, "no-such-handover");
}

class ShortHistory : public HandoversTest {
 protected:
  ShortHistory() : HandoversTest(config_with_history(3)) {}
};

TEST_F(ShortHistory, TheOldestAreForgotten) {
  for (int i = 0; i < 5; ++i) move("video", i % 2 == 0 ? "mag2" : "mag1");
  const auto shown = lma->handle_command(now, "show handovers", Json::object()).value();
  EXPECT_EQ(shown["forgotten"], 2);
  EXPECT_EQ(shown["since"], "2023-11-14T22:13:20.010Z");
  ASSERT_THAT(shown["handovers"], SizeIs(3));
  EXPECT_EQ(shown["handovers"][0]["handover"], 3);
  EXPECT_EQ(all<WatchFlow>().size(), all<EndWatch>().size() + 1) << "one is still watched";
}

TEST_F(ShortHistory, AShorterOneForgetsMore) {
  for (int i = 0; i < 3; ++i) move("video", i % 2 == 0 ? "mag2" : "mag1");
  ASSERT_TRUE(lma->reconfigure(now, config_with_history(1)));
  drain();
  ASSERT_THAT(rows_of(), SizeIs(1));
  EXPECT_EQ(rows_of()[0]["handover"], 3);
}

TEST_F(ShortHistory, OneCauseOfMany) {
  for (const char* mn : {"mn2", "known-mac", "mn3", "only-mag1"}) {
    Pbu one = first();
    one.mn = mn;
    accepted(one);
    if (std::string_view(mn) == "only-mag1" || std::string_view(mn) == "mn3") continue;
    Pbu two = second();
    two.mn = mn;
    two.link_layer_id = kIf1;
    two.technology = ATT::Wimax;
    accepted(two);
  }
  clear();
  FlowPolicy policy{"p", {}, {}, {}, true};
  FlowRule rule{.policy = "p", .name = "rest"};
  rule.prefer = {LinkPattern{"mag2", {}}};
  policy.rules = {rule};
  lma->apply_policies(now, {policy});
  drain();
  const Json rows = rows_of();
  ASSERT_THAT(rows, SizeIs(2));
  for (const auto& row : rows) {
    EXPECT_EQ(row["trigger"], "policies");
    EXPECT_EQ(row["rule"], "rest");
    EXPECT_EQ(row["cause"], rows[0]["cause"]);
    EXPECT_EQ(row["because"], "first in the rule's list of the links that can carry it");
  }
}

/// The MAGs are asked whether they are there; mag2 answers.
class WatchedGateways : public HandoversTest {
 protected:
  static LmaConfig config() {
    LmaConfig config = config_with_history(1000);
    config.heartbeat.interval = 10s;
    return config;
  }
  WatchedGateways() : HandoversTest(config()) { lma->set_restart_counter(42, false); }

  void beat(std::uint32_t counter = 1) {
    timeout();
    for (const auto& [to, request] : sent<wire::Heartbeat>())
      if (to == kMag2 && !request.response)
        receive(wire::Heartbeat{false, true, request.sequence, {wire::RestartCounter{counter}}}, kMag2);
    advance(10s);
  }
};

TEST_F(WatchedGateways, AGatewayThatFailsIsTheCauseAndItsReturnIsAnother) {
  for (int i = 0; i < 6; ++i) beat();
  EXPECT_EQ(mag_of("video"), "mag2");
  Json row = only_row();
  EXPECT_EQ(row["trigger"], "gateway-lost");
  EXPECT_EQ(row["timeline"][0]["mag"], "mag1");
  timeout();
  for (const auto& [to, request] : sent<wire::Heartbeat>())
    if (to == kMag1)
      receive(wire::Heartbeat{false, true, request.sequence, {wire::RestartCounter{1}}}, kMag1);
  EXPECT_EQ(mag_of("video"), "mag1");
  row = whole(2);
  EXPECT_EQ(row["trigger"], "gateway-back");
  EXPECT_EQ(row["kind"], "returned");
}

TEST_F(WatchedGateways, AGatewayThatHasLostItsStateIsTheCause) {
  beat(1);
  beat(2);
  ASSERT_EQ(mag_of("*"), "mag1") << "mag2 has lost its sessions";
  EXPECT_EQ(only_row()["trigger"], "gateway-restarted");
}

class OpeningLinks : public HandoversTest {
 protected:
  static LmaConfig config() {
    LmaConfig config = config_with_history(1000);
    config.new_link_delay = 50ms;
    return config;
  }
  OpeningLinks() : HandoversTest(config()) {}
};

TEST_F(OpeningLinks, ALinkThatOpensIsTheCause) {
  EXPECT_EQ(mag_of("video"), "mag2");
  wait(200ms);
  EXPECT_EQ(mag_of("video"), "mag1");
  const Json row = only_row();
  EXPECT_EQ(row["trigger"], "link-open");
  EXPECT_EQ(row["kind"], "moved");
  EXPECT_EQ(row["because"], "it is bound to that link");
}

/// One that its link leaves once more while it opens: the reason is that of the deciding itself.
TEST_F(OpeningLinks, ALinkThatIsRegisteredAnewIsLeftMeanwhile) {
  wait(20s);
  send(leave(first()));
  ASSERT_EQ(mag_of("video"), "mag2");
  for (const auto& row : rows_of()) EXPECT_FALSE(row["because"].is_null()) << row.dump();
}

TEST_F(HandoversTest, PoliciesThatAreAppliedAndReturnAreTheCause) {
  FlowPolicy policy{"p", {}, {}, {}, true};
  FlowRule rule{.policy = "p", .name = "film", .service = "video"};
  rule.prefer = {LinkPattern{"mag2", {}}};
  policy.rules = {rule};
  lma->apply_policies(now, {policy}, 5s);
  drain();
  Json row = only_row();
  EXPECT_EQ(row["trigger"], "policies");
  EXPECT_EQ(row["rule"], "film");
  EXPECT_EQ(row["decision"]["policy"], "p");
  wait(6s);
  ASSERT_EQ(mag_of("video"), "mag1");
  row = whole(2);
  EXPECT_EQ(row["trigger"], "policies-returned");
  EXPECT_TRUE(row["rule"].is_null());
}

/// The target's gateway is asked before the flow goes.
class HandoverBetweenSets : public HandoversTest {
 protected:
  static LmaConfig config() {
    LmaConfig config = config_with_history(1000);
    config.share_prefixes = false;
    return config;
  }
  HandoverBetweenSets() : HandoversTest(config()) {}
};

TEST_F(HandoverBetweenSets, WhatTheGatewayWasAskedIsInItsSteps) {
  lma->begin_command(now, CommandId{1}, "flow move", {{"flow", "video"}, {"to", "mag2"}, {"mn", "mn1"}});
  drain();
  EXPECT_THAT(rows_of(), IsEmpty()) << "nothing has moved";
  const auto asked = sent<wire::UpdateNotification>();
  ASSERT_THAT(asked, SizeIs(1));
  wire::UpdateNotificationAcknowledgement answer{asked[0].second.sequence, {}, asked[0].second.options};
  advance(30ms);
  receive(answer, kMag2);
  ASSERT_EQ(mag_of("video"), "mag2");
  const Json row = only_row();
  EXPECT_EQ(row["trigger"], "command");
  EXPECT_EQ(row["to"], "mag2");
  EXPECT_THAT(steps_of(row),
              ElementsAre("trigger", "upn-sent", "upa-received", "decided", "switch-asked", "switched"));
  EXPECT_EQ(row["timeline"][1]["sequence"], asked[0].second.sequence);
  EXPECT_DOUBLE_EQ(row["timeline"][2]["at_ms"].get<double>(), 30);
}

}  // namespace
}  // namespace flowmob::core
