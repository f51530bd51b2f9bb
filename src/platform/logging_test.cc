// SPDX-License-Identifier: Apache-2.0
#include "platform/logging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <string>

namespace flowmob::platform {
namespace {

using ::testing::MatchesRegex;

/// What `body` writes to stderr.
std::string stderr_of(const std::function<void()>& body) {
  ::testing::internal::CaptureStderr();
  body();
  return ::testing::internal::GetCapturedStderr();
}

/// JOURNAL_STREAM as systemd would set it for the present stderr.
void pretend_journal() {
  struct ::stat status {};
  ASSERT_EQ(::fstat(STDERR_FILENO, &status), 0);
  ::setenv("JOURNAL_STREAM", (std::to_string(status.st_dev) + ':' + std::to_string(status.st_ino)).c_str(),
           1);
}

class LoggingTest : public ::testing::Test {
 protected:
  void TearDown() override { ::unsetenv("JOURNAL_STREAM"); }
};

TEST_F(LoggingTest, LineHasTimeProgramAndLevel) {
  const std::string text = stderr_of([] {
    ASSERT_TRUE(set_up_logging("flowmob-lmad", "info"));
    spdlog::info("up with {} bindings", 3);
  });
  EXPECT_THAT(
      text, MatchesRegex("[0-9]+-[0-9]+-[0-9]+T[0-9]+:[0-9]+:[0-9]+\\.[0-9]+Z flowmob-lmad\\[[0-9]+\\] info: "
                         "up with 3 bindings\n"));
}

TEST_F(LoggingTest, LevelHoldsBackWhatIsBelowIt) {
  const std::string text = stderr_of([] {
    ASSERT_TRUE(set_up_logging("x", "warning"));
    spdlog::info("quiet");
    spdlog::warn("loud");
  });
  EXPECT_THAT(text,
              ::testing::AllOf(::testing::HasSubstr("loud"), ::testing::Not(::testing::HasSubstr("quiet"))));
  EXPECT_EQ(stderr_of([] {
              ASSERT_TRUE(set_up_logging("x", "off"));
              spdlog::critical("nothing");
            }),
            "");
}

TEST_F(LoggingTest, JournalGetsThePriorityAndNoTime) {
  const std::string text = stderr_of([] {
    pretend_journal();
    ASSERT_TRUE(set_up_logging("flowmob-lmad", "debug"));
    spdlog::debug("d");
    spdlog::info("i");
    spdlog::warn("w");
    spdlog::error("e");
  });
  EXPECT_EQ(text, "<7>d\n<6>i\n<4>w\n<3>e\n");
}

TEST_F(LoggingTest, RedirectedStderrIsNoJournal) {
  ::setenv("JOURNAL_STREAM", "1:1", 1);
  const std::string text = stderr_of([] {
    ASSERT_TRUE(set_up_logging("x", "info"));
    spdlog::info("i");
  });
  EXPECT_THAT(text, ::testing::Not(::testing::StartsWith("<6>")));
}

TEST_F(LoggingTest, UnknownLevelIsAnError) {
  const auto done = set_up_logging("x", "loud");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "bad-log-level");
}

}  // namespace
}  // namespace flowmob::platform
