// SPDX-License-Identifier: Apache-2.0
#include "core/lma/anchor_fixture_for_test.h"

/// RFC 5213 section 5.5, as far as it is about more than one message.
namespace flowmob::core {
namespace {

class AnchorOrderTest : public AnchorFixture {
 protected:
  std::uint64_t stamp(Duration offset) const {
    return wire::TimestampOption::from_wall(now.wall + offset).value;
  }
  Pbu numbered(Pbu p, std::uint16_t number) const {
    p.stamped = false;
    p.sequence = number;
    return p;
  }
};

TEST_F(AnchorOrderTest, WithoutTimestampsNoneIsKept) {
  accepted(numbered(first(), 5));
  EXPECT_EQ(all<PersistNode>().back().record.sessions.at(0).last_timestamp, 0U);
  EXPECT_EQ(all<PersistNode>().back().record.sessions.at(0).last_sequence, 5);
}

TEST_F(AnchorOrderTest, SequenceNumbersAreComparedPerSession) {
  accepted(numbered(first(), 1000));
  accepted(numbered(second(), 10));
  EXPECT_EQ(status(numbered(first(), 11)), Status::SequenceNumberOutOfWindow);
  EXPECT_EQ(status(numbered(second(), 11)), Status::Accepted);
}

TEST_F(AnchorOrderTest, AnUpdateWithoutATimestampDoesNotMakeAnOldOneGood) {
  Pbu p = first();
  p.timestamp = stamp(100ms);
  accepted(p);
  accepted(numbered(first(), 9));
  EXPECT_EQ(status(p), Status::TimestampMismatch);
  p.timestamp = *p.timestamp - 1;
  EXPECT_EQ(status(p), Status::TimestampLowerThanPrevAccepted);
}

TEST_F(AnchorOrderTest, AnUpdateOverdueFromThePreviousMagIsRefused) {
  accepted(first());
  Pbu late = first();
  late.timestamp = stamp(5ms);
  Pbu moved = first();
  moved.source = kMag2;
  moved.handoff = HI::HandoffBetweenMags;
  accepted(moved);
  EXPECT_EQ(status(late), Status::TimestampLowerThanPrevAccepted);
  EXPECT_EQ(mag_of("*"), "mag2");
}

TEST_F(AnchorOrderTest, ATimestampIsJudgedByWhenItCame) {
  accepted(first());
  answering = false;
  Pbu moved = first();
  moved.source = kMag2;
  moved.handoff = HI::HandoffBetweenMags;
  send(moved);
  send(second());
  advance(2s);
  clear();
  answering = true;
  answer_all();
  ASSERT_EQ(all<SendMessage>().size(), 2U) << "the handoff's and, two seconds old, the other interface's";
  const auto last = all<SendMessage>().back();
  const auto pba = wire::decode(last.mobility_header, last.source, last.destination);
  EXPECT_EQ(std::get<wire::ProxyBindingAcknowledgement>(*pba).status, Status::Accepted);
}

TEST_F(AnchorOrderTest, TimestampsOfMobileNodesKnowNoWindow) {
  auto c = test_config();
  c.mobile_node_generated_timestamp = true;
  ASSERT_TRUE(lma->reconfigure(now, c));
  Pbu p = first();
  p.timestamp = 1000;
  EXPECT_EQ(wire::find<wire::TimestampOption>(accepted(p).options)->value, 1000U);
  EXPECT_EQ(status(p), Status::TimestampMismatch);
  p.timestamp = 999;
  EXPECT_EQ(status(p), Status::TimestampLowerThanPrevAccepted);
  p.timestamp = stamp(1h);
  EXPECT_EQ(status(p), Status::Accepted);
}

}  // namespace
}  // namespace flowmob::core
