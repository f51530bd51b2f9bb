// SPDX-License-Identifier: Apache-2.0
#include "core/lma/local_mobility_anchor.h"

#include "core/lma/anchor_fixture_for_test.h"

namespace flowmob::core {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

class LocalMobilityAnchorTest : public AnchorFixture {};

TEST_F(LocalMobilityAnchorTest, AFirstRegistrationStandsBeforeItIsAcknowledged) {
  const auto pba = accepted(first());
  EXPECT_THAT(rows(), ElementsAre("ensure-tunnel", "install-session", "install-flow", "install-node",
                                  "ensure-route", "persist-node"));
  EXPECT_GT(position<SendMessage>(), position<PersistNode>());
  EXPECT_THAT(events(), ElementsAre("binding-registered"));
  EXPECT_THAT(prefixes_in(pba), ElementsAre(kOwn));
  EXPECT_EQ(pba.lifetime, 75);
  const auto sent = all<SendMessage>().at(0);
  EXPECT_EQ(sent.source, kLma);
  EXPECT_EQ(sent.destination, kMag1);
  EXPECT_EQ(show("sessions")[0]["state"], "active");
  EXPECT_EQ(mag_of("*"), "mag1");
}

TEST_F(LocalMobilityAnchorTest, AnExtensionTouchesNoRow) {
  accepted(first());
  advance(100s);
  Pbu again = first();
  again.handoff = HI::NoChange;
  again.prefixes = {kOwn};
  accepted(again);
  EXPECT_THAT(rows(), ElementsAre("persist-node"));
  EXPECT_THAT(events(), ElementsAre("binding-extended"));
  EXPECT_EQ(show("sessions")[0]["remaining_seconds"], 300);
}

TEST_F(LocalMobilityAnchorTest, AnExtensionIsToldToWhoWantsToHearOfIt) {
  accepted(first());
  lma->tell_extensions(false);
  clear();
  accepted(first());
  EXPECT_THAT(events(), IsEmpty());
  Pbu elsewhere = first();
  elsewhere.source = kMag2;
  elsewhere.handoff = HI::HandoffBetweenMags;
  accepted(elsewhere);
  EXPECT_THAT(events(), Contains("binding-handoff"));
  lma->tell_extensions(true);
  clear();
  accepted(elsewhere);
  EXPECT_THAT(events(), ElementsAre("binding-extended"));
}

TEST_F(LocalMobilityAnchorTest, AnExtensionTakesItsValues) {
  accepted(first());
  Pbu again = first();
  again.handoff = HI::NoChange;
  again.prefixes = {kOwn};
  again.lifetime = 150;
  EXPECT_EQ(accepted(again).lifetime, 150);
  const auto session = show("sessions")[0];
  EXPECT_EQ(session["lifetime_seconds"], 600);
  EXPECT_EQ(session["handoff_indicator"], wire::to_string(HI::NoChange));
  EXPECT_EQ(show("sessions").size(), 1U);
}

TEST_F(LocalMobilityAnchorTest, ASecondInterfaceSharesThePrefixAndTheDefaultFlowStays) {
  accepted(first());
  EXPECT_THAT(prefixes_in(accepted(second())), ElementsAre(kOwn));
  EXPECT_THAT(rows(), ElementsAre("ensure-tunnel", "install-session", "persist-node"));
  EXPECT_EQ(show("sessions").size(), 2U);
  EXPECT_EQ(mag_of("*"), "mag1");
}

TEST_F(LocalMobilityAnchorTest, AServiceTakesItsFlowsAlong) {
  Pbu one = first();
  one.service = "video";
  accepted(one);
  Pbu two = second();
  two.service = "internet";
  accepted(two);
  EXPECT_EQ(mag_of("video"), "mag1");
  EXPECT_EQ(mag_of("*"), "mag2");
  EXPECT_THAT(events(), ElementsAre("binding-registered", "flow-moved"));
}

TEST_F(LocalMobilityAnchorTest, TheLatestUpdateWithAServiceMovesItsFlow) {
  Pbu one = first(), two = second();
  one.service = two.service = "video";
  accepted(one);
  accepted(two);
  EXPECT_EQ(mag_of("video"), "mag2");
  const auto flows = all<InstallFlow>();
  ASSERT_EQ(flows.size(), 1U);
  EXPECT_EQ(flows[0].session, SessionId{2});
  EXPECT_THAT(all<InstallNode>(), IsEmpty());
  one.service.reset();
  accepted(one);
  EXPECT_EQ(mag_of("video"), "mag2");
}

TEST_F(LocalMobilityAnchorTest, RulesStandInAscendingPriority) {
  Pbu p = first();
  p.service = "video";
  accepted(p);
  p.service = "voice";
  accepted(p);
  const auto nodes = all<InstallNode>();
  ASSERT_EQ(nodes.size(), 1U);
  ASSERT_EQ(nodes[0].rules.size(), 2U);
  EXPECT_TRUE(nodes[0].rules[0].selector.traffic_class);
  EXPECT_TRUE(nodes[0].rules[1].selector.source_port);
  EXPECT_LT(nodes[0].rules[0].order, nodes[0].rules[1].order);
  EXPECT_LT(position<InstallFlow>(), position<InstallNode>());
}

TEST_F(LocalMobilityAnchorTest, AHandoffPutsTheNewRowsBeforeTheOldOnesGo) {
  accepted(first());
  Pbu moved = first();
  moved.source = kMag2;
  moved.handoff = HI::HandoffBetweenMags;
  accepted(moved);
  EXPECT_THAT(rows(), ElementsAre("ensure-tunnel", "install-session", "ensure-route", "persist-node",
                                  "remove-session", "remove-tunnel"));
  EXPECT_EQ(all<InstallSession>().at(0).mag, kMag2);
  EXPECT_EQ(all<RemoveSession>().at(0).mag, kMag1);
  EXPECT_THAT(events(), ElementsAre("binding-handoff"));
  EXPECT_EQ(mag_of("*"), "mag2");
}

TEST_F(LocalMobilityAnchorTest, ADeregisteredSessionsFlowsFallBackAndReturn) {
  Pbu one = first();
  one.service = "video";
  accepted(one);
  accepted(second());
  EXPECT_EQ(accepted(leave(first())).lifetime, 0);
  EXPECT_EQ(mag_of("video"), "mag2");
  EXPECT_EQ(mag_of("*"), "mag2");
  EXPECT_LT(position<InstallFlow>(), position<RemoveSession>());
  EXPECT_THAT(events(), ElementsAre("binding-deregistered", "flow-fallback", "flow-fallback"));
  EXPECT_EQ(show("sessions")[0]["state"], "delete-wait");
  EXPECT_EQ(show("flows")[0]["state"], "fallback");
  EXPECT_EQ(show("flows")[0]["wanted_mag"], "mag1");

  advance(3s);
  accepted(first());
  EXPECT_THAT(events(), ElementsAre("binding-revived", "flow-returned", "flow-returned"));
  EXPECT_EQ(mag_of("video"), "mag1");
  EXPECT_EQ(show("flows")[0]["state"], "active");
  EXPECT_EQ(show("flows")[0]["moves"], 2);
}

TEST_F(LocalMobilityAnchorTest, TheLastSessionGoesWithEverything) {
  accepted(first());
  accepted(leave(first()));
  EXPECT_EQ(all<InstallFlow>().at(0).session, SessionId{});
  EXPECT_THAT(rows(), ElementsAre("install-flow", "persist-node", "remove-session", "remove-tunnel"));
  EXPECT_EQ(show("bindings")[0]["state"], "inactive");
  EXPECT_EQ(lma->poll_timeout(), now.monotonic + 10s);
  advance(10s);
  timeout();
  EXPECT_THAT(rows(), ElementsAre("remove-route", "remove-node", "remove-flow", "forget-node"));
  EXPECT_THAT(events(), ElementsAre("binding-deleted"));
  EXPECT_THAT(show("sessions"), IsEmpty());
  EXPECT_EQ(lma->poll_timeout(), std::nullopt);
}

TEST_F(LocalMobilityAnchorTest, AnExpiredSessionGoesToo) {
  accepted(first());
  accepted(second());
  Pbu again = second();
  advance(200s);
  accepted(again);
  advance(101s);
  timeout();
  EXPECT_THAT(events(), ElementsAre("binding-expired", "flow-fallback"));
  EXPECT_EQ(show("sessions").size(), 1U);
  EXPECT_EQ(mag_of("*"), "mag2");
  EXPECT_THAT(rows(),
              ElementsAre("install-flow", "ensure-route", "persist-node", "remove-session", "remove-tunnel"));
}

TEST_F(LocalMobilityAnchorTest, ALateDeregistrationOfThePreviousMagIsIgnored) {
  accepted(first());
  Pbu moved = first();
  moved.source = kMag2;
  moved.handoff = HI::HandoffBetweenMags;
  accepted(moved);
  EXPECT_EQ(ask(leave(first())), std::nullopt);
  EXPECT_EQ(dropped("not-the-serving-mag"), 1U);
  EXPECT_EQ(mag_of("*"), "mag2");
}

TEST_F(LocalMobilityAnchorTest, ADeregistrationOfNothingIsIgnored) {
  EXPECT_EQ(ask(leave(first())), std::nullopt);
  EXPECT_EQ(dropped("no-such-binding"), 1U);
}

TEST_F(LocalMobilityAnchorTest, TunnelsAreSharedByNodes) {
  accepted(first());
  Pbu other = first();
  other.mn = "mn2";
  accepted(other);
  EXPECT_THAT(rows(), testing::Not(Contains("ensure-tunnel")));
  EXPECT_EQ(show("tunnels")[0]["sessions"], 2);
  accepted(leave(first()));
  EXPECT_THAT(all<RemoveTunnel>(), IsEmpty());
  EXPECT_EQ(show("tunnels")[0]["sessions"], 1);
}

TEST_F(LocalMobilityAnchorTest, AHandoffToAMagThatServesOthersSharesItsTunnel) {
  Pbu other = first();
  other.mn = "mn2";
  other.source = kMag2;
  accepted(other);
  accepted(first());
  Pbu moved = first();
  moved.source = kMag2;
  moved.handoff = HI::HandoffBetweenMags;
  accepted(moved);
  EXPECT_THAT(all<EnsureTunnel>(), IsEmpty());
  ASSERT_EQ(all<RemoveTunnel>().size(), 1U);
  EXPECT_EQ(all<RemoveTunnel>()[0].remote, kMag1);
  EXPECT_EQ(show("tunnels")[0]["sessions"], 2);
}

TEST_F(LocalMobilityAnchorTest, ARevivedSessionStays) {
  accepted(first());
  accepted(leave(first()));
  advance(9s);
  accepted(first());
  advance(5s);
  timeout();
  EXPECT_EQ(show("sessions")[0]["state"], "active");
  EXPECT_EQ(show("sessions")[0]["remaining_seconds"], 295);
}

TEST_F(LocalMobilityAnchorTest, TheDelaysAreSettings) {
  auto c = test_config();
  c.min_delay_before_bce_delete = 3s;
  ASSERT_TRUE(lma->reconfigure(now, c));
  accepted(first());
  accepted(leave(first()));
  EXPECT_EQ(lma->poll_timeout(), now.monotonic + 3s);
  advance(2999ms);
  timeout();
  EXPECT_EQ(show("sessions").size(), 1U);
  advance(1ms);
  timeout();
  EXPECT_THAT(show("sessions"), IsEmpty());
}

TEST_F(LocalMobilityAnchorTest, AFlowMoveIsOneWrite) {
  Pbu one = first();
  one.service = "video";
  accepted(one);
  accepted(second());
  clear();
  const auto moved = lma->handle_command(now, "flow move", {{"flow", "video"}, {"to", "mag2"}});
  ASSERT_TRUE(moved) << moved.error().message;
  drain();
  EXPECT_THAT(rows(), ElementsAre("install-flow", "persist-node"));
  EXPECT_THAT(events(), ElementsAre("flow-moved"));
  EXPECT_EQ((*moved)["from"], "mag1");
  EXPECT_EQ(mag_of("video"), "mag2");
  EXPECT_EQ(mag_of("*"), "mag1");
}

}  // namespace
}  // namespace flowmob::core
