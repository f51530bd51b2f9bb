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
  EXPECT_EQ(to_string(static_cast<HandoffIndicator>(7)), "7");
  EXPECT_EQ(to_string(static_cast<AccessTechnology>(255)), "255");
  EXPECT_EQ(to_string(static_cast<BindingStatus>(200)), "200");
  EXPECT_EQ(to_string(static_cast<BindingErrorStatus>(0)), "0");
}

}  // namespace
}  // namespace flowmob::wire
