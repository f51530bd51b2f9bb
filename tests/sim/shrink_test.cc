// SPDX-License-Identifier: Apache-2.0
#include "shrink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "life_plan.h"

using ::testing::ElementsAre;

namespace flowmob::sim {
namespace {

std::vector<int> one_to(int last) {
  std::vector<int> all(static_cast<std::size_t>(last));
  std::iota(all.begin(), all.end(), 1);
  return all;
}

bool has(const std::vector<int>& list, int value) { return std::ranges::count(list, value) != 0; }

TEST(Shrink, FindsTheThreeThatMatter) {
  const auto left = shrink<int>(
      one_to(200), [](const auto& list) { return has(list, 3) && has(list, 77) && has(list, 198); }, 500);
  EXPECT_THAT(left, ElementsAre(3, 77, 198));
}

TEST(Shrink, StopsWhenItHasTriedEnough) {
  unsigned tried = 0;
  const auto left = shrink<int>(
      one_to(100), [&](const auto& list) { return ++tried != 0 && has(list, 1) && has(list, 100); }, 7);
  EXPECT_EQ(tried, 7U);
  EXPECT_TRUE(has(left, 1) && has(left, 100));
}

TEST(Shrink, WhatFailsOnlyAsAWholeStays) {
  const auto all = one_to(6);
  EXPECT_EQ(shrink<int>(
                all, [&](const auto& list) { return list == all; }, 100),
            all);
}

TEST(LifePlans, AreTheSameEveryTimeAndDifferBySeed) {
  const auto text = [](const LifePlan& plan) {
    std::string all = plan.describe();
    for (const auto& action : plan.actions) all += '\n' + to_string(action);
    return all;
  };
  EXPECT_EQ(text(make_plan(7)), text(make_plan(7)));
  EXPECT_NE(text(make_plan(7)), text(make_plan(8)));
}

}  // namespace
}  // namespace flowmob::sim
