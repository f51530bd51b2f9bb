// SPDX-License-Identifier: Apache-2.0
#include "core/lma/node_changes.h"

#include "core/lma/anchor_fixture_for_test.h"

/// What happens when effects fail, or are answered late.
namespace flowmob::core {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

class NodeChangesTest : public AnchorFixture {
 protected:
  void fail_on(std::string name) {
    fails = [name](const LmaAction& action) { return name_of(action) == name; };
  }
  void fail_nothing() {
    fails = [](const LmaAction&) { return false; };
  }
};

TEST_F(NodeChangesTest, AFailedFirstRegistrationLeavesNothing) {
  for (const char* effect :
       {"ensure-tunnel", "install-session", "install-flow", "install-node", "ensure-route", "persist-node"}) {
    fail_on(effect);
    Pbu p = first();
    p.mn = "mn2";
    EXPECT_EQ(status(p), Status::InsufficientResources) << effect;
    EXPECT_THAT(rows(), Contains("remove-session")) << effect;
    EXPECT_THAT(rows(), Contains("remove-tunnel")) << effect;
    EXPECT_EQ(rows().back(), "forget-node") << effect;
    EXPECT_THAT(events(), testing::IsSupersetOf({"effect-failed", "binding-rejected"}));
    EXPECT_THAT(show("sessions"), IsEmpty());
    EXPECT_THAT(show("tunnels"), IsEmpty());
    EXPECT_EQ(lma->poll_timeout(), std::nullopt);
  }
  fail_nothing();
  // the pool of four has lost none to the six failures
  for (const char* mn : {"mn2", "mn3", "only-mag1", "known-mac"}) {
    Pbu p = first();
    p.mn = mn;
    accepted(p);
  }
}

TEST_F(NodeChangesTest, WhatFollowsTheFailureIsNotAskedFor) {
  fail_on("install-session");
  ask(first());
  EXPECT_THAT(rows(), testing::Not(Contains("install-node")));
}

/// Nobody waited for it, but whoever asks next is promised it.
TEST_F(NodeChangesTest, ARowThatFailedAtTheStartIsThereBeforeTheNextAnswer) {
  accepted(first());
  const NodeRecord kept = all<PersistNode>().back().record;
  for (const char* effect : {"install-session", "install-flow", "install-node", "ensure-route"}) {
    lma = std::make_unique<LocalMobilityAnchor>(test_config());
    fail_on(effect);
    lma->restore(now, {kept});
    drain();
    Pbu again = first();
    again.handoff = HI::NoChange;
    again.prefixes = {kOwn};
    EXPECT_EQ(status(again), Status::InsufficientResources) << effect;
    fail_nothing();
    clear();
    accepted(again);
    EXPECT_THAT(rows(), Contains(effect));
    clear();
    accepted(again);
    EXPECT_THAT(rows(), ElementsAre("persist-node")) << "once is enough";
  }
}

TEST_F(NodeChangesTest, AFailedHandoffGoesBackToTheFormerRows) {
  accepted(first());
  fail_on("ensure-route");
  Pbu moved = first();
  moved.source = kMag2;
  moved.handoff = HI::HandoffBetweenMags;
  EXPECT_EQ(status(moved), Status::InsufficientResources);
  EXPECT_EQ(mag_of("*"), "mag1");
  EXPECT_EQ(all<InstallSession>().back().mag, kMag1);
  EXPECT_EQ(all<RemoveSession>().at(0).mag, kMag2);
  EXPECT_EQ(all<RemoveTunnel>().at(0).remote, kMag2);
  EXPECT_EQ(all<PersistNode>().back().record.sessions.at(0).mag, kMag1);
  fail_nothing();
  EXPECT_EQ(status(moved), Status::Accepted);
  EXPECT_EQ(mag_of("*"), "mag2");
}

TEST_F(NodeChangesTest, AFailedFlowMoveStays) {
  Pbu p = first();
  p.service = "video";
  accepted(p);
  accepted(second());
  clear();
  fail_on("install-flow");
  lma->begin_command(now, CommandId{7}, "flow move", {{"flow", "video"}, {"to", "mag2"}});
  EXPECT_FALSE(lma->poll_answer()) << "nothing has been tried";
  drain();
  const auto answer = lma->poll_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->id, CommandId{7});
  ASSERT_FALSE(answer->answer);
  EXPECT_EQ(answer->answer.error().code, "no-space");
  EXPECT_EQ(mag_of("video"), "mag1");
  EXPECT_EQ(all<InstallFlow>().back().session, SessionId{1});
  EXPECT_THAT(events(), Contains("effect-failed"));
  EXPECT_THAT(events(), testing::Not(Contains("flow-moved")));
}

