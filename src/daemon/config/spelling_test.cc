// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/spelling.h"

#include <gtest/gtest.h>

#include <array>

namespace flowmob::daemon::config {
namespace {

TEST(Spelling, DistanceCountsEdits) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("address", "address"), 0u);
  EXPECT_EQ(edit_distance("adress", "address"), 1u);
  EXPECT_EQ(edit_distance("addresss", "address"), 1u);
  EXPECT_EQ(edit_distance("adderss", "address"), 1u) << "a swap is one edit";
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(Spelling, FindsWhatWasMeant) {
  constexpr std::array<std::string_view, 4> kKnown{"address", "name", "pools", "to"};
  EXPECT_EQ(did_you_mean("adress", kKnown), "address");
  EXPECT_EQ(did_you_mean("pool", kKnown), "pools");
  EXPECT_EQ(did_you_mean("nmae", kKnown), "name");
  EXPECT_EQ(did_you_mean("colour", kKnown), std::nullopt);
  EXPECT_EQ(did_you_mean("x", kKnown), std::nullopt);
  EXPECT_EQ(did_you_mean("", kKnown), std::nullopt);
}

}  // namespace
}  // namespace flowmob::daemon::config
