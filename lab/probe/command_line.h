// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>

#include "lab/probe/options.h"

namespace flowmob::lab {

/// The words of flowmob-probe; parsing fills `options`. docs/cli.md is made from it too.
struct ProbeCommandLine {
  ProbeCommandLine();
  ProbeCommandLine(const ProbeCommandLine&) = delete;
  ProbeCommandLine& operator=(const ProbeCommandLine&) = delete;

  CLI::App app;
  ProbeOptions options;
  CLI::App *serve, *stream, *ping;

 private:
  void add_serve_options();
  void add_stream_options();
  void add_ping_options();
  void add_transport_options(CLI::App& command);
  void add_common_options(CLI::App& command);
};

}  // namespace flowmob::lab
