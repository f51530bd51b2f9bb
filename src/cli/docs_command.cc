// SPDX-License-Identifier: Apache-2.0
#include "cli/program.h"
#include "cli/reference.h"
#include "daemon/config/reference.h"

namespace flowmob::cli {

void add_docs_command(Program& program) {
  // Hidden: for scripts/docs, and for the test that the pages are up to date.
  CLI::App* docs = program.group("docs", "prints a reference page");
  docs->group("");
  program.add(docs, "configuration", "docs/configuration.md", [](Terminal& terminal) {
    const std::string page = daemon::config::configuration_reference();
    return terminal.finish(Answer{{{"page", page}}, page});
  });
  program.add(docs, "cli", "docs/cli.md", [&program](Terminal& terminal) {
    const std::string page = command_reference(program.app, program.surroundings.described_too());
    return terminal.finish(Answer{{{"page", page}}, page});
  });
}

}  // namespace flowmob::cli
