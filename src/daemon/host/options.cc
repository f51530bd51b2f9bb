// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/options.h"

#include <CLI/CLI.hpp>

namespace flowmob::daemon {

std::variant<Options, int> parse_options(int argc, char** argv, const std::string& program,
                                         const std::string& what) {
  Options options;
  CLI::App app{what, program};
  app.set_version_flag("--version", FLOWMOB_VERSION);
  app.add_option("-c,--config", options.config, "configuration file (TOML)")->required();
  app.add_option("--netns", options.netns, "network namespace to run in, as named by `ip netns`");
  app.add_option("--log-level", options.log_level, "trace, debug, info, warning, error or off");
  app.add_flag("--teardown", options.teardown,
               "remove what an earlier run left in the kernel and on disk, then exit");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return options;
}

}  // namespace flowmob::daemon
