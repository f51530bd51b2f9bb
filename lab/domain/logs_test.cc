// SPDX-License-Identifier: Apache-2.0
#include "lab/domain/logs.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace flowmob::lab {
namespace {

TEST(LogTails, GiveTheLastLinesOfEveryLog) {
  const std::filesystem::path directory = testing::TempDir() + "flowmob-logs-" + std::to_string(::getpid());
  std::filesystem::create_directories(directory);
  std::ofstream(directory / "lma.log") << "one\ntwo\nthree\n";
  std::ofstream(directory / "mag1.log") << "alone\n";
  std::ofstream(directory / "mag2.log") << "";
  std::ofstream(directory / "state.json") << "{}\n";
  EXPECT_EQ(log_tails(directory, 2), "  lma:\n    two\n    three\n  mag1:\n    alone\n");
  EXPECT_EQ(log_tails(directory / "none", 2), "");
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace flowmob::lab