TEST_F(NodeChangesTest, AFlowMoveIsAnsweredWhenItStands) {
  accepted(first());
  accepted(second());
  answering = false;
  lma->begin_command(now, CommandId{8}, "flow move", {{"flow", "*"}, {"to", "mag2"}});
  drain();
  EXPECT_FALSE(lma->poll_answer());
  answer_all();
  const auto answer = lma->poll_answer();
  ASSERT_TRUE(answer && answer->answer);
  EXPECT_EQ((*answer->answer)["to"], "mag2");
  EXPECT_EQ(mag_of("*"), "mag2");
  EXPECT_FALSE(lma->poll_answer());
}

TEST_F(NodeChangesTest, AFlowMoveThatNeedsNoRowIsKeptAllTheSame) {
  Pbu p = first();
  p.service = "video";
  accepted(p);
  accepted(second());
  accepted(leave(first()));
  fail_on("persist-node");
  lma->begin_command(now, CommandId{9}, "flow move", {{"flow", "video"}, {"to", "mag2"}});
  drain();
  EXPECT_FALSE(lma->poll_answer()->answer);
  fail_nothing();
  lma->begin_command(now, CommandId{10}, "flow move", {{"flow", "video"}, {"to", "mag2"}});
  drain();
  EXPECT_TRUE(lma->poll_answer()->answer);
  EXPECT_EQ(show("flows")[0]["wanted_mag"], "mag2");
}

TEST_F(NodeChangesTest, AnExtensionNeedsNoDisk) {
  Pbu p = first();
  p.service = "video";
  accepted(p);
  fail_on("persist-node");
  advance(100s);
  accepted(p);
  EXPECT_THAT(events(), ElementsAre("binding-extended", "effect-failed"));
  EXPECT_EQ(show("sessions")[0]["remaining_seconds"], 300);
  EXPECT_EQ(status(second()), Status::InsufficientResources) << "a new session is kept, or it is none";
}

TEST_F(NodeChangesTest, AnExtensionIsAnsweredAtOnce) {
  accepted(first());
  answering = false;
  EXPECT_EQ(ask(first())->status, Status::Accepted);
  EXPECT_TRUE(lma->poll_timeout());
}

TEST_F(NodeChangesTest, AFailedDeregistrationIsToldAndGoesOn) {
  accepted(first());
  accepted(second());
  fail_on("persist-node");
  EXPECT_EQ(status(leave(first())), Status::Accepted);
  EXPECT_THAT(events(), Contains("effect-failed"));
  EXPECT_EQ(mag_of("*"), "mag2");
}

TEST_F(NodeChangesTest, TheAnswerWaitsForTheLastConfirmation) {
  answering = false;
  EXPECT_EQ(ask(first()), std::nullopt);
  EXPECT_THAT(show("sessions"), IsEmpty());
  ASSERT_EQ(unanswered.size(), 6U);
  const auto last = unanswered.back();
  unanswered.pop_back();
  answer_all();
  EXPECT_EQ(acknowledgement(), std::nullopt);
  answer(last);
  drain();
  EXPECT_EQ(acknowledgement()->status, Status::Accepted);
  EXPECT_EQ(show("sessions").size(), 1U);
}

