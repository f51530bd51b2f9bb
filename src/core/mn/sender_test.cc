// SPDX-License-Identifier: Apache-2.0
#include "core/mn/sender.h"

#include <gtest/gtest.h>

namespace flowmob::core {
namespace {

constexpr auto kWhoever = std::nullopt;

TEST(SenderTest, ACgroupIsBelowItselfAndWhatItIsIn) {
  EXPECT_TRUE(is_below("/a", "/a"));
  EXPECT_TRUE(is_below("/a/b", "/a"));
  EXPECT_FALSE(is_below("/ab", "/a"));
  EXPECT_FALSE(is_below("/a", "/a/b"));
  EXPECT_FALSE(is_below("", "/a"));
}

TEST(SenderTest, AllThatIsAskedHasToHold) {
  const Sender alice{{{"alice", wire::Range<std::uint32_t>{1000, 1000}}}, "/user.slice"};
  EXPECT_EQ(first_mismatch(alice, {1000, "/user.slice/x"}), kWhoever);
  EXPECT_EQ(first_mismatch(alice, {1001, "/user.slice"}), "user");
  EXPECT_EQ(first_mismatch(alice, {1000, "/system.slice"}), "cgroup");
  EXPECT_EQ(first_mismatch(alice, {1000, ""}), "cgroup");
  EXPECT_EQ(first_mismatch(alice, {}), "user") << "packets that are forwarded are nobody's";
  EXPECT_EQ(first_mismatch(Sender{}, {}), kWhoever);
}

TEST(SenderTest, WhoDoesNotExistSendsNothing) {
  EXPECT_EQ(first_mismatch(Sender{{{"nobody-here", {}}}, ""}, {1000, ""}), "user");
}

}  // namespace
}  // namespace flowmob::core
