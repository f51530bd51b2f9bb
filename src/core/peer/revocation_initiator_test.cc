// SPDX-License-Identifier: Apache-2.0
#include "core/peer/revocation_initiator.h"

#include <gmock/gmock.h>

#include <set>

/// RFC 5846 sections 5.1, 6.2.2 and 6.3.
namespace flowmob::core {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

const Ipv6Address kUs = Ipv6Address::parse("2001:db8::1").value();
const Ipv6Address kThem = Ipv6Address::parse("2001:db8::2").value();
const Ipv6Address kOther = Ipv6Address::parse("2001:db8::3").value();

class RevocationInitiatorTest : public testing::Test {
 protected:
  RevocationInitiator initiator{kUs};
  RevocationConfig config;
  Now now{TimePoint(100s), WallTime(1'700'000'000s)};

  RevocationInitiator::Sent begin(const Ipv6Address& peer = kThem) {
    wire::BindingRevocationIndication indication;
    indication.proxy = true;
    indication.trigger = wire::RevocationTrigger::Administrative;
    return initiator.begin(now, config, peer, indication);
  }
  RevocationInitiator::Due pass(Duration span) {
    now = now + span;
    return initiator.handle_timeout(now.monotonic);
  }
};

TEST_F(RevocationInitiatorTest, TheMessageCarriesTheNumber) {
  const auto sent = begin();
  EXPECT_EQ(sent.message.source, kUs);
  EXPECT_EQ(sent.message.destination, kThem);
  const auto decoded = wire::decode(sent.message.mobility_header, kUs, kThem);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(std::get<wire::BindingRevocationIndication>(*decoded).sequence, sent.sequence);
}

TEST_F(RevocationInitiatorTest, NoTwoOutstandingOnesShareANumber) {
  std::set<RevocationInitiator::Sequence> outstanding;
  while (initiator.has_room()) EXPECT_TRUE(outstanding.insert(begin().sequence).second);
  EXPECT_GT(outstanding.size(), 1000U);
  initiator.cancel(*outstanding.begin());
  for (int i = 0; i < 0x20000; ++i) {  // twice around
    const auto sequence = begin().sequence;
    ASSERT_TRUE(sequence == *outstanding.begin() || !outstanding.contains(sequence));
    initiator.cancel(sequence);
  }
}

TEST_F(RevocationInitiatorTest, ASuccessorBeginsElsewhere) {
  const auto before = begin().sequence;
  now = now + 1s;
  EXPECT_GT(
      static_cast<std::uint16_t>(RevocationInitiator(kUs).begin(now, config, kThem, {}).sequence - before),
      1000);
}

TEST_F(RevocationInitiatorTest, TheSameIsSentAgainThenGivenUp) {
  const auto sent = begin();
  EXPECT_EQ(initiator.next_deadline(), now.monotonic + 1s);
  EXPECT_THAT(pass(999ms).again, IsEmpty());
  const auto again = pass(1ms).again;
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].sequence, sent.sequence);
  EXPECT_EQ(again[0].message.mobility_header, sent.message.mobility_header);
  EXPECT_EQ(again[0].message.destination, kThem);
  EXPECT_EQ(initiator.next_deadline(), now.monotonic + 2s) << "twice as long";
  EXPECT_THAT(pass(1999ms).unanswered, IsEmpty());
  const auto due = pass(1ms);
  EXPECT_THAT(due.unanswered, ElementsAre(sent.sequence));
  EXPECT_THAT(due.again, IsEmpty());
  EXPECT_EQ(initiator.next_deadline(), std::nullopt);
  EXPECT_FALSE(initiator.handle_acknowledgement(kThem, sent.sequence));
}

TEST_F(RevocationInitiatorTest, ThePauseDoublesUpToItsMaximum) {
  config = {true, 4, 500ms, 2s};
  begin();
  for (const auto pause : {500ms, 1000ms, 2000ms, 2000ms, 2000ms}) {
    EXPECT_EQ(initiator.next_deadline(), now.monotonic + pause);
    pass(pause);
  }
  EXPECT_EQ(initiator.next_deadline(), std::nullopt);
}

TEST_F(RevocationInitiatorTest, AnAcknowledgementEndsTheTimer) {
  const auto sent = begin();
  EXPECT_TRUE(initiator.handle_acknowledgement(kThem, sent.sequence));
  EXPECT_EQ(initiator.next_deadline(), std::nullopt);
  EXPECT_FALSE(initiator.handle_acknowledgement(kThem, sent.sequence)) << "a duplicate";
}

TEST_F(RevocationInitiatorTest, OthersDoNotAcknowledge) {
  const auto sent = begin();
  EXPECT_FALSE(initiator.handle_acknowledgement(kThem, static_cast<std::uint16_t>(sent.sequence + 1)));
  EXPECT_FALSE(initiator.handle_acknowledgement(kOther, sent.sequence));
  EXPECT_TRUE(initiator.handle_acknowledgement(kThem, sent.sequence));
}

TEST_F(RevocationInitiatorTest, WhoDoesNotKnowRevocationsIsNotAskedAgain) {
  const auto sent = begin();
  const auto other = begin(kOther);
  EXPECT_THAT(initiator.handle_refusal(kThem), ElementsAre(sent.sequence));
  const auto again = pass(1s).again;
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].message.destination, kOther);
  EXPECT_TRUE(initiator.handle_acknowledgement(kOther, other.sequence));
}

}  // namespace
}  // namespace flowmob::core
