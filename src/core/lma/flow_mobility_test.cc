// SPDX-License-Identifier: Apache-2.0
#include "core/lma/flow_mobility_fixture_for_test.h"

namespace flowmob::core {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

TEST_F(FlowMobilityTest, TheTargetIsToldThePrefixesOffLink) {
  begin_move("video", "mag1");
  const auto asked = only_notification();
  EXPECT_EQ(asked.reason, Reason::FlowMobility);
  EXPECT_TRUE(asked.acknowledge);
  EXPECT_FALSE(asked.retransmit);
  ASSERT_GE(asked.options.size(), 2U);
  const auto* node = std::get_if<wire::MobileNodeIdentifier>(&asked.options[0]);
  ASSERT_NE(node, nullptr) << "the node comes first";
  EXPECT_EQ(node->identifier, to_bytes("mn1"));
  EXPECT_TRUE(std::holds_alternative<wire::HomeNetworkPrefixOption>(asked.options[1])) << "then prefixes";
  EXPECT_THAT(off_link_in(asked.options), ElementsAre(kSecondSet));
  EXPECT_EQ(wire::find<wire::MnLinkLayerIdentifier>(asked.options)->identifier, kIf1) << "which interface";
}

TEST_F(FlowMobilityTest, ItComesFromTheAnchorsAddress) {
  begin_move("video", "mag1");
  EXPECT_EQ(all<SendMessage>().at(0).source, kLma);
  EXPECT_EQ(all<SendMessage>().at(0).destination, kMag1);
}

TEST_F(FlowMobilityTest, TheFlowGoesWhenTheMagHasSaidZeroAndNotBefore) {
  begin_move("video", "mag1");
  EXPECT_EQ(mag_of("video"), "mag2");
  EXPECT_THAT(rows(), IsEmpty());
  EXPECT_EQ(code(), "none");
  grant();
  EXPECT_EQ(mag_of("video"), "mag1");
  const auto answer = answer_to_move();
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((**answer)["from"], "mag2");
  EXPECT_EQ((**answer)["to"], "mag1");
  EXPECT_EQ((**answer)["session"], session_at("mag1")["session"]);
  EXPECT_EQ((**answer)["changed"], true);
  EXPECT_EQ((**answer)["waits"], false);
  EXPECT_THAT(events(), Contains("flow-moved"));
}

TEST_F(FlowMobilityTest, ItsPacketsGoIntoTheTunnelOfTheTargetAndMayComeOutOfIt) {
  begin_move("video", "mag1");
  grant();
  const auto paths = all<InstallSession>();
  ASSERT_EQ(paths.size(), 1U);
  EXPECT_EQ(paths[0].mag, kMag1);
  EXPECT_THAT(paths[0].prefixes, ElementsAre(kSecondSet));
  const auto flows = all<InstallFlow>();
  ASSERT_EQ(flows.size(), 1U);
  EXPECT_EQ(flows[0].session, paths[0].session);
  EXPECT_LT(position<InstallSession>(), position<InstallFlow>());
}

TEST_F(FlowMobilityTest, ARefusalLeavesTheFlowWhereItIs) {
  begin_move("video", "mag1");
  const auto asked = only_notification();
  clear();
  receive(acknowledge(asked, NS::MobileNodeNotAttached));
  EXPECT_EQ(code(), "flow-mobility-refused");
  EXPECT_EQ(mag_of("video"), "mag2");
  EXPECT_THAT(rows(), IsEmpty());
  EXPECT_THAT(events(), Contains("flow-mobility-refused"));
  EXPECT_THAT(sent<Fmi>(), IsEmpty()) << "nothing has to be taken back";
  EXPECT_EQ(off_link_at("mag1"), Json::array());
}

TEST_F(FlowMobilityTest, SilenceIsAskedOnceMoreAndTakenBackWhenTheMagIsHeardAgain) {
  begin_move("video", "mag1");
  const auto asked = only_notification();
  pass(1s);
  auto again = only_notification();
  EXPECT_TRUE(again.retransmit);
  again.retransmit = false;
  EXPECT_EQ(again, asked);
  EXPECT_EQ(code(), "none");
  pass(1s);
  EXPECT_EQ(code(), "flow-mobility-unanswered");
  EXPECT_EQ(mag_of("video"), "mag2");
  EXPECT_THAT(events(), Contains("flow-mobility-unanswered"));
  EXPECT_THAT(sent<Fmi>(), IsEmpty());
  EXPECT_GT(lma->poll_timeout(), now.monotonic + 100s) << "nothing else is waited for";
  accepted(refresh(first(), kOwn));
  const auto taken_back = only_notification();
  EXPECT_EQ(taken_back.reason, Reason::ForceReregistration) << "it may have heard us";
  receive(acknowledge(taken_back));
  accepted(refresh(first(), kOwn));
  EXPECT_THAT(sent<Fmi>(), IsEmpty());
}

TEST_F(FlowMobilityTest, TheRetransmissionsAreConfigured) {
  auto c = sets_apart();
  c.notification = {2, 600ms};
  ASSERT_TRUE(lma->reconfigure(now, c));
  begin_move("video", "mag1");
  for (int i = 0; i < 2; ++i) {
    pass(600ms);
    EXPECT_TRUE(only_notification().retransmit);
  }
  pass(600ms);
  EXPECT_EQ(code(), "flow-mobility-unanswered");
}

TEST_F(FlowMobilityTest, TheAnswerToARetransmissionCounts) {
  begin_move("video", "mag1");
  pass(1s);
  grant();
  EXPECT_EQ(code(), "done");
}

TEST_F(FlowMobilityTest, AnAnswerWithoutNodeOrPrefixesIsNone) {
  for (const int left_out : {0, 1}) {
    begin_move("video", "mag1");
    auto answer = acknowledge(only_notification());
    answer.options.erase(answer.options.begin() + left_out);
    clear();
    receive(answer);
    EXPECT_EQ(code(), "flow-mobility-refused");
    EXPECT_EQ(mag_of("video"), "mag2");
    clear();
  }
}

TEST_F(FlowMobilityTest, AnswersToNothingAreDropped) {
  begin_move("video", "mag1");
  auto answer = acknowledge(only_notification());
  receive(answer, kMag2);
  receive(answer, kStranger);
  ++answer.sequence;
  receive(answer, kMag1);
  EXPECT_EQ(dropped("unmatched-acknowledgement"), 3U);
  EXPECT_THAT(events(), Contains("message-dropped"));
  EXPECT_EQ(code(), "none");
  grant();
  EXPECT_EQ(code(), "done");
}

TEST_F(FlowMobilityTest, ADamagedAnswerIsNone) {  // RFC 6275 section 9.2
  begin_move("video", "mag1");
  const auto asked = only_notification();
  auto octets = wire::encode(acknowledge(asked), kMag1, kLma);
  octets.back() ^= 1;
  deliver(octets, kMag1);
  EXPECT_EQ(code(), "none");
  receive(acknowledge(asked));
  EXPECT_EQ(code(), "done");
}

TEST_F(FlowMobilityTest, ABindingErrorEndsNotificationsToThatMagUntilSomebodyActs) {
  begin_move("video", "mag1");
  clear();
  receive(wire::BindingError{wire::BindingErrorStatus::UnrecognizedMhType, {}, {}});
  EXPECT_EQ(code(), "flow-mobility-not-supported");
  EXPECT_THAT(sent<Fmi>(), IsEmpty());
  begin_move("video", "mag1");
  EXPECT_EQ(code(), "flow-mobility-not-supported");
  EXPECT_THAT(sent<Fmi>(), IsEmpty());
  ASSERT_TRUE(lma->reconfigure(now, sets_apart()));
  begin_move("video", "mag1");
  EXPECT_EQ(only_notification().reason, Reason::FlowMobility);
}

TEST_F(FlowMobilityTest, AFurtherFlowOfTheSetNeedsNoMessage) {
  move_video();
  begin_move("*", "mag1", {{"prefix", kSecondSet.to_string()}});
  EXPECT_EQ(code(), "done");
  EXPECT_THAT(sent<Fmi>(), IsEmpty());
  EXPECT_THAT(all<InstallFlow>(), testing::SizeIs(1));
}

TEST_F(FlowMobilityTest, AnFmiSaysTheWhole) {
  move_video();
  Pbu three = second();
  three.source = kMag3;
  three.link_layer_id = Bytes{3};
  accepted(three);
  clear();
  begin_move("*", "mag1", {{"prefix", kThirdSet.to_string()}});
  EXPECT_THAT(off_link_in(only_notification().options), UnorderedElementsAre(kSecondSet, kThirdSet));
  grant();
  EXPECT_EQ(code(), "done");
  clear();
  begin_move("video", "mag2");
  EXPECT_EQ(code(), "done") << "home again it needs nobody's leave";
  EXPECT_THAT(off_link_in(only_notification().options), ElementsAre(kThirdSet)) << "and is taken back";
}

TEST_F(FlowMobilityTest, TheLastPrefixIsTakenBackByARegistration) {
  move_video();
  begin_move("video", "mag2");
  EXPECT_EQ(code(), "done");
  const auto asked = only_notification();
  EXPECT_EQ(asked.reason, Reason::ForceReregistration);
  EXPECT_NE(wire::find<wire::MobileNodeIdentifier>(asked.options), nullptr);
  EXPECT_EQ(off_link_at("mag1"), Json::array());
  clear();
  const auto pba = accepted(refresh(first(), kOwn));
  EXPECT_THAT(prefixes_in(pba), ElementsAre(kOwn)) << "which says nothing of it";
  receive(acknowledge(asked));
  EXPECT_THAT(all<RemoveSession>(), IsEmpty());
}

TEST_F(FlowMobilityTest, WhatIsTakenBackGoesFromTheDataPlane) {
  move_video();
  begin_move("video", "mag2");
  const auto removed = all<RemoveSession>();
  ASSERT_EQ(removed.size(), 1U);
  EXPECT_EQ(removed[0].mag, kMag1);
  EXPECT_THAT(removed[0].prefixes, ElementsAre(kSecondSet));
  EXPECT_THAT(all<RemoveTunnel>(), IsEmpty()) << "the first set's session uses it";
}

TEST_F(FlowMobilityTest, ATakeBackThatNobodyAnswersIsTriedAgainWhenTheMagIsHeard) {
  move_video();
  begin_move("video", "mag2");
  pass(1s);
  EXPECT_TRUE(only_notification().retransmit);
  pass(1s);
  EXPECT_THAT(sent<Fmi>(), IsEmpty());
  EXPECT_THAT(events(), Contains("flow-mobility-unanswered"));
  accepted(refresh(first(), kOwn));
  EXPECT_FALSE(only_notification().retransmit) << "as a new one";
}

TEST_F(FlowMobilityTest, AnAcknowledgementOfAnUpdateSaysThePrefixesToo) {
  move_video();
  const auto pba = accepted(refresh(first(), kOwn));
  EXPECT_THAT(off_link_in(pba.options), ElementsAre(kSecondSet));
  EXPECT_THAT(off_link_in(accepted(refresh(second(), kSecondSet)).options), IsEmpty());
  EXPECT_EQ(off_link_at("mag1"), Json::array({kSecondSet.to_string()}));
}

TEST_F(FlowMobilityTest, AMagThatHasNotShownThatItKnowsTheFlagIsNotToldByIt) {
  begin_move("video", "mag1");
  EXPECT_THAT(off_link_in(accepted(refresh(first(), kOwn)).options), IsEmpty());
}

TEST_F(FlowMobilityTest, TheTargetsSessionExpires) {
  Pbu long_one = refresh(second(), kSecondSet);
  long_one.lifetime = 300;
  accepted(long_one);
  move_video();
  pass(300s);
  EXPECT_EQ(mag_of("video"), "mag2");
  EXPECT_THAT(events(), Contains("flow-fallback"));
  EXPECT_THAT(sent<Fmi>(), IsEmpty()) << "there is nobody to tell";
  EXPECT_EQ(all<RemoveTunnel>().size(), 1U);
}

TEST_F(FlowMobilityTest, TheFlowsOwnSessionExpiresAndItsPrefixIsTakenBack) {
  Pbu long_one = refresh(first(), kOwn);
  long_one.lifetime = 300;
  accepted(long_one);
  move_video();
  pass(300s);
  EXPECT_EQ(mag_of("video"), "no such flow");
  EXPECT_EQ(only_notification().reason, Reason::ForceReregistration);
}

TEST_F(FlowMobilityTest, WhileTheFlowsOwnSessionRestsItGoesOn) {
  move_video();
  auto away = leave(second());
  away.prefixes = {kSecondSet};
  accepted(away);
  EXPECT_EQ(mag_of("video"), "mag1");
}

TEST_F(FlowMobilityTest, WhileTheTargetsSessionRestsTheFlowIsAtHomeAndReturnsWhenTheMagSaysZero) {
  move_video();
  accepted(leave(first()));
  EXPECT_EQ(mag_of("video"), "mag2");
  EXPECT_EQ(only_notification(kMag2).reason, Reason::FlowMobility) << "for the set that rests";
  clear();
  accepted(first());
  EXPECT_EQ(mag_of("video"), "mag2") << "the MAG may have forgotten it";
  grant();
  EXPECT_EQ(mag_of("video"), "mag1");
  EXPECT_THAT(events(), Contains("flow-returned"));
}

TEST_F(FlowMobilityTest, AHandoffOfTheTargetsSessionTakesTheFlowAlongWhenTheNewMagSaysZero) {
  move_video();
  Pbu moved = refresh(first(), kOwn);
  moved.source = kMag3;
  moved.handoff = HI::HandoffBetweenMags;
  accepted(moved);
  EXPECT_EQ(mag_of("video"), "mag2");
  EXPECT_THAT(off_link_in(only_notification(kMag3).options), ElementsAre(kSecondSet));
  grant(kMag3);
  EXPECT_EQ(mag_of("video"), "mag3");
}

TEST_F(FlowMobilityTest, AnOwnSessionAtTheTargetTakesTheFlowFromTheGuestLink) {
  move_video();
  Pbu comes = second();
  comes.handoff = HI::HandoffBetweenMags;
  comes.source = kMag1;
  accepted(comes);
  EXPECT_EQ(mag_of("video"), "mag1");
  EXPECT_EQ(only_notification().reason, Reason::ForceReregistration) << "the other has it no more";
  grant();
  advance(1s);
  comes.source = kMag2;
  accepted(comes);
  EXPECT_EQ(mag_of("video"), "mag2") << "it leaves with its session";
}

TEST_F(FlowMobilityTest, AHandoffToAMagThatKnowsTheFlagIsToldByTheAcknowledgement) {
  move_video();
  begin_move("voice", "mag2");
  grant(kMag2);
  ASSERT_EQ(code(), "done");
  Pbu moved = refresh(first(), kOwn);
  moved.source = kMag2;
  moved.handoff = HI::HandoffBetweenMags;
  EXPECT_THAT(off_link_in(accepted(moved).options), ElementsAre(kSecondSet));
}

TEST_F(FlowMobilityTest, ANewMagThatRefusesLeavesTheFlowAtHomeForGood) {
  move_video();
  Pbu moved = refresh(first(), kOwn);
  moved.source = kMag3;
  moved.handoff = HI::HandoffBetweenMags;
  accepted(moved);
  const auto asked = only_notification(kMag3);
  clear();
  receive(acknowledge(asked, NS::ReasonUnspecified), kMag3);
  EXPECT_EQ(mag_of("video"), "mag2");
  EXPECT_THAT(sent<Fmi>(), IsEmpty());
  EXPECT_EQ(off_link_at("mag3"), Json::array());
}

TEST_F(FlowMobilityTest, AHandoffOfTheTargetWhileItIsAskedEndsTheMove) {
  begin_move("video", "mag1");
  const auto asked = only_notification();
  Pbu moved = refresh(first(), kOwn);
  moved.source = kMag3;
  moved.handoff = HI::HandoffBetweenMags;
  accepted(moved);
  EXPECT_EQ(code(), "no-session");
  receive(acknowledge(asked));
  EXPECT_EQ(dropped("unmatched-acknowledgement"), 1U);
  EXPECT_EQ(mag_of("video"), "mag2");
}

TEST_F(FlowMobilityTest, ATargetThatLeavesWhileItIsAskedEndsTheMove) {
  begin_move("video", "mag1");
  accepted(leave(first()));
  EXPECT_EQ(code(), "no-session");
  pass(1s);
  EXPECT_EQ(only_notification(kMag2).reason, Reason::FlowMobility)
      << "for the set that rests, and nobody else";
}

TEST_F(FlowMobilityTest, AFlowThatExpiresWhileItsTargetIsAskedEndsTheMove) {
  Pbu long_one = refresh(first(), kOwn);
  long_one.lifetime = 300;
  accepted(long_one);
  advance(299s);
  begin_move("video", "mag1");
  pass(900ms);
  pass(200ms);
  EXPECT_EQ(code(), "no-such-mobile-node");
}

TEST_F(FlowMobilityTest, ARevocationOfTheTargetsSessionBringsTheFlowHome) {
  move_video();
  ASSERT_TRUE(lma->handle_command(now, "session revoke", {{"mn", "mn1"}, {"mag", "mag1"}}));
  drain();
  const auto revoked = sent<wire::BindingRevocationIndication>();
  ASSERT_EQ(revoked.size(), 1U);
  clear();
  receive(wire::BindingRevocationAcknowledgement{
      wire::RevocationStatus::Success, revoked[0].second.sequence, true, false, false, {}});
  EXPECT_EQ(mag_of("video"), "mag2");
  EXPECT_EQ(session_at("mag1"), Json());
}

TEST_F(FlowMobilityTest, AMoveThatTheDataPlaneRefusesIsTakenBack) {
  begin_move("video", "mag1");
  fails = [](const LmaAction& action) { return std::holds_alternative<InstallSession>(action); };
  grant();
  EXPECT_EQ(code(), "no-space");
  EXPECT_EQ(mag_of("video"), "mag2");
  EXPECT_EQ(only_notification().reason, Reason::ForceReregistration);
}

TEST_F(FlowMobilityTest, AGrantWaitsForTheNodesChange) {
  begin_move("video", "mag1");
  const auto asked = only_notification();
  answering = false;
  Pbu third = second();
  third.source = kMag3;
  third.link_layer_id = Bytes{3};
  send(third);
  receive(acknowledge(asked));
  EXPECT_EQ(code(), "none");
  answering = true;
  answer_all();
  EXPECT_EQ(code(), "done");
  EXPECT_EQ(mag_of("video"), "mag1");
}

TEST_F(FlowMobilityTest, ANodeThatDecidesFromNowOnIsNotMovedByWhatWasAskedBefore) {
  begin_move("video", "mag1");
  auto c = sets_apart();
  c.decider = Decider::Gateways;
  const auto asked = only_notification();
  ASSERT_TRUE(lma->reconfigure(now, c));
  drain();
  receive(acknowledge(asked), kMag1);
  EXPECT_EQ(code(), "mn-decides");
  EXPECT_EQ(mag_of("video"), "mag2");
}

TEST_F(FlowMobilityTest, OneMoveToASessionAtATime) {
  begin_move("video", "mag1");
  begin_move("*", "mag1", {{"prefix", kSecondSet.to_string()}});
  EXPECT_EQ(code(), "busy");
  grant();
  EXPECT_EQ(code(), "done");
}

TEST_F(FlowMobilityTest, ATargetThatHasJustComeIsAskedWhenItOpens) {
  auto c = sets_apart();
  c.new_link_delay = 50ms;
  ASSERT_TRUE(lma->reconfigure(now, c));
  Pbu third = second();
  third.source = kMag3;
  third.link_layer_id = Bytes{3};
  accepted(third);
  clear();
  begin_move("video", "mag3");
  EXPECT_THAT(sent<Fmi>(), IsEmpty()) << "it may not have our answer yet";
  pass(50ms);
  grant(kMag3);
  EXPECT_EQ(code(), "done");
}

TEST_F(FlowMobilityTest, ItOutlivesTheAnchor) {
  move_video();
  lma = std::make_unique<LocalMobilityAnchor>(sets_apart());
  clear();
  std::vector<NodeRecord> kept;
  for (const auto& [index, record] : records) {
    const auto again = NodeRecord::from_json(record.to_json());
    ASSERT_TRUE(again) << again.error().message;
    kept.push_back(*again);
  }
  lma->restore(now, kept);
  drain();
  EXPECT_EQ(mag_of("video"), "mag1");
  EXPECT_THAT(sent<Fmi>(), IsEmpty());
  EXPECT_THAT(events(), IsEmpty());
  EXPECT_EQ(off_link_at("mag1"), Json::array({kSecondSet.to_string()}));
  EXPECT_THAT(off_link_in(accepted(refresh(first(), kOwn)).options), ElementsAre(kSecondSet));
  clear();
  begin_move("video", "mag2");
  EXPECT_EQ(only_notification().reason, Reason::ForceReregistration);
}

TEST_F(FlowMobilityTest, AKeptLinkWhoseSessionIsNotKeptGoes) {
  move_video();
  std::vector<NodeRecord> kept;
  for (const auto& [index, record] : records)
    if (!record.guests.empty()) kept.push_back(record);
  ASSERT_EQ(kept.size(), 1U);
  lma = std::make_unique<LocalMobilityAnchor>(sets_apart());
  clear();
  lma->restore(now, kept);
  drain();
  EXPECT_EQ(mag_of("video"), "mag2");
  EXPECT_THAT(sent<Fmi>(), IsEmpty());
}

TEST_F(FlowMobilityTest, TheDefaultFlowOfANodeWithIpv4Stays) {
  auto c = sets_apart();
  c.ipv4_pools = {Ipv4Interface::parse("198.51.100.1/24").value()};
  ASSERT_TRUE(lma->reconfigure(now, c));
  Pbu both = refresh(second(), kSecondSet);
  both.more = {wire::Ipv4HomeAddressRequest{}};
  accepted(both);
  clear();
  begin_move("*", "mag1", {{"prefix", kSecondSet.to_string()}});
  EXPECT_EQ(code(), "ipv4-stays");
  EXPECT_THAT(sent<Fmi>(), IsEmpty());
  begin_move("video", "mag1");
  grant();
  EXPECT_EQ(code(), "done");
  EXPECT_EQ(all<InstallSession>().at(0).ipv4, std::nullopt);
}

TEST_F(FlowMobilityTest, PacketsAreCarriedAsTheTargetsOwnUnlessThatHasKeys) {
  auto c = sets_apart();
  for (auto& mag : c.mags) mag.gre = GrePolicy::OnDemand;
  ASSERT_TRUE(lma->reconfigure(now, c));
  Pbu gre = refresh(first(), kOwn);
  gre.more = {wire::GreKey{}};
  accepted(gre);
  clear();
  begin_move("video", "mag1");
  grant();
  ASSERT_EQ(code(), "done");
  EXPECT_EQ(all<InstallSession>().at(0).tunnelling.encapsulation, Encapsulation::Gre);
  gre.more = {wire::GreKey{7}};
  accepted(gre);
  EXPECT_EQ(mag_of("video"), "mag2") << "the key says whose packets they are";
  const auto taken_back = only_notification();
  EXPECT_EQ(taken_back.reason, Reason::ForceReregistration);
  receive(acknowledge(taken_back));
  clear();
  begin_move("video", "mag1");
  EXPECT_EQ(code(), "keys-not-shared");
}

TEST_F(FlowMobilityTest, WhichOfSeveralSetsIsSaidByAPrefix) {
  Pbu third = second();
  third.source = kMag3;
  third.link_layer_id = Bytes{3};
  accepted(third);
  begin_move("*", "mag1");
  EXPECT_EQ(code(), "done") << "the first set's own is there already";
  accepted(leave(first()));
  pass(10s);
  clear();
  begin_move("*", "mag1");
  EXPECT_EQ(code(), "no-session");
  begin_move("*", "mag1", {{"prefix", "nonsense"}});
  EXPECT_EQ(code(), "bad-argument");
  begin_move("*", "mag1", {{"prefix", "2001:db8:bad::/64"}});
  EXPECT_EQ(code(), "no-such-mobile-node");
}

TEST_F(FlowMobilityTest, NumbersBeginWhereTheyAreToldTo) {
  lma->number_notifications_from(0x1234);
  begin_move("video", "mag1");
  EXPECT_EQ(only_notification().sequence, 0x1235);
}

TEST_F(FlowMobilityTest, ANotificationFromAMagIsNoBusinessOfOurs) {
  receive(Fmi{});
  EXPECT_EQ(dropped("unexpected-type"), 1U);
  EXPECT_THAT(all<SendMessage>(), IsEmpty());
}

}  // namespace
}  // namespace flowmob::core
