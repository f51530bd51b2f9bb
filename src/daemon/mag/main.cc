// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/main.h"

#include "daemon/mag/daemon.h"

int main(int argc, char** argv) {
  using namespace flowmob::daemon;
  return run_daemon(argc, argv, {"flowmob-magd", "A mobile access gateway of a flowmob domain."},
                    [](const Options& options) -> flowmob::Result<void> {
                      if (options.teardown) return MagDaemon::teardown(options);
                      return MagDaemon::start(options).map([](const auto& daemon) { daemon->run(); });
                    });
}
