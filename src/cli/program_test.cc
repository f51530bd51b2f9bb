// SPDX-License-Identifier: Apache-2.0
#include "cli/program.h"

#include <gtest/gtest.h>

namespace flowmob::cli {
namespace {

using Words = std::vector<std::string>;

Words lab_is_told(const Words& arguments) {
  Words told;
  Terminal terminal;
  const auto lab = [&](const Words& words) {
    told = words;
    return 7;
  };
  EXPECT_EQ(run(arguments, terminal, {.lab = lab}), 7);
  return told;
}

TEST(Program, TheLabsWordsAreItsOwn) {
  EXPECT_EQ(lab_is_told({"lab", "exec", "mn", "--", "ping", "-c", "1", "::1"}),
            (Words{"exec", "mn", "--", "ping", "-c", "1", "::1"}));
  EXPECT_EQ(lab_is_told({"lab"}), Words{});
}

TEST(Program, AnOptionBeforeTheLabNeverBecomesAnotherProgramsArgument) {
  EXPECT_EQ(lab_is_told({"--json", "lab", "exec", "mn", "--", "ping", "::1"}),
            (Words{"--json", "exec", "mn", "--", "ping", "::1"}));
}

}  // namespace
}  // namespace flowmob::cli
