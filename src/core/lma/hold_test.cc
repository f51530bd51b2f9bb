// SPDX-License-Identifier: Apache-2.0
#include "core/lma/anchor_fixture_for_test.h"

/// RFC 5213 section 5.4.1.2 item 4: an unknown handoff waits for the previous MAG's de-registration.
namespace flowmob::core {
namespace {

LmaConfig holding() {
  auto c = test_config();
  c.hold_unknown_handoff = true;
  return c;
}

class HoldTest : public AnchorFixture {
 protected:
  HoldTest() : AnchorFixture(holding()) {}
  Pbu unknown() const {
    Pbu p = second();
    p.handoff = HI::Unknown;
    return p;
  }
};

TEST_F(HoldTest, ADeregistrationMakesItAHandoff) {
  accepted(first());
  EXPECT_EQ(ask(unknown()), std::nullopt);
  clear();
  send(leave(first()));
  const auto sent = all<SendMessage>();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].destination, kMag1);
  EXPECT_EQ(sent[1].destination, kMag2);
  EXPECT_EQ(show("sessions").size(), 1U);
  EXPECT_EQ(mag_of("*"), "mag2");
}

TEST_F(HoldTest, SilenceMakesItANewSession) {
  accepted(first());
  EXPECT_EQ(ask(unknown()), std::nullopt);
  EXPECT_EQ(lma->poll_timeout(), now.monotonic + 1500ms);
  advance(1500ms);
  timeout();
  EXPECT_EQ(acknowledgement()->status, Status::Accepted);
  EXPECT_EQ(show("sessions").size(), 2U);
}

TEST_F(HoldTest, ARetransmissionKeepsTheDeadlineAndIsAnsweredInItsStead) {
  accepted(first());
  Pbu p = unknown();
  p.sequence = 50;
  EXPECT_EQ(ask(p), std::nullopt);
  const auto deadline = lma->poll_timeout();
  advance(1s);
  p.sequence = 51;
  EXPECT_EQ(ask(p), std::nullopt);
  EXPECT_EQ(lma->poll_timeout(), deadline);
  advance(500ms);
  timeout();
  EXPECT_EQ(acknowledgement()->sequence, 51);
}

TEST_F(HoldTest, WhoLosesHisPermissionMeanwhileGetsNothing) {
  Pbu p = first();
  p.lifetime = 1;
  accepted(p);
  advance(3s);
  EXPECT_EQ(ask(unknown()), std::nullopt);
  auto config = holding();
  config.mobile_nodes.clear();
  ASSERT_TRUE(lma->reconfigure(now, config));
  advance(2s);
  timeout();
  EXPECT_TRUE(show("sessions").empty());
  EXPECT_EQ(dropped("not-permitted-any-more"), 1U);
}

TEST_F(HoldTest, AFirstSessionAndOneThatIsLeavingNeedNoWait) {
  EXPECT_EQ(status(unknown()), Status::Accepted);
  auto away = leave(second());
  EXPECT_EQ(status(away), Status::Accepted);
  Pbu p = first();
  p.handoff = HI::Unknown;
  EXPECT_EQ(status(p), Status::Accepted);
  EXPECT_EQ(show("sessions").size(), 1U);
}

}  // namespace
}  // namespace flowmob::core
