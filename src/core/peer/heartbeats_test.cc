// SPDX-License-Identifier: Apache-2.0
#include "core/peer/heartbeats.h"

#include <gmock/gmock.h>

/// RFC 5847 sections 3 and 3.3.
namespace flowmob::core {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

const Ipv6Address kOwn = Ipv6Address::parse("2001:db8::1").value();
const Ipv6Address kPeer = Ipv6Address::parse("2001:db8::2").value();

class HeartbeatsTest : public testing::Test {
 protected:
  Heartbeats heartbeats{kOwn, HeartbeatConfig{}};
  TimePoint now{100s};

  HeartbeatsTest() { heartbeats.set_restart_counter(42); }

  HeartbeatOutcome receive(const wire::Heartbeat& message) {
    return heartbeats.handle_message(now, {kPeer, kOwn, {}, {}, 64}, message);
  }
  static wire::Heartbeat read(const SendMessage& sent) {
    EXPECT_EQ(sent.source, kOwn);
    EXPECT_EQ(sent.destination, kPeer);
    const auto decoded = wire::decode(sent.mobility_header, kOwn, kPeer);
    EXPECT_TRUE(decoded);
    EXPECT_EQ(sent.mobility_header[2], 13);
    return std::get<wire::Heartbeat>(*decoded);
  }
  wire::Heartbeat probe() {
    const auto due = heartbeats.handle_timeout(now);
    EXPECT_EQ(due.messages.size(), 1U);
    return read(due.messages.at(0));
  }
};

TEST_F(HeartbeatsTest, EveryRequestIsAnsweredWithOurCounter) {
  const auto outcome = receive({false, false, 0xdeadbeef, {}});
  ASSERT_EQ(outcome.messages.size(), 1U);
  const auto answer = read(outcome.messages[0]);
  EXPECT_TRUE(answer.response);
  EXPECT_FALSE(answer.unsolicited);
  EXPECT_EQ(answer.sequence, 0xdeadbeef);
  ASSERT_TRUE(wire::find<wire::RestartCounter>(answer.options));
  EXPECT_EQ(wire::find<wire::RestartCounter>(answer.options)->counter, 42U);
}

TEST_F(HeartbeatsTest, OptionsOfAnUnknownKindAreSkipped) {
  EXPECT_EQ(receive({false, false, 1, {wire::UnknownOption{200, {1}}}}).messages.size(), 1U);
  heartbeats.set_peers(now, {kPeer});
  const auto sequence = probe().sequence;
  receive({false, true, sequence, {wire::UnknownOption{200, {1}}, wire::RestartCounter{7}}});
  EXPECT_EQ(heartbeats.show(kPeer)["restart_counter"], 7);
}

TEST_F(HeartbeatsTest, ARequestCarriesNoCounter) {
  heartbeats.set_peers(now, {kPeer});
  const auto request = probe();
  EXPECT_FALSE(request.response);
  EXPECT_FALSE(request.unsolicited);
  EXPECT_THAT(request.options, IsEmpty());
}

TEST_F(HeartbeatsTest, ResponsesAreNotAnswered) {
  heartbeats.set_peers(now, {kPeer});
  const auto sequence = probe().sequence;
  EXPECT_THAT(receive({false, true, sequence, {}}).messages, IsEmpty());
  EXPECT_THAT(receive({true, true, 0, {}}).messages, IsEmpty());
}

TEST_F(HeartbeatsTest, ARestartIsAnnouncedUnasked) {
  const auto message = read(heartbeats.announce_restart(kPeer));
  EXPECT_TRUE(message.response);
  EXPECT_TRUE(message.unsolicited);
  EXPECT_EQ(wire::find<wire::RestartCounter>(message.options)->counter, 42U);
}

TEST_F(HeartbeatsTest, APeersLifeIsTold) {
  heartbeats.set_peers(now, {kPeer});
  EXPECT_EQ(heartbeats.show(kPeer)["heartbeat"], "unknown");
  auto sequence = probe().sequence;
  receive({false, true, sequence, {wire::RestartCounter{1}}});
  EXPECT_EQ(heartbeats.show(kPeer)["heartbeat"], "answers");
  std::vector<PeerEvent> events;
  for (int i = 0; i < 5; ++i) {
    now += 60s;
    const auto due = heartbeats.handle_timeout(now);
    sequence = read(due.messages.at(0)).sequence;
    events.insert(events.end(), due.events.begin(), due.events.end());
  }
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(event_name(events[0].kind), "peer-lost");
  EXPECT_EQ(heartbeats.show(kPeer)["heartbeat"], "lost");
  events = receive({false, true, sequence, {wire::RestartCounter{2}}}).events;
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(event_name(events[0].kind), "peer-back");
  EXPECT_EQ(event_name(events[1].kind), "peer-restarted");
  EXPECT_EQ(events[1].since, TimePoint{100s});
  EXPECT_EQ(heartbeats.statistics()["peers_lost"], 1);
  EXPECT_EQ(heartbeats.statistics()["peers_restarted"], 1);
}

TEST_F(HeartbeatsTest, WhoRefusesIsLostNoMore) {
  heartbeats.set_peers(now, {kPeer});
  for (int i = 0; i < 5; ++i, now += 60s) heartbeats.handle_timeout(now);
  const auto events = heartbeats.handle_refusal(kPeer, false).events;
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(event_name(events[0].kind), "peer-back");
  EXPECT_EQ(event_name(events[1].kind), "peer-without-heartbeat");
  EXPECT_EQ(heartbeats.show(kPeer)["heartbeat"], "unsupported");
  EXPECT_THAT(heartbeats.handle_refusal(kPeer, false).events, IsEmpty());
}

}  // namespace
}  // namespace flowmob::core
