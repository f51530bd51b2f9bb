// SPDX-License-Identifier: Apache-2.0
#include "base/time.h"

#include <gtest/gtest.h>

#include "base/strong_id.h"

namespace flowmob {
namespace {

TEST(Now, MovesBothLinesTogether) {
  const Now start{TimePoint{Duration{5}}, WallTime{Duration{7}}};
  const Now later = start + std::chrono::seconds(1);
  EXPECT_EQ(later.monotonic - start.monotonic, std::chrono::seconds(1));
  EXPECT_EQ(later.wall - start.wall, std::chrono::seconds(1));
}

TEST(StrongId, ZeroIsNone) {
  EXPECT_FALSE(SessionId{});
  EXPECT_TRUE(SessionId{1});
  EXPECT_LT(SessionId{1}, SessionId{2});
}

}  // namespace
}  // namespace flowmob
