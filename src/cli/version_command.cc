// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "cli/program.h"

namespace flowmob::cli {

void add_version_command(Program& program) {
  program.add(nullptr, "version", "the program's version", [](Terminal& terminal) {
    return terminal.finish(Answer{{{"version", FLOWMOB_VERSION}}, "flowmob " FLOWMOB_VERSION "\n"});
  });
}

}  // namespace flowmob::cli
