// SPDX-License-Identifier: Apache-2.0
#include "lab/domain/lock.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>

namespace flowmob::lab {
namespace {

TEST(LabLock, OneHolderAtATimeAndNothingLeft) {
  const std::filesystem::path file = testing::TempDir() + "flowmob-lock-" + std::to_string(::getpid());
  {
    const auto first = LabLock::take(file);
    ASSERT_TRUE(first);
    const auto second = LabLock::take(file);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, "busy");
  }
  EXPECT_FALSE(std::filesystem::exists(file));
  EXPECT_TRUE(LabLock::take(file));
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(LabLock, AMovedLockIsHeldOnce) {
  const std::filesystem::path file = testing::TempDir() + "flowmob-moved-" + std::to_string(::getpid());
  auto first = LabLock::take(file);
  ASSERT_TRUE(first);
  std::optional<LabLock> kept(std::move(*first));
  EXPECT_FALSE(LabLock::take(file));
  kept.reset();
  EXPECT_TRUE(LabLock::take(file));
}

TEST(LabLock, AFolderThatIsMissingIsAnError) {
  const auto lock = LabLock::take(std::filesystem::path("/nonexistent/flowmob.lock"));
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().code, "open-failed");
}

}  // namespace
}  // namespace flowmob::lab
