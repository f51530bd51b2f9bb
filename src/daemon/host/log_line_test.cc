// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/log_line.h"

#include <gtest/gtest.h>

namespace flowmob::daemon {
namespace {

TEST(LogLine, PlainValuesStandBare) {
  EXPECT_EQ(log_line("flow-moved", {{"flow", "video"}, {"from", "mag1"}, {"ms", 3}}),
            "flow-moved flow=video from=mag1 ms=3");
  EXPECT_EQ(log_line("started", platform::Json::object()), "started");
}

TEST(LogLine, NothingInAValueCanForgeAnotherLineOrField) {
  EXPECT_EQ(log_line("x", {{"mn", "a\nb c=d"}}), R"(x mn="a\nb c=d")");
  EXPECT_EQ(log_line("x", {{"mn", ""}, {"list", {"a", "b"}}}), R"(x mn="" list=["a","b"])");
  EXPECT_EQ(log_line("x", {{"mn", "\xff\x1b"}}), "x mn=\"\\ufffd\\u001b\"");
}

}  // namespace
}  // namespace flowmob::daemon
