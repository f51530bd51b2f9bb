// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace flowmob::lab {

/// What may be said after `flowmob lab`.
struct CommandLine {
  CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  /// Throws CLI::ParseError.
  void parse(const std::vector<std::string>& arguments);

  CLI::App app;
  std::string chosen;  ///< the subcommand
  std::string name = "lab", engine = "auto", node, link, state, output = "build/demo";
  std::vector<std::string> command;
  bool json = false, no_daemons = false;
};

/// Whether --json is among the words that are ours: after "--" they are another program's.
bool asks_for_json(const std::vector<std::string>& arguments);

}  // namespace flowmob::lab
