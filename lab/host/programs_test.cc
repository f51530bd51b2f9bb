// SPDX-License-Identifier: Apache-2.0
#include "lab/host/programs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flowmob::lab {
namespace {

TEST(NeedPrograms, NamesEveryMissingOneAndWhereToGetIt) {
  EXPECT_TRUE(need_programs({"sh", "cat"}));
  const char* path = std::getenv("PATH");
  const std::string before = path == nullptr ? "" : path;
  ::setenv("PATH", "/nonexistent", 1);
  const auto found = need_programs({"tcpdump", "ss", "flowmob-nothing"});
  ::setenv("PATH", before.c_str(), 1);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, "missing-program");
  for (const char* part : {"tcpdump (apt install tcpdump)", "ss (apt install iproute2)", "flowmob-nothing"})
    EXPECT_THAT(found.error().message, testing::HasSubstr(part));
}

}  // namespace
}  // namespace flowmob::lab
