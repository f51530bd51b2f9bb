// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <set>

#include "core/peer/notification_memory.h"
#include "core/peer/notification_sender.h"

/// RFC 7077 sections 4.1, 5 and 6.1.
namespace flowmob::core {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

const Ipv6Address kOwnEnd = Ipv6Address::parse("2001:db8::1").value();
const Ipv6Address kGateway = Ipv6Address::parse("2001:db8::2").value();
const Ipv6Address kOtherGateway = Ipv6Address::parse("2001:db8::3").value();

wire::UpdateNotification initiate() {
  wire::UpdateNotification n;
  n.reason = wire::NotificationReason::FlowMobility;
  n.options = {wire::MobileNodeIdentifier{1, {'m', 'n'}}};
  return n;
}

class NotificationSenderTest : public testing::Test {
 protected:
  NotificationSender sender{kOwnEnd};
  NotificationConfig config;
  TimePoint now{100s};

  NotificationSender::Sent begin(const Ipv6Address& peer = kGateway) {
    return sender.begin(now, config, peer, initiate());
  }
  NotificationSender::Due pass(Duration span) { return sender.handle_timeout(now += span); }
  static wire::UpdateNotification decoded(const SendMessage& message) {
    const auto got = wire::decode(message.mobility_header, message.source, message.destination);
    EXPECT_TRUE(got);
    return std::get<wire::UpdateNotification>(*got);
  }
};

TEST_F(NotificationSenderTest, TheFirstTimeItAsksForAnAnswerAndIsNoRetransmission) {
  const auto sent = begin();
  EXPECT_EQ(sent.message.source, kOwnEnd);
  EXPECT_EQ(sent.message.destination, kGateway);
  const auto n = decoded(sent.message);
  EXPECT_EQ(n.sequence, sent.sequence);
  EXPECT_TRUE(n.acknowledge);
  EXPECT_FALSE(n.retransmit);
  EXPECT_EQ(n.reason, wire::NotificationReason::FlowMobility);
}

TEST_F(NotificationSenderTest, AgainItIsTheSameButForD) {
  auto first = decoded(begin().message);
  EXPECT_THAT(pass(999ms).again, IsEmpty()) << "MIN_DELAY_BETWEEN_UPDATE_NOTIFICATION_REPLAY";
  const auto again = pass(1ms).again;
  ASSERT_EQ(again.size(), 1U);
  const auto second = decoded(again[0].message);
  EXPECT_TRUE(second.retransmit);
  first.retransmit = true;
  EXPECT_EQ(second, first);
}

TEST_F(NotificationSenderTest, AsOftenAsConfiguredAndTheLeastDelayApart) {
  config = {3, 700ms};
  const auto sequence = begin().sequence;
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(pass(699ms).again, IsEmpty());
    EXPECT_EQ(pass(1ms).again.size(), 1U) << "the delay does not grow";
  }
  EXPECT_THAT(pass(699ms).unanswered, IsEmpty());
  EXPECT_THAT(pass(1ms).unanswered, ElementsAre(sequence));
  EXPECT_EQ(sender.next_deadline(), std::nullopt);
}

TEST_F(NotificationSenderTest, NumbersBeginWhereTheyAreToldToAndGrow) {
  sender.number_from(0xfffe);
  EXPECT_EQ(begin().sequence, 0xffff);
  EXPECT_EQ(begin().sequence, 0) << "behind the last comes 0";
  EXPECT_EQ(begin().sequence, 1);
}

TEST_F(NotificationSenderTest, NoTwoOutstandingOnesShareANumber) {
  std::set<NotificationSender::Sequence> outstanding;
  while (sender.has_room()) ASSERT_TRUE(outstanding.insert(begin().sequence).second);
  sender.cancel(*outstanding.begin());
  for (int i = 0; i < 0x20000; ++i) {  // twice around
    const auto sequence = begin().sequence;
    ASSERT_TRUE(sequence == *outstanding.begin() || !outstanding.contains(sequence));
    sender.cancel(sequence);
  }
}

TEST_F(NotificationSenderTest, OnlyItsOwnPeerAnswersAndOnce) {
  const auto sequence = begin().sequence;
  EXPECT_FALSE(sender.handle_acknowledgement(kOtherGateway, sequence));
  EXPECT_FALSE(sender.handle_acknowledgement(kGateway, static_cast<std::uint16_t>(sequence + 1)));
  EXPECT_TRUE(sender.handle_acknowledgement(kGateway, sequence));
  EXPECT_FALSE(sender.handle_acknowledgement(kGateway, sequence));
}

TEST_F(NotificationSenderTest, ARefusalEndsAllToThatPeer) {
  const auto one = begin().sequence;
  const auto two = begin().sequence;
  const auto other = begin(kOtherGateway).sequence;
  EXPECT_TRUE(sender.awaits(kGateway));
  EXPECT_THAT(sender.handle_refusal(kGateway), ElementsAre(one, two));
  EXPECT_FALSE(sender.awaits(kGateway));
  EXPECT_TRUE(sender.handle_acknowledgement(kOtherGateway, other));
}

TEST(NotificationSender, OverIpv4ItGoesBetweenTheIpv4Addresses) {
  NotificationSender sender{OwnAddress(kOwnEnd, Ipv4Address::parse("192.0.2.1").value())};
  const auto peer = Ipv6Address::parse("::ffff:192.0.2.2").value();
  const auto sent = sender.begin(TimePoint(1s), {}, peer, initiate());
  EXPECT_EQ(sent.message.source, Ipv6Address::parse("::ffff:192.0.2.1").value());
  EXPECT_EQ(sent.message.destination, peer);
}

TEST(NotificationMemory, KnowsWhatCameAMomentAgoWhateverD) {
  NotificationMemory memory;
  auto n = initiate();
  n.retransmit = true;
  EXPECT_EQ(memory.find(TimePoint(1s), n), nullptr) << "D alone makes nothing known";
  memory.note(TimePoint(1s), n);
  n.retransmit = false;
  ASSERT_NE(memory.find(TimePoint(2s), n), nullptr);
  EXPECT_FALSE(memory.find(TimePoint(2s), n)->answer);
  memory.answered(n, {kOwnEnd, kGateway, {1}});
  EXPECT_EQ(memory.find(TimePoint(2s), n)->answer->mobility_header, Bytes{1});
}

TEST(NotificationMemory, AnotherContentUnderTheSameNumberIsNew) {
  NotificationMemory memory;
  auto n = initiate();
  memory.note(TimePoint(1s), n);
  n.options.clear();
  EXPECT_EQ(memory.find(TimePoint(1s), n), nullptr);
}

TEST(NotificationMemory, ForgetsInTimeAndHoldsOnlySoMany) {
  NotificationMemory memory;
  auto n = initiate();
  memory.note(TimePoint(1s), n);
  EXPECT_NE(memory.find(TimePoint(40s), n), nullptr);
  EXPECT_EQ(memory.find(TimePoint(41s), n), nullptr);
  memory.note(TimePoint(41s), n);
  for (std::uint16_t i = 1; i <= 256; ++i) {
    auto other = n;
    other.sequence = i;
    memory.note(TimePoint(41s), other);
  }
  EXPECT_EQ(memory.find(TimePoint(41s), n), nullptr);
}

}  // namespace
}  // namespace flowmob::core
