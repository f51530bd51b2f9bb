// SPDX-License-Identifier: Apache-2.0
#include "cli/program.h"
#include "lab/command_line.h"
#include "lab/lab.h"
#include "lab/probe/command_line.h"
#include "lab/wire/command_line.h"

namespace {

template <class CommandLine>
std::shared_ptr<const CLI::App> app_of() {
  auto line = std::make_shared<CommandLine>();
  return {line, &line->app};
}

std::vector<std::shared_ptr<const CLI::App>> described_too() {
  using namespace flowmob::lab;
  return {app_of<CommandLine>(), app_of<ProbeCommandLine>(), app_of<WireCommandLine>()};
}

}  // namespace

int main(int argc, char** argv) {
  flowmob::cli::Terminal terminal;
  return flowmob::cli::run({argv + 1, argv + argc}, terminal,
                           {.lab = flowmob::lab::lab_main, .described_too = described_too});
}
