// SPDX-License-Identifier: Apache-2.0
#include "core/mag/mag_fixture.h"

/// What orders the messages of a domain: timestamps of ours, of the nodes, or sequence numbers (RFC 5213
/// sections 5.5 and 9.3). What refused timestamps lead to is refusal_test's.
namespace flowmob::core {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::SizeIs;

std::uint64_t stamp(const wire::ProxyBindingUpdate& update) {
  return option<wire::TimestampOption>(update).value;
}

class SequenceNumbers : public MagFixture {
 protected:
  SequenceNumbers() {
    auto config = default_config();
    config.timestamps = false;
    start(config);
  }
};

TEST_F(SequenceNumbers, NoMessageHasATimestamp) {
  register_node();
  advance(300s);
  ASSERT_THAT(updates, SizeIs(2));
  for (const auto& update : updates) EXPECT_EQ(wire::find<wire::TimestampOption>(update.options), nullptr);
}

TEST_F(SequenceNumbers, EachSessionHasItsOwnThatRise) {
  solicit();
  accept();
  solicit(kSecondNode, {});
  accept();
  advance(300s);
  ASSERT_THAT(updates, SizeIs(4));
  EXPECT_EQ(updates[0].sequence, 1);
  EXPECT_EQ(updates[1].sequence, 1);
  EXPECT_EQ(updates[2].sequence, 2);
  EXPECT_EQ(updates[3].sequence, 2);
}

TEST_F(SequenceNumbers, RetransmissionHasAHigherOne) {
  solicit();
  advance(3s);
  ASSERT_THAT(updates, SizeIs(3));
  EXPECT_EQ(updates[1].sequence, 2);
  EXPECT_EQ(updates[2].sequence, 3);
}

TEST_F(SequenceNumbers, AnswersFindTheirSessionsThoughNumbersAreEqual) {
  solicit();
  solicit(kSecondNode, {});
  const auto first = updates.at(0), second = updates.at(1);
  ASSERT_EQ(first.sequence, second.sequence);
  deliver(answer_to(second));
  EXPECT_EQ(last_notice("registered").at("mn"), "mn2@example.com");
  deliver(answer_to(first));
  EXPECT_EQ(last_notice("registered").at("mn"), "mn1@example.com");
}

TEST_F(SequenceNumbers, AnswerWithANumberThatWasNotSentIsIgnored) {
  solicit();
  answer([](auto& ack) { ack.sequence = 77; });
  EXPECT_EQ(only_binding().at("state"), "registering");
  EXPECT_EQ(counter("drops", "unmatched-acknowledgement"), 1U);
}

TEST_F(SequenceNumbers, Status135AdoptsTheLastAccepted) {
  solicit();
  answer([](auto& ack) {
    ack.status = wire::BindingStatus::SequenceNumberOutOfWindow;
    ack.sequence = 500;
  });
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_EQ(updates[1].sequence, 501);
}

TEST_F(SequenceNumbers, GoOnAboveWhatMayHaveBeenSentAfterARestart) {
  register_node();
  const auto kept = records;
  const auto before = last_update.sequence;
  auto config = default_config();
  config.timestamps = false;
  start(config);
  gateway->restore(now, kept);
  drain();
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_GT(updates[0].sequence, before);
  EXPECT_LT(updates[0].sequence, before + 0x8000);
}

class NodesTimestamps : public MagFixture {
 protected:
  static constexpr std::uint64_t kSecond = 65536;

  NodesTimestamps() {
    auto config = default_config();
    config.mobile_node_timestamps = true;
    start(config);
  }
  /// A Timestamp option of SEND (RFC 3971 section 5.3.1).
  void solicit_at(std::uint64_t value) {
    Bytes data(6);
    for (int shift = 56; shift >= 0; shift -= 8) data.push_back(static_cast<std::uint8_t>(value >> shift));
    neighbor_discovery(wire::RouterSolicitation{{wire::UnknownNdOption{13, data}}},
                       {kNodeAddress, address("ff02::2"), kWlan, kNode, 255});
  }
};

TEST_F(NodesTimestamps, OrderTheMessages) {
  solicit_at(1000 * kSecond);
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(stamp(updates[0]), 1000 * kSecond);
}

TEST_F(NodesTimestamps, GoOnBetweenTheNodesWords) {
  solicit_at(1000 * kSecond);
  accept();
  advance(300s);
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_EQ(stamp(updates[1]), 1300 * kSecond);
}

TEST_F(NodesTimestamps, RiseFromMessageToMessage) {
  solicit_at(1000 * kSecond);
  accept();
  solicit_at(1000 * kSecond);
  ASSERT_TRUE(command("attach", {{"access", "wlan"}, {"mac", kNode.to_string()}}));
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_GT(stamp(updates[1]), stamp(updates[0]));
}

TEST_F(NodesTimestamps, NodeAtTheEndOfTimeDoesNoHarm) {
  solicit_at(~std::uint64_t{0} - 5);
  accept();
  advance(300s);
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_EQ(stamp(updates[1]), ~std::uint64_t{0});
}

TEST_F(NodesTimestamps, NodeThatGivesNoneIsStampedByUs) {
  solicit();
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(stamp(updates[0]), wire::TimestampOption::from_wall(now.wall).value);
}

TEST_F(NodesTimestamps, AreIgnoredUnlessTheyAreInUse) {
  start(default_config());
  solicit_at(1000 * kSecond);
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(stamp(updates[0]), wire::TimestampOption::from_wall(now.wall).value);
}

TEST_F(NodesTimestamps, OptionOfAnotherLengthIsNone) {
  neighbor_discovery(wire::RouterSolicitation{{wire::UnknownNdOption{13, Bytes(6)}}},
                     {kNodeAddress, address("ff02::2"), kWlan, kNode, 255});
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(stamp(updates[0]), wire::TimestampOption::from_wall(now.wall).value);
}

}  // namespace
}  // namespace flowmob::core
