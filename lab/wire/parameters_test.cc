// SPDX-License-Identifier: Apache-2.0
#include "lab/wire/parameters.h"

#include <gtest/gtest.h>

namespace flowmob::lab {
namespace {

using namespace std::chrono_literals;

TEST(Parameters, EveryKeyWithItsUnits) {
  const auto p = parse_parameters("delay=2.5ms,jitter=100us,loss=0.5%,rate=20mbit,queue=64k");
  ASSERT_TRUE(p) << p.error().message;
  EXPECT_EQ(p->delay, 2500us);
  EXPECT_EQ(p->jitter, 100us);
  EXPECT_DOUBLE_EQ(p->loss, 0.005);
  EXPECT_EQ(p->rate, 20'000'000U);
  EXPECT_EQ(p->queue, 65536U);
}

TEST(Parameters, WhatIsNotNamedStays) {
  const auto p = parse_parameters("loss=1", LinkParameters{.delay = 7ms});
  ASSERT_TRUE(p);
  EXPECT_EQ(p->delay, 7ms);
  EXPECT_DOUBLE_EQ(p->loss, 1.0);
}

TEST(Parameters, TextReadsBack) {
  const auto p = parse_parameters("delay=3ms,jitter=1ms,loss=2%,rate=50mbit,queue=100k");
  ASSERT_TRUE(p);
  const auto again = parse_parameters(to_string(*p));
  ASSERT_TRUE(again) << to_string(*p);
  EXPECT_EQ(to_string(*again), to_string(*p));
  EXPECT_EQ(again->rate, p->rate);
}

TEST(Parameters, NonsenseIsRefused) {
  for (const char* text : {"delay", "delay=", "delay=5", "delay=-5ms", "loss=101%", "loss=2", "rate=20mb",
                           "speed=1", "queue=1x", "delay=5ms,,"}) {
    EXPECT_FALSE(parse_parameters(text)) << text;
  }
}

}  // namespace
}  // namespace flowmob::lab
