// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

namespace flowmob::cli {

/// docs/cli.md, from the tree of commands and from `others`, each under its own name; one that is called as a
/// command of the tree ("flowmob lab") stands in its place.
std::string command_reference(const CLI::App& program,
                              const std::vector<std::shared_ptr<const CLI::App>>& others);

}  // namespace flowmob::cli
