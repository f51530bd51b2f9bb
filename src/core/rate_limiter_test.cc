// SPDX-License-Identifier: Apache-2.0
#include "core/rate_limiter.h"

#include <gtest/gtest.h>

namespace flowmob::core {
namespace {

using namespace std::chrono_literals;

int allowed(RateLimiter& limiter, TimePoint now) {
  int count = 0;
  while (count < 1000 && limiter.allow(now)) ++count;
  return count;
}

TEST(RateLimiter, PermitsOnceAnInterval) {
  RateLimiter limiter(1s);
  EXPECT_TRUE(limiter.allow(TimePoint{5s}));
  EXPECT_FALSE(limiter.allow(TimePoint{5s}));
  EXPECT_FALSE(limiter.allow(TimePoint{5999ms}));
  EXPECT_TRUE(limiter.allow(TimePoint{6s}));
}

TEST(RateLimiter, HoldsABurst) {
  RateLimiter limiter(2s, 3);
  EXPECT_EQ(allowed(limiter, TimePoint{0s}), 3);
  EXPECT_EQ(allowed(limiter, TimePoint{3s}), 1);
  EXPECT_EQ(allowed(limiter, TimePoint{4s}), 1);
  EXPECT_EQ(allowed(limiter, TimePoint{99s}), 3);
}

TEST(RateLimiter, HoldsASecondsWorth) {
  auto limiter = RateLimiter::per_second(10);
  EXPECT_EQ(allowed(limiter, TimePoint{100s}), 10);
  EXPECT_EQ(allowed(limiter, TimePoint{100s + 500ms}), 5);
  EXPECT_EQ(allowed(limiter, TimePoint{900s}), 10);
  EXPECT_EQ(allowed(limiter, TimePoint{100s}), 0);
}

TEST(RateLimiter, ZeroIsNever) {
  auto limiter = RateLimiter::per_second(0);
  EXPECT_EQ(allowed(limiter, TimePoint{100s}), 0);
  limiter.set_rate(3);
  EXPECT_EQ(allowed(limiter, TimePoint{101s}), 3);
  limiter.set_rate(0);
  EXPECT_EQ(allowed(limiter, TimePoint{200s}), 0);
}

TEST(RateLimiter, ANewRateForgivesNothing) {
  auto limiter = RateLimiter::per_second(4);
  EXPECT_EQ(allowed(limiter, TimePoint{100s}), 4);
  limiter.set_rate(2);
  EXPECT_EQ(allowed(limiter, TimePoint{100s}), 0);
  EXPECT_EQ(allowed(limiter, TimePoint{101s}), 2);
}

}  // namespace
}  // namespace flowmob::core
