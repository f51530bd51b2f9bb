// SPDX-License-Identifier: Apache-2.0
#include "core/lma/anchor_fixture_for_test.h"

/// What RFC 6275 asks of a receiver of Binding Updates and a sender of Binding Acknowledgements, and RFC 5213
/// leaves as it is.
namespace flowmob::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class MobileIpv6RulesTest : public AnchorFixture {
 protected:
  /// As it would be without what the test adds.
  void expect_ordinary(const wire::ProxyBindingUpdate& update) {
    clear();
    deliver(wire::encode(update, kMag1, kLma), kMag1);
    const auto pba = acknowledgement();
    ASSERT_TRUE(pba);
    EXPECT_EQ(pba->status, Status::Accepted);
    EXPECT_THAT(prefixes_in(*pba), ElementsAre(kOwn));
    EXPECT_EQ(show("sessions").size(), 1U);
  }
};

TEST_F(MobileIpv6RulesTest, ReservedFlagsAreIgnoredAndNotSent) {  // sections 6.1.7 and 6.1.8
  wire::ProxyBindingUpdate update = message(first());
  update.other_flags = 0x3f;
  update.home = update.link_local_compat = update.key_management = true;
  expect_ordinary(update);
  const auto pba = *acknowledgement();
  EXPECT_TRUE(pba.proxy);
  EXPECT_FALSE(pba.key_management || pba.mobile_router || pba.tlv_header || pba.bulk);
  EXPECT_EQ(pba.other_flags, 0);
}

TEST_F(MobileIpv6RulesTest, OptionsThatNobodyKnowsAreSkippedWhereverTheyStand) {  // section 6.2.1
  wire::ProxyBindingUpdate update = message(first());
  const wire::UnknownOption unknown{251, Bytes{1, 2, 3}};
  update.options.insert(update.options.begin(), unknown);
  update.options.insert(update.options.begin() + 3, unknown);
  update.options.push_back(unknown);
  expect_ordinary(update);
  EXPECT_EQ(wire::find<wire::UnknownOption>(acknowledgement()->options), nullptr);
}

TEST_F(MobileIpv6RulesTest, ACareOfAddressThatIsNotRoutableIsDroppedInSilence) {  // section 6.1.7
  for (const char* text : {"fe80::1", "ff02::1", "::1", "::"}) {
    Pbu p = first();
    p.more = {wire::AlternateCareOfAddress{address(text)}};
    EXPECT_EQ(ask(p), std::nullopt) << text;
  }
  EXPECT_EQ(dropped("care-of-address"), 4U);
  Pbu p = first();
  p.source = address("fe80::1");
  EXPECT_EQ(ask(p), std::nullopt);
  EXPECT_THAT(rows(), IsEmpty());
  EXPECT_THAT(show("sessions"), IsEmpty());
}

TEST_F(MobileIpv6RulesTest, TheBindingLastsNoLongerThanAsked) {  // section 9.5.2
  Pbu p = first();
  p.lifetime = 5;
  EXPECT_EQ(accepted(p).lifetime, 5);
  advance(20s - 1ms);
  timeout();
  EXPECT_EQ(show("sessions").size(), 1U);
  advance(1ms);
  timeout();
  EXPECT_THAT(events(), ElementsAre("binding-expired"));
  EXPECT_THAT(show("sessions"), IsEmpty());
}

TEST_F(MobileIpv6RulesTest, AGoodbyeMakesNoBinding) {  // section 9.5.3
  EXPECT_EQ(ask(leave(first())), std::nullopt);
  EXPECT_THAT(rows(), IsEmpty());
  EXPECT_THAT(show("sessions"), IsEmpty());
}

}  // namespace
}  // namespace flowmob::core
