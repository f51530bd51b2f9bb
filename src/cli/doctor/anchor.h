// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/terminal.h"

namespace flowmob::cli {

/// What an LMA's file has forward at an interface, and what will, as far as can be said without trying.
struct DatapathFinding {
  std::string interface, wanted, expected, reason;
};
struct AnchorFinding {
  std::string file;  ///< empty: there is no LMA here
  std::vector<DatapathFinding> interfaces;
  std::string problem;  ///< why the file says nothing
};

/// Of this process's network namespace.
AnchorFinding examine_anchor(const std::filesystem::path& file);

Json to_json(const AnchorFinding& anchor);
/// A paragraph; empty where there is no LMA.
std::string text_of(const AnchorFinding& anchor);

}  // namespace flowmob::cli
