// SPDX-License-Identifier: Apache-2.0
#include "core/lma/revoker_fixture_for_test.h"

/// What an anchor asks or tells a previous MAG by revocation, and what follows (RFC 5846 sections 3.4.1
/// and 8.1).
namespace flowmob::core {
namespace {

using testing::IsEmpty;

TEST_F(RevokerTest, AHoldAsksThePreviousMag) {
  accepted(first());
  EXPECT_EQ(ask(unknown()), std::nullopt);
  const auto asked = only_indication();
  EXPECT_EQ(asked.trigger, Trigger::InterMagHandoverUnknown);
  EXPECT_TRUE(asked.proxy);
  EXPECT_FALSE(asked.global);
  EXPECT_EQ(mn_in(asked), "mn1");
  EXPECT_EQ(ask(unknown()), std::nullopt);
  EXPECT_THAT(indications(), IsEmpty()) << "asked once";
}

TEST_F(RevokerTest, AMagThatLetsGoMakesItAHandoff) {
  for (const auto status : {RS::Success, RS::BindingDoesNotExist}) {
    lma = std::make_unique<LocalMobilityAnchor>(revoking());
    accepted(first());
    EXPECT_EQ(ask(unknown()), std::nullopt);
    acknowledge(only_indication(), status);
    ASSERT_TRUE(acknowledgement()) << "at once";
    EXPECT_EQ(acknowledgement()->status, Status::Accepted);
    ASSERT_EQ(show("sessions").size(), 1U);
    EXPECT_EQ(show("sessions")[0]["mag"], "mag2");
    EXPECT_EQ(prefixes_in(*acknowledgement()), std::vector{kOwn});
    EXPECT_THAT(indications(), IsEmpty()) << "it has let go already";
  }
}

TEST_F(RevokerTest, ANodeThatIsStillThereHasANewSession) {
  accepted(first());
  EXPECT_EQ(ask(unknown()), std::nullopt);
  acknowledge(only_indication(), RS::MobileNodeIsAttached);
  ASSERT_TRUE(acknowledgement()) << "at once";
  EXPECT_EQ(acknowledgement()->status, Status::Accepted);
  EXPECT_EQ(show("sessions").size(), 2U);
}

TEST_F(RevokerTest, ADeregistrationMeanwhileMakesItAHandoff) {
  accepted(first());
  EXPECT_EQ(ask(unknown()), std::nullopt);
  const auto asked = only_indication();
  clear();
  send(leave(first()));
  EXPECT_EQ(show("sessions").size(), 1U);
  EXPECT_EQ(show("sessions")[0]["mag"], "mag2");
  acknowledge(asked);
  EXPECT_EQ(show("sessions").size(), 1U) << "the answer is about what was";
  EXPECT_EQ(show("sessions")[0]["state"], "active");
}

TEST_F(RevokerTest, SilenceMakesANewSessionWhenAllWasAsked) {
  accepted(first());
  EXPECT_EQ(ask(unknown()), std::nullopt);
  pass(1s);
  EXPECT_EQ(indications().size(), 1U);
  pass(1s);
  EXPECT_FALSE(acknowledgement()) << "the revocation has its own time";
  pass(1s);
  ASSERT_TRUE(acknowledgement());
  EXPECT_EQ(acknowledgement()->status, Status::Accepted);
  EXPECT_EQ(show("sessions").size(), 2U);
}

TEST_F(RevokerTest, AMagThatCannotSayLeavesTheHoldToItsTime) {
  accepted(first());
  EXPECT_EQ(ask(unknown()), std::nullopt);
  clear();
  receive(wire::BindingError{wire::BindingErrorStatus::UnrecognizedMhType, {}, {}});
  EXPECT_FALSE(acknowledgement());
  pass(1500ms);
  ASSERT_TRUE(acknowledgement());
  EXPECT_EQ(show("sessions").size(), 2U);
}

// The MAG that was left is told.

TEST_F(RevokerTest, AfterAHandoffThePreviousMagIsTold) {
  accepted(first());
  Pbu p = first();
  p.source = kMag2;
  p.handoff = HI::HandoffBetweenMags;
  ASSERT_TRUE(ask(p));
  auto asked = only_indication();
  EXPECT_EQ(asked.trigger, Trigger::InterMagHandoverSameAccess);
  EXPECT_EQ(mag_of("*"), "mag2") << "its traffic has gone before";
  acknowledge(asked);
  EXPECT_EQ(show("sessions").size(), 1U);
  p = second();
  p.source = kMag1;
  p.handoff = HI::HandoffBetweenInterfaces;
  ASSERT_TRUE(ask(p));
  asked = only_indication(kMag2);
  EXPECT_EQ(asked.trigger, Trigger::InterMagHandoverDifferentAccess);
  acknowledge(asked, RS::MobileNodeIsAttached, kMag2);
  EXPECT_EQ(show("sessions").size(), 1U);
}

TEST_F(RevokerTest, AMagToWhichTheNodeHasComeBackIsNotToldAgain) {
  accepted(first());
  Pbu there = first();
  there.source = kMag2;
  there.handoff = HI::HandoffBetweenMags;
  ASSERT_TRUE(ask(there));
  EXPECT_EQ(only_indication().trigger, Trigger::InterMagHandoverSameAccess);
  Pbu back = first();
  back.handoff = HI::HandoffBetweenMags;
  ASSERT_TRUE(ask(back));
  const auto told = only_indication(kMag2);
  EXPECT_EQ(told.trigger, Trigger::InterMagHandoverSameAccess) << "the other is told instead";
  acknowledge(told, RS::Success, kMag2);
  pass(1s);
  EXPECT_THAT(indications(), IsEmpty());
  pass(10s);
  EXPECT_THAT(indications(), IsEmpty());
  EXPECT_EQ(mag_of("*"), "mag1");
}

TEST_F(RevokerTest, OneThatHasNotIs) {
  accepted(first());
  Pbu there = first();
  there.source = kMag2;
  there.handoff = HI::HandoffBetweenMags;
  ASSERT_TRUE(ask(there));
  EXPECT_EQ(only_indication().trigger, Trigger::InterMagHandoverSameAccess);
  Pbu again = there;
  again.handoff = HI::NoChange;
  ASSERT_TRUE(ask(again));
  pass(1s);
  EXPECT_EQ(indications().size(), 1U);
}

TEST_F(RevokerTest, AMagThatHasDeregisteredIsNotTold) {
  accepted(first());
  send(leave(first()));
  Pbu p = first();
  p.source = kMag2;
  ASSERT_TRUE(ask(p));
  EXPECT_THAT(indications(), IsEmpty());
}

TEST_F(RevokerTest, AMagWithAnotherInterfaceOfTheNodeIsNotTold) {
  accepted(first());
  Pbu p = second();
  p.source = kMag1;
  accepted(p);
  p = first();
  p.source = kMag2;
  ASSERT_TRUE(ask(p));
  EXPECT_THAT(indications(), IsEmpty());
}

}  // namespace
}  // namespace flowmob::core
