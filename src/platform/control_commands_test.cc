// SPDX-License-Identifier: Apache-2.0
#include "platform/control_commands.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace flowmob::platform {
namespace {

using nlohmann::ordered_json;

TEST(ControlCommands, NamesAreUniqueAndEveryRowIsComplete) {
  std::set<std::string_view> names;
  for (const ControlCommand& command : control_commands()) {
    EXPECT_TRUE(names.insert(command.name).second) << command.name;
    EXPECT_FALSE(command.help.empty()) << command.name;
    EXPECT_NE(command.daemons.bits, 0u) << command.name;
    std::set<std::string_view> arguments;
    for (const CommandArgument& argument : command.arguments) {
      EXPECT_TRUE(arguments.insert(argument.name).second) << command.name << ' ' << argument.name;
      EXPECT_FALSE(argument.help.empty()) << command.name << ' ' << argument.name;
    }
  }
}

TEST(ControlCommands, EveryDaemonHasItsCommands) {
  const auto known = [](DaemonRole role) {
    std::set<std::string_view> names;
    for (const ControlCommand& command : control_commands()) {
      if (command.daemons.has(role)) names.insert(command.name);
    }
    return names;
  };
  EXPECT_EQ(known(DaemonRole::Lma),
            (std::set<std::string_view>{
                "status",         "show bindings", "show sessions",  "show handovers",  "show flows",
                "show tunnels",   "show links",    "show peers",     "show statistics", "flow move",
                "flow release",   "show policies", "policy explain", "policy diff",     "policy apply",
                "policy confirm", "policy reload", "session revoke", "reload",          "monitor",
                "monitor drops",  "capture"}));
  EXPECT_EQ(
      known(DaemonRole::Mag),
      (std::set<std::string_view>{"status", "show bindings", "show tunnels", "show links", "show peers",
                                  "show statistics", "flow announce", "flow withdraw", "attach", "detach",
                                  "session revoke", "reload", "monitor", "monitor drops", "capture"}));
  EXPECT_EQ(known(DaemonRole::Mn),
            (std::set<std::string_view>{"status", "show flows", "show links", "show statistics", "flow move",
                                        "flow release", "member add", "member remove", "member prefer",
                                        "policy explain", "reload", "monitor", "monitor drops", "capture"}));
}

TEST(ControlCommands, WhatChangesSomethingOrShowsPacketsIsForAdministrators) {
  for (const char* name : {"flow move", "attach", "detach", "reload", "monitor drops", "capture"}) {
    EXPECT_EQ(find_command(name)->access, CommandAccess::Admin) << name;
  }
  for (const ControlCommand& command : control_commands()) {
    const bool shows = command.name.starts_with("show ");
    EXPECT_TRUE(!shows || command.access == CommandAccess::ReadOnly) << command.name;
  }
}

TEST(ControlCommands, UnknownNameHasNoRow) {
  EXPECT_EQ(find_command("show  bindings"), nullptr);
  EXPECT_EQ(find_command(""), nullptr);
  EXPECT_NE(find_command("monitor"), nullptr);
}

TEST(CheckArguments, AcceptsWhatTheTableSays) {
  const ControlCommand& attach = *find_command("attach");
  EXPECT_TRUE(check_arguments(attach, {{"access", "wimax"}, {"services", {"video", "internet"}}}));
  EXPECT_TRUE(check_arguments(attach, {{"access", "wimax"}, {"services", ordered_json::array()}}));
  EXPECT_TRUE(check_arguments(*find_command("reload"), ordered_json::object()));
}

struct BadCase {
  const char* command;
  const char* arguments;
  const char* complains_about;
};
class BadArguments : public ::testing::TestWithParam<BadCase> {};

TEST_P(BadArguments, AreRefusedByName) {
  const auto checked =
      check_arguments(*find_command(GetParam().command), ordered_json::parse(GetParam().arguments));
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, "bad-argument");
  EXPECT_NE(checked.error().message.find(GetParam().complains_about), std::string::npos)
      << checked.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadArguments,
    ::testing::Values(
        BadCase{"flow move", R"({"to":"mag1"})", "'flow' is missing"},
        BadCase{"flow move", R"({"flow":"video","to":"mag1","now":true})", "'now' is not known"},
        BadCase{"flow move", R"({"flow":7,"to":"mag1"})", "'flow' has to be a string"},
        BadCase{"attach", R"({"access":"a","services":"video"})", "'services' has to be a list of strings"},
        BadCase{"attach", R"({"access":"a","services":["video",1]})", "'services' has to be"},
        BadCase{"reload", R"({"force":true})", "'force' is not known"},
        BadCase{"reload", R"([])", "has to be an object"}));

}  // namespace
}  // namespace flowmob::platform
