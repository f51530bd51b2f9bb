// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace flowmob::cli {

/// docs/cli.md, from the tree of commands.
std::string command_reference(const CLI::App& program);

}  // namespace flowmob::cli
