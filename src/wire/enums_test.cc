// SPDX-License-Identifier: Apache-2.0
#include "wire/enums.h"

#include <gtest/gtest.h>

namespace flowmob::wire {
namespace {

TEST(Enums, HaveNamesAndKeepTheNumbersThatHaveNone) {
  EXPECT_EQ(to_string(HandoffIndicator::NewInterfaceSharingPrefixes), "new-interface-sharing-prefixes");
  EXPECT_EQ(to_string(AccessTechnology::Wimax), "802.16e");
  EXPECT_EQ(to_string(BindingStatus::BcePbuPrefixSetDoNotMatch), "BCE_PBU_PREFIX_SET_DO_NOT_MATCH");
  EXPECT_EQ(to_string(BindingErrorStatus::UnrecognizedMhType), "UNRECOGNIZED_MH_TYPE");
  EXPECT_EQ(to_string(RevocationTrigger::InterMagHandoverUnknown), "inter-mag-handover-unknown");
  EXPECT_EQ(to_string(RevocationStatus::MobileNodeIsAttached), "MOBILE_NODE_IS_ATTACHED");
  EXPECT_EQ(to_string(Ipv4HomeAddressStatus::IncorrectIpv4HomeAddress), "INCORRECT_IPV4_HOME_ADDRESS");
  EXPECT_EQ(to_string(NotificationReason::FlowMobility), "flow-mobility");
  EXPECT_EQ(to_string(NotificationStatus::MobileNodeNotAttached), "MN_NOT_ATTACHED");
  EXPECT_EQ(to_string(static_cast<NotificationReason>(0x108)), "264");
  EXPECT_EQ(to_string(static_cast<NotificationStatus>(1)), "1");
  EXPECT_EQ(to_string(static_cast<RevocationTrigger>(8)), "8");
  EXPECT_EQ(to_string(static_cast<RevocationStatus>(136)), "136");
  EXPECT_EQ(to_string(static_cast<Ipv4HomeAddressStatus>(1)), "1");
  EXPECT_EQ(to_string(static_cast<HandoffIndicator>(7)), "7");
  EXPECT_EQ(to_string(static_cast<AccessTechnology>(255)), "255");
  EXPECT_EQ(to_string(static_cast<BindingStatus>(200)), "200");
  EXPECT_EQ(to_string(static_cast<BindingErrorStatus>(0)), "0");
}

TEST(Enums, EveryBindingStatusOfTheRegistryHasAName) {
  for (unsigned number = 0; number < 256; ++number) {
    const bool registered = number <= 6 || (number >= 128 && number <= 180);
    EXPECT_EQ(to_string(static_cast<BindingStatus>(number)) != std::to_string(number), registered) << number;
  }
}

}  // namespace
}  // namespace flowmob::wire
