// SPDX-License-Identifier: Apache-2.0
#include "core/lma/anchor_fixture_for_test.h"

/// RFC 5149 at the anchor.
namespace flowmob::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ServiceTest : public AnchorFixture {
 protected:
  void register_with(Pbu p, const char* service) {
    p.service = service;
    accepted(p);
  }
  std::optional<Status> status_with(Pbu p, const char* service) {
    p.service = service;
    return status(p);
  }
};

TEST_F(ServiceTest, WithoutAServiceANodeHasTheDefaultOne) {  // section 1
  Pbu p = first();
  p.mn = "mn3";  // which is authorised for none
  accepted(p);
  EXPECT_EQ(show("flows").size(), 1U);
  EXPECT_EQ(mag_of("*", "mn3"), "mag1");
}

TEST_F(ServiceTest, IsAuthorisedByTheNodesProfile) {  // section 4.2
  Pbu p = first();
  EXPECT_EQ(status_with(p, "video"), Status::Accepted);
  p.mn = "mn3";
  EXPECT_EQ(status_with(p, "video"), Status::ServiceAuthorizationFailed);
  EXPECT_THAT(rows(), IsEmpty());
}

TEST_F(ServiceTest, AnotherOneIsAuthorisedAnew) {  // section 4.2
  register_with(first(), "video");
  register_with(first(), "voice");
  auto config = test_config();
  config.mobile_nodes[0].services = {"video"};
  ASSERT_TRUE(lma->reconfigure(now, config));
  EXPECT_EQ(status_with(first(), "video"), Status::Accepted);
  EXPECT_EQ(status_with(first(), "voice"), Status::ServiceAuthorizationFailed);
}

TEST_F(ServiceTest, ARefusedOneTakesTheSessionAlongAndNoOther) {  // section 4.2
  register_with(first(), "video");
  register_with(second(), "internet");
  EXPECT_EQ(status_with(first(), "gold"), Status::ServiceAuthorizationFailed);
  EXPECT_THAT(events(), ElementsAre("binding-deleted", "flow-fallback", "binding-rejected"));
  ASSERT_EQ(show("sessions").size(), 1U);
  EXPECT_EQ(show("sessions")[0]["mag"], "mag2");
  EXPECT_EQ(mag_of("video"), "mag2");
  EXPECT_EQ(status_with(second(), "gold"), Status::ServiceAuthorizationFailed);
  EXPECT_THAT(show("sessions"), IsEmpty());
  EXPECT_EQ(lma->poll_timeout(), std::nullopt);
}

TEST_F(ServiceTest, ARefusedOneOfANewInterfaceLeavesTheOthers) {
  register_with(first(), "video");
  EXPECT_EQ(status_with(second(), "gold"), Status::ServiceAuthorizationFailed);
  EXPECT_THAT(rows(), IsEmpty());
  EXPECT_EQ(mag_of("video"), "mag1");
}

TEST_F(ServiceTest, ARefusedOneWaitsForTheChangeUnderWay) {
  answering = false;
  clear();
  send(first());
  Pbu p = first();
  p.service = "gold";
  send(p);
  EXPECT_EQ(acknowledgement(), std::nullopt);
  while (!unanswered.empty()) answer_all();
  EXPECT_THAT(show("sessions"), IsEmpty());
  EXPECT_THAT(events(), ElementsAre("binding-registered", "binding-deleted", "binding-rejected"));
}

}  // namespace
}  // namespace flowmob::core