TEST_F(NodeChangesTest, ARetransmissionMeanwhileIsAnsweredInItsStead) {
  answering = false;
  Pbu p = first();
  p.sequence = 10;
  ask(p);
  p.sequence = 11;
  EXPECT_EQ(ask(p), std::nullopt);
  EXPECT_THAT(rows(), IsEmpty());
  answer_all();
  ASSERT_TRUE(acknowledgement());
  EXPECT_EQ(acknowledgement()->sequence, 11);
  EXPECT_EQ(show("sessions").size(), 1U);
}

TEST_F(NodeChangesTest, AnotherRequestMeanwhileWaitsItsTurn) {
  answering = false;
  ask(first());
  EXPECT_EQ(ask(second()), std::nullopt);
  answer_all();
  EXPECT_EQ(acknowledgement()->status, Status::Accepted);
  EXPECT_THAT(rows(), ElementsAre("ensure-tunnel", "install-session", "persist-node"));
  clear();
  answer_all();
  EXPECT_EQ(acknowledgement()->status, Status::Accepted);
  EXPECT_EQ(show("sessions").size(), 2U);
}

TEST_F(NodeChangesTest, OnlySoManyWait) {
  answering = false;
  ask(first());
  Pbu p = second();
  for (std::uint8_t i = 0; i < 12; ++i) {
    p.link_layer_id = Bytes{i, 1};
    ask(p);
  }
  EXPECT_EQ(dropped("too-many-waiting"), 4U);
}

TEST_F(NodeChangesTest, AStrangersRequestDoesNotWait) {
  answering = false;
  ask(first());
  Pbu p = first();
  p.source = kStranger;
  EXPECT_EQ(status(p), Status::MagNotAuthorizedForProxyReg);
}

TEST_F(NodeChangesTest, DeadlinesWaitForTheChange) {
  accepted(first());
  answering = false;
  ask(second());
  EXPECT_EQ(lma->poll_timeout(), std::nullopt);
  advance(400s);
  lma->handle_timeout(now);
  EXPECT_EQ(show("sessions").size(), 1U);
  answer_all();
  EXPECT_TRUE(lma->poll_timeout());
}

TEST_F(NodeChangesTest, FlowsOfANodeInChangeAreBusy) {
  accepted(first());
  answering = false;
  ask(second());
  EXPECT_EQ(lma->handle_command(now, "flow move", {{"flow", "*"}, {"to", "mag1"}}).error().code, "busy");
  lma->begin_command(now, CommandId{1}, "flow move", {{"flow", "*"}, {"to", "mag1"}});
  EXPECT_EQ(lma->poll_answer()->answer.error().code, "busy");
}

/// A row of the first registration failed, so its tunnel went again; then the answer for it comes.
TEST_F(NodeChangesTest, AnAnswerForATunnelThatHasGoneDoesNotStandForTheNext) {
  answering = false;
  Pbu p = first();
  p.mn = "mn2";
  ask(p);
  const EffectId tunnel = unanswered.at(0);
  answer(unanswered.at(1), true);
  drain();
  EXPECT_THAT(rows(), Contains("remove-tunnel"));
  p.mn = "mn3";
  ask(p);
  answer(tunnel);
  clear();
  p.mn = "known-mac";
  ask(p);
  EXPECT_THAT(rows(), Contains("ensure-tunnel"));
}

TEST_F(NodeChangesTest, AnswersThatNobodyAwaitsAreNothing) {
  accepted(first());
  clear();
  lma->handle_effect_result(now, EffectId{1}, {});
  lma->handle_effect_result(now, EffectId{999}, fail("no", "no"));
  lma->handle_effect_result(now, EffectId{}, {});
  drain();
  EXPECT_THAT(actions, IsEmpty());
}

}  // namespace
}  // namespace flowmob::core
