// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/terminal.h"

namespace flowmob::cli {

/// What a command does once its arguments are read; gives the exit status.
using Action = std::function<int(Terminal&)>;

/// What lies around the program; tests put something else there.
struct Surroundings {
  std::filesystem::path run_folder = "/run/flowmob";
  /// `flowmob lab`: given the words after it.
  std::function<int(const std::vector<std::string>&)> lab;
  /// Command lines that are not in the tree of this program but stand in docs/cli.md: `flowmob lab`, other
  /// programs.
  std::function<std::vector<std::shared_ptr<const CLI::App>>()> described_too = {};
};

/// The whole command line: a tree of subcommands, of which parsing chooses one action.
struct Program {
  explicit Program(Surroundings around);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// A subcommand that does `action`. `parent` null: at the top.
  CLI::App* add(CLI::App* parent, const std::string& name, const std::string& help, Action action);
  /// A subcommand that only holds others, made when first asked for.
  CLI::App* group(const std::string& name, const std::string& help);

  CLI::App app;
  bool json = false;
  bool no_color = false;
  std::optional<std::string> control;
  const Surroundings surroundings;
  Action chosen;
};

/// Of the group "policy", whose commands stand in two files.
inline constexpr const char* kPolicyHelp = "rules for flows: checks, explains, compares and applies them";

/// Each adds the commands of its file.
void add_control_commands(Program& program);  ///< from the table of control commands
void add_check_command(Program& program);
void add_policy_check_command(Program& program);
void add_doctor_command(Program& program);
void add_decode_command(Program& program);
void add_docs_command(Program& program);
void add_version_command(Program& program);

/// The program: parses, does, prints; gives the exit status. No exception leaves it.
int run(const std::vector<std::string>& arguments, Terminal& terminal, const Surroundings& surroundings);

}  // namespace flowmob::cli
