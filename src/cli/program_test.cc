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

/// What is said of words that are no command line.
std::string complaint(Words words) {
  std::FILE* out = std::tmpfile();
  Terminal terminal(out);
  words.push_back("--json");
  EXPECT_EQ(run(words, terminal, {.run_folder = "/nonexistent", .lab = {}}), kUsage);
  std::rewind(out);
  std::string text(4096, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), out));
  std::fclose(out);
  return Json::parse(text)["error"]["message"];
}

TEST(Program, AnOptionsValueIsNotTakenForTheCommand) {
  EXPECT_EQ(complaint({"--control", "X", "flow", "move", "video"}), "--to is required");
  EXPECT_EQ(complaint({"--control", "X", "shwo"}), "no command 'shwo'; did you mean 'show'?");
  EXPECT_EQ(complaint({"--control", "X", "show"}), complaint({"show"}));
  EXPECT_EQ(lab_is_told({"--control", "X", "lab", "up"}), (Words{"--control", "X", "up"}));
}

TEST(Program, AMisspeltSubcommandIsNamed) {
  for (const Words& words : {Words{"show", "bindngs"}, Words{"--control", "X", "show", "bindngs"},
                             Words{"show", "--control", "X", "bindngs"}})
    EXPECT_EQ(complaint(words), "no command 'show bindngs'; did you mean 'show bindings'?");
}

}  // namespace
}  // namespace flowmob::cli
