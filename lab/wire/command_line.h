// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "lab/wire/engine.h"

namespace flowmob::lab {

/// The words of flowmob-wire; parsing fills the rest. docs/cli.md is made from it too.
struct WireCommandLine {
  WireCommandLine();
  WireCommandLine(const WireCommandLine&) = delete;
  WireCommandLine& operator=(const WireCommandLine&) = delete;

  CLI::App app;
  WireOptions wire;
  std::string engine = "auto", netns, control, both, a_to_b, b_to_a;
};

}  // namespace flowmob::lab
