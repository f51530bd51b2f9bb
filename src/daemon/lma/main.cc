// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/main.h"

#include "daemon/lma/daemon.h"

int main(int argc, char** argv) {
  using namespace flowmob::daemon;
  return run_daemon(argc, argv, {"flowmob-lmad", "The local mobility anchor of a flowmob domain."},
                    [](const Options& options) -> flowmob::Result<void> {
                      if (options.teardown) return LmaDaemon::teardown(options);
                      return LmaDaemon::start(options).map([](const auto& daemon) { daemon->run(); });
                    });
}
