// SPDX-License-Identifier: Apache-2.0
#include "core/lma/anchor_fixture_for_test.h"

/// RFC 7864 section 3.2.1: an interface that shares the prefixes of another.
namespace flowmob::core {
namespace {

using testing::ElementsAre;

LmaConfig without_policy() {
  LmaConfig config = test_config();
  config.share_prefixes = false;  // so that only the Handoff Indicator can ask for it
  return config;
}

class SharedPrefixesTest : public AnchorFixture {
 protected:
  SharedPrefixesTest() : AnchorFixture(without_policy()) { accepted(first()); }

  Pbu sharing(Pbu p) const {
    p.handoff = HI::NewInterfaceSharingPrefixes;
    p.prefixes = {kOwn};
    return p;
  }
};

TEST_F(SharedPrefixesTest, AnotherInterfaceIsAnotherSessionWithTheSamePrefixes) {
  EXPECT_THAT(prefixes_in(accepted(sharing(second()))), ElementsAre(kOwn));
  EXPECT_EQ(show("sessions").size(), 2U);
  EXPECT_EQ(show("sessions")[0]["mag"], "mag1");
  EXPECT_EQ(show("sessions")[1]["mag"], "mag2");
}

TEST_F(SharedPrefixesTest, AKnownInterfaceIsUpdated) {
  Pbu moved = sharing(first());
  moved.source = kMag2;
  EXPECT_THAT(prefixes_in(accepted(moved)), ElementsAre(kOwn));
  EXPECT_EQ(show("sessions").size(), 1U);
  EXPECT_EQ(show("sessions")[0]["mag"], "mag2");
}

TEST_F(SharedPrefixesTest, AnotherTechnologyIsAnotherInterface) {
  Pbu other = sharing(first());
  other.technology = ATT::Wimax;
  EXPECT_THAT(prefixes_in(accepted(other)), ElementsAre(kOwn));
  EXPECT_EQ(show("sessions").size(), 2U);
}

TEST_F(SharedPrefixesTest, WithoutALinkLayerIdentifierItIsAnotherInterface) {
  Pbu nameless = sharing(second());
  nameless.link_layer_id = std::nullopt;
  EXPECT_THAT(prefixes_in(accepted(nameless)), ElementsAre(kOwn));
  EXPECT_EQ(show("sessions").size(), 2U);
  accepted(nameless);
  EXPECT_EQ(show("sessions").size(), 2U) << "sent again (docs/adr/0014)";
}

}  // namespace
}  // namespace flowmob::core
