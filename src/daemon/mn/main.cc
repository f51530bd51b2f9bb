// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/main.h"

#include "daemon/mn/daemon.h"

int main(int argc, char** argv) {
  using namespace flowmob::daemon;
  return run_daemon(argc, argv, {"flowmob-mnd", "The virtual interface of a flowmob mobile node."},
                    [](const Options& options) -> flowmob::Result<void> {
                      if (options.teardown) return MnDaemon::teardown(options);
                      return MnDaemon::start(options).map([](const auto& daemon) { daemon->run(); });
                    });
}
