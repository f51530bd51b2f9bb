// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <variant>

namespace flowmob::daemon {

/// What every daemon takes on its command line.
struct Options {
  std::filesystem::path config;
  std::string netns;  ///< network namespace to enter; empty: stay
  std::string log_level = "info";
  bool teardown = false;  ///< remove data plane, routes and state of an earlier run, then exit
};

/// The options, or the exit status with which to leave at once (--help, --version, a usage error).
std::variant<Options, int> parse_options(int argc, char** argv, const std::string& program,
                                         const std::string& what);

}  // namespace flowmob::daemon
