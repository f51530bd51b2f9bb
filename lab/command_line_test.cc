// SPDX-License-Identifier: Apache-2.0
#include "lab/command_line.h"

#include <gtest/gtest.h>

namespace flowmob::lab {
namespace {

using Words = std::vector<std::string>;

TEST(CommandLine, JsonMayStandBeforeAndAfterTheSubcommand) {
  for (const Words& words : {Words{"--json", "status"}, Words{"status", "--json"}}) {
    CommandLine line;
    line.parse(words);
    EXPECT_TRUE(line.json);
    EXPECT_EQ(line.chosen, "status");
  }
}

TEST(CommandLine, WhatFollowsTheDashesIsTheOtherProgramsOwn) {
  const Words words{"exec", "mn", "--", "ip", "--json", "-c", "link"};
  CommandLine line;
  line.parse(words);
  EXPECT_FALSE(line.json);
  EXPECT_FALSE(asks_for_json(words));
  EXPECT_EQ(line.node, "mn");
  EXPECT_EQ(line.command, (Words{"ip", "--json", "-c", "link"}));
}

TEST(CommandLine, JsonBeforeTheDashesIsOurs) {
  const Words words{"exec", "mn", "--json", "--", "ping", "::1"};
  CommandLine line;
  line.parse(words);
  EXPECT_TRUE(line.json);
  EXPECT_TRUE(asks_for_json(words));
  EXPECT_EQ(line.command, (Words{"ping", "::1"}));
}

TEST(CommandLine, TheDemoHasALabOfItsOwn) {
  CommandLine by_default, named, up;
  by_default.parse({"demo"});
  EXPECT_EQ(by_default.name, "demo");
  named.parse({"demo", "--name", "mine"});
  EXPECT_EQ(named.name, "mine");
  up.parse({"up"});
  EXPECT_EQ(up.name, "lab");
}

TEST(CommandLine, MisuseIsAnError) {
  for (const Words& words :
       {Words{}, Words{"upp"}, Words{"up", "--engine", "steam"}, Words{"link", "mag1-mn"},
        Words{"link", "mag1-mn", "sideways"}, Words{"exec", "mn"}}) {
    CommandLine line;
    EXPECT_THROW(line.parse(words), CLI::ParseError);
  }
}

}  // namespace
}  // namespace flowmob::lab
