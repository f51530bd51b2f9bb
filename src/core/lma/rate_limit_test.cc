// SPDX-License-Identifier: Apache-2.0
#include "core/lma/rate_limit.h"

#include <gtest/gtest.h>

namespace flowmob::core {
namespace {

using namespace std::chrono_literals;

int allowed(RateLimit& limit, TimePoint now) {
  int count = 0;
  while (count < 1000 && limit.allow(now)) ++count;
  return count;
}

TEST(RateLimit, HoldsASecondsWorth) {
  RateLimit limit(10);
  EXPECT_EQ(allowed(limit, TimePoint{100s}), 10);
  EXPECT_EQ(allowed(limit, TimePoint{100s + 500ms}), 5);
  EXPECT_EQ(allowed(limit, TimePoint{900s}), 10);
  EXPECT_EQ(allowed(limit, TimePoint{100s}), 0);
}

TEST(RateLimit, ZeroIsNever) {
  RateLimit limit(0);
  EXPECT_EQ(allowed(limit, TimePoint{100s}), 0);
  limit.set_rate(3);
  EXPECT_EQ(allowed(limit, TimePoint{101s}), 3);
  limit.set_rate(0);
  EXPECT_EQ(allowed(limit, TimePoint{200s}), 0);
}

}  // namespace
}  // namespace flowmob::core
