// SPDX-License-Identifier: Apache-2.0
#include "core/peer/peer_monitor.h"

#include <gmock/gmock.h>

/// RFC 5847 sections 3, 3.1 and 3.2.
namespace flowmob::core {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

const Ipv6Address kOne = Ipv6Address::parse("2001:db8::1").value();
const Ipv6Address kTwo = Ipv6Address::parse("2001:db8::2").value();

class PeerMonitorTest : public testing::Test {
 protected:
  PeerMonitor monitor{HeartbeatConfig{}};
  TimePoint now{100s};

  /// Who is probed now, and who is found lost.
  std::vector<Ipv6Address> probed, lost;
  std::uint32_t sequence = 0;  ///< of the last probe

  void tick() {
    probed.clear();
    lost.clear();
    for (const auto& due : monitor.handle_timeout(now)) {
      if (const auto* probe = std::get_if<PeerMonitor::Probe>(&due)) {
        probed.push_back(probe->peer);
        sequence = probe->sequence;
      } else {
        lost.push_back(std::get<PeerMonitor::Lost>(due).peer);
      }
    }
  }
  void pass(Duration span) {
    now += span;
    tick();
  }
  PeerMonitor::News respond(std::optional<std::uint32_t> counter = {}, bool unsolicited = false) {
    return monitor.handle_response(now, kOne, {unsolicited ? 0 : sequence, unsolicited, counter});
  }
  void meet_one() {
    monitor.set_peers(now, {kOne});
    tick();
  }
};

TEST_F(PeerMonitorTest, KnowsTheRoundTripAndWhatIsLost) {
  meet_one();
  const auto& peer = monitor.peers().at(kOne);
  EXPECT_EQ(peer.round_trip, std::nullopt);
  EXPECT_EQ(peer.loss(), std::nullopt);
  now += 80ms;
  respond();
  EXPECT_EQ(peer.round_trip, 80ms);
  EXPECT_EQ(peer.loss(), 0U);
  pass(60s);
  now += 160ms;
  respond();
  EXPECT_EQ(peer.round_trip, 90ms) << "an eighth of the difference";
  pass(60s);
  pass(60s);
  EXPECT_EQ(peer.loss(), 33U) << "one of three";
  for (int i = 0; i < 16; ++i) {
    respond();
    pass(60s);
  }
  EXPECT_EQ(peer.loss(), 0U) << "the last sixteen count";
}

TEST_F(PeerMonitorTest, ProbesAtOnceAndThenEveryInterval) {
  meet_one();
  EXPECT_THAT(probed, ElementsAre(kOne));
  respond();
  EXPECT_EQ(monitor.next_deadline(), now + 60s);
  pass(59s);
  EXPECT_THAT(probed, IsEmpty());
  pass(1s);
  EXPECT_THAT(probed, ElementsAre(kOne));
}

TEST_F(PeerMonitorTest, NobodyIsProbedWithoutBindings) {
  EXPECT_EQ(monitor.next_deadline(), std::nullopt);
  monitor.set_peers(now, {kOne, kTwo});
  tick();
  EXPECT_THAT(probed, ElementsAre(kOne, kTwo));
  monitor.set_peers(now, {kTwo});
  pass(60s);
  EXPECT_THAT(probed, ElementsAre(kTwo));
  monitor.set_peers(now, {});
  EXPECT_EQ(monitor.next_deadline(), std::nullopt);
}

TEST_F(PeerMonitorTest, SequenceNumbersRise) {
  meet_one();
  const auto first = sequence;
  pass(60s);
  EXPECT_EQ(sequence, first + 1);
}

TEST_F(PeerMonitorTest, TheFourthMissingAnswerIsALoss) {
  meet_one();
  for (int missing = 1; missing <= 3; ++missing) {
    pass(60s);
    EXPECT_THAT(lost, IsEmpty()) << missing;
  }
  pass(60s);
  EXPECT_THAT(lost, ElementsAre(kOne));
  EXPECT_THAT(probed, ElementsAre(kOne)) << "it may come back";
  pass(60s);
  EXPECT_THAT(lost, IsEmpty()) << "told once";
}

TEST_F(PeerMonitorTest, AnAnswerResetsWhatIsMissing) {
  meet_one();
  for (int round = 0; round < 3; ++round) {
    for (int missing = 1; missing <= 3; ++missing) pass(60s);
    EXPECT_FALSE(respond().is_back);
  }
  for (int missing = 1; missing <= 3; ++missing) pass(60s);
  EXPECT_THAT(lost, IsEmpty());
}

TEST_F(PeerMonitorTest, WhoWasLostAndAnswersIsBack) {
  meet_one();
  for (int missing = 1; missing <= 4; ++missing) pass(60s);
  EXPECT_TRUE(respond().is_back);
  EXPECT_FALSE(respond({}, true).is_back);
}

TEST_F(PeerMonitorTest, OnlyTheLastRequestIsAnswered) {
  meet_one();
  pass(60s);
  EXPECT_FALSE(monitor.handle_response(now, kOne, {sequence - 1, false, 7U}).expected);
  EXPECT_FALSE(monitor.handle_response(now, kTwo, {sequence, false, 7U}).expected);
  EXPECT_TRUE(respond().expected);
  EXPECT_FALSE(respond().expected) << "a duplicate";
  EXPECT_EQ(monitor.peers().at(kOne).restart_counter, std::nullopt);
}

TEST_F(PeerMonitorTest, AnotherRestartCounterIsARestart) {
  meet_one();
  EXPECT_EQ(respond(7U).restarted_since, std::nullopt) << "nothing was known before";
  const TimePoint heard = now;
  pass(60s);
  EXPECT_EQ(respond(8U).restarted_since, heard);
  pass(60s);
  EXPECT_EQ(respond(8U).restarted_since, std::nullopt);
  pass(60s);
  EXPECT_TRUE(respond(3U).restarted_since) << "smaller is different, too";
}

TEST_F(PeerMonitorTest, NumbersBeginWhereTheyAreToldTo) {
  monitor.number_from(0xffffffff);
  meet_one();
  EXPECT_EQ(sequence, 0U);
}

TEST_F(PeerMonitorTest, AnUnsolicitedResponseMakesUsAskAtOnce) {
  meet_one();
  respond(7U);
  now += 5s;
  EXPECT_EQ(respond(8U, true).restarted_since, std::nullopt) << "anybody can say so";
  EXPECT_EQ(monitor.next_deadline(), now);
  tick();
  ASSERT_THAT(probed, ElementsAre(kOne));
  EXPECT_EQ(respond(8U).restarted_since, now - 5s);
  EXPECT_EQ(monitor.next_deadline(), now + 55s) << "as ever";
}

TEST_F(PeerMonitorTest, WhatNobodyAskedForCostsOneQuestionASecond) {
  meet_one();
  respond(7U);
  std::size_t questions = 0;
  for (unsigned i = 0; i < 100; ++i) {
    respond(8U + i % 2, true);
    pass(20ms);
    questions += probed.size();
  }
  EXPECT_EQ(questions, 2U);
}

TEST_F(PeerMonitorTest, WhatIsAskedInBetweenIsNotMissing) {
  meet_one();
  respond(7U);
  for (int i = 0; i < 30; ++i) {
    respond(8U, true);
    pass(1s);
  }
  EXPECT_EQ(monitor.peers().at(kOne).missing, 0U);
  pass(30s);
  EXPECT_EQ(monitor.peers().at(kOne).missing, 1U) << "but the silence of an interval is";
}

TEST_F(PeerMonitorTest, WhoWasLostAndSpeaksUnaskedIsAskedAtOnce) {
  meet_one();
  for (int missing = 1; missing <= 4; ++missing) pass(60s);
  now += 5s;
  EXPECT_FALSE(respond({}, true).is_back);
  EXPECT_EQ(monitor.next_deadline(), now);
  tick();
  EXPECT_TRUE(respond().is_back);
}

TEST_F(PeerMonitorTest, WhoIsNotProbedIsNotAskedEither) {
  monitor.configure(now, {0s, 3});
  meet_one();
  respond(7U, true);
  respond(8U, true);
  EXPECT_EQ(monitor.next_deadline(), std::nullopt);
}

TEST_F(PeerMonitorTest, AResponseWithoutCounterChangesNone) {
  meet_one();
  respond(7U);
  pass(60s);
  EXPECT_EQ(respond().restarted_since, std::nullopt);
  EXPECT_EQ(monitor.peers().at(kOne).restart_counter, 7U);
}

TEST_F(PeerMonitorTest, CountersOfFormerPeersAreForgotten) {
  meet_one();
  respond(7U);
  monitor.set_peers(now, {});
  meet_one();
  EXPECT_EQ(respond(9U).restarted_since, std::nullopt);
}

TEST_F(PeerMonitorTest, WhoDoesNotKnowHeartbeatsIsLeftAlone) {
  meet_one();
  EXPECT_TRUE(monitor.handle_refusal(kOne, true)) << "it knows none of our messages";
  EXPECT_TRUE(monitor.refuses(kOne));
  pass(24h);
  EXPECT_THAT(probed, IsEmpty());
  monitor.set_peers(now, {});
  meet_one();
  EXPECT_THAT(probed, IsEmpty()) << "not even when it has bindings again";
  monitor.configure(now, {30s, 3});
  pass(24h);
  EXPECT_THAT(probed, IsEmpty());
}

TEST_F(PeerMonitorTest, ARefusalThatAnswersNothingIsNone) {
  EXPECT_FALSE(monitor.handle_refusal(kOne, false));
  meet_one();
  EXPECT_FALSE(monitor.handle_refusal(kTwo, false));
  respond();
  EXPECT_FALSE(monitor.handle_refusal(kOne, false)) << "it answered";
  pass(60s);
  EXPECT_FALSE(monitor.handle_refusal(kOne, true)) << "it answered before: it may mean something else";
}

TEST_F(PeerMonitorTest, WhoDoesNotKnowHeartbeatsAnyMoreIsLeftAlone) {
  meet_one();
  respond();
  pass(60s);
  EXPECT_TRUE(monitor.handle_refusal(kOne, false)) << "another machine at the same address";
  pass(24h);
  EXPECT_THAT(probed, IsEmpty());
}

TEST_F(PeerMonitorTest, AnotherIntervalHoldsAtOnce) {
  meet_one();
  respond();
  monitor.configure(now, {30s, 3});
  EXPECT_EQ(monitor.next_deadline(), now + 30s);
  monitor.configure(now, {0s, 3});
  EXPECT_EQ(monitor.next_deadline(), std::nullopt);
  monitor.configure(now, {40s, 0});
  pass(40s);
  pass(40s);
  EXPECT_THAT(lost, ElementsAre(kOne)) << "none may be missing";
}

}  // namespace
}  // namespace flowmob::core
