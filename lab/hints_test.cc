// SPDX-License-Identifier: Apache-2.0
#include "lab/hints.h"

#include <gtest/gtest.h>

namespace flowmob::lab {
namespace {

TEST(Hints, NameTheLabUnlessItIsTheUsualOne) {
  EXPECT_EQ(what_to_try(*Plan::create("lab")),
            "Try:  flowmob lab exec mn -- ping 2001:db8:c::10\n"
            "      flowmob show bindings\n"
            "      flowmob lab down\n");
  EXPECT_EQ(what_to_try(*Plan::create("strgr")),
            "Try:  flowmob lab exec --name strgr mn -- ping 2001:db8:c::10\n"
            "      flowmob --control strgr/lma show bindings\n"
            "      flowmob lab down --name strgr\n");
}

}  // namespace
}  // namespace flowmob::lab
