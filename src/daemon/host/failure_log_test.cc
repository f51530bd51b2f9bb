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
  FailureLog log{[this](const std::string& line) { lines.push_back(line); }};
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
  EXPECT_THAT(lines, ElementsAre("route: later [busy]", "route: works again", "route: later [busy]"));
}

}  // namespace
}  // namespace flowmob::daemon
