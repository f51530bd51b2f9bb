// SPDX-License-Identifier: Apache-2.0
#include "core/lma/effect_queue.h"

#include <gtest/gtest.h>

namespace flowmob::core {
namespace {

TEST(EffectQueue, KeepsOrderAndAwaitsOnlyWhatGates) {
  EffectQueue queue;
  queue.push_asking(RemoveFlow{FlowIndex{1}}, "a", false);
  EXPECT_FALSE(queue.awaits("a"));
  queue.push_asking(InstallFlow{}, "a", true);
  EXPECT_TRUE(queue.awaits("a"));
  queue.push(Notify{"x", {}});
  const auto one = queue.poll(), two = queue.poll(), three = queue.poll();
  EXPECT_EQ(name_of(one->action), "remove-flow");
  EXPECT_EQ(name_of(two->action), "install-flow");
  EXPECT_EQ(three->id, EffectId{});
  EXPECT_FALSE(queue.poll());
  EXPECT_TRUE(queue.answer(two->id)->gates);
  EXPECT_FALSE(queue.awaits("a"));
  EXPECT_FALSE(queue.answer(two->id));
}

TEST(EffectQueue, TakesBackOnlyOneOwnersGates) {
  EffectQueue queue;
  queue.push_asking(InstallFlow{}, "a", true);
  queue.push_asking(InstallNode{}, "a", true);
  queue.push_asking(InstallSession{}, "b", true);
  queue.push_asking(RemoveFlow{}, "a", false);
  const auto left = queue.poll();
  queue.cancel_gating("a");
  EXPECT_FALSE(queue.awaits("a"));
  EXPECT_TRUE(queue.awaits("b"));
  EXPECT_EQ(name_of(queue.poll()->action), "install-session");
  EXPECT_EQ(name_of(queue.poll()->action), "remove-flow");
  EXPECT_FALSE(queue.poll());
  ASSERT_TRUE(queue.answer(left->id));
}

}  // namespace
}  // namespace flowmob::core
