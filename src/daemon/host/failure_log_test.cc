// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/failure_log.h"

#include <gmock/gmock.h>

#include <vector>

namespace flowmob::daemon {
namespace {

using ::testing::ElementsAre;

class FailureLogTest : public ::testing::Test {
 protected:
  std::vector<std::string> lines;
  TimePoint now{std::chrono::seconds(5)};
  FailureLog log{[this](const std::string& line, bool works_again) {
                   lines.push_back((works_again ? "+ " : "") + line);
                 },
                 [this] { return now; }};
};

TEST_F(FailureLogTest, SuccessIsSilent) {
  log.note("route", {});
  EXPECT_THAT(lines, ElementsAre());
}

TEST_F(FailureLogTest, OneReasonOneLine) {
  log.note("route", fail("no-route", "no way"));
  log.note("route", fail("no-route", "no way"));
  log.note("tunnel", fail("no-route", "no way"));
  log.note("route", fail("busy", "later"));
  EXPECT_THAT(lines,
              ElementsAre("route: no way [no-route]", "tunnel: no way [no-route]", "route: later [busy]"));
}

TEST_F(FailureLogTest, RecoveryIsToldAndForgotten) {
  log.note("route", fail("busy", "later"));
  log.note("route", {});
  log.note("route", {});
  log.note("route", fail("busy", "later"));
  EXPECT_THAT(lines, ElementsAre("route: later [busy]", "+ route: works again", "route: later [busy]"));
}

TEST_F(FailureLogTest, WhatComesAndGoesFillsNoDisk) {
  for (int i = 0; i < 500; ++i)
    log.note("messages", i % 2 == 0 ? fail("no-route", "no way") : Result<void>());
  EXPECT_EQ(lines.size(), 20U);
  now += std::chrono::seconds(1);
  log.note("route", fail("no-route", "no way"));
  EXPECT_EQ(lines.back(), "route: no way [no-route] (480 lines left out before)");
}

}  // namespace
}  // namespace flowmob::daemon
