// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "base/error.h"
#include "daemon/config/load.h"
#include "daemon/host/options.h"

namespace flowmob::daemon {

struct Program {
  std::string name;  ///< "flowmob-lmad"
  std::string what;  ///< one sentence for --help
};

/// What every daemon's main() does around its own part: options, root, log and network namespace; an error of
/// `serve` goes to stderr. Returns the exit status: 0, 1 for an error, 2 for wrong usage.
int run_daemon(int argc, char** argv, const Program& program,
               const std::function<Result<void>(const Options&)>& serve);

/// How a daemon loads its file: on this machine, in this network namespace, every interface has to exist.
config::LoadOptions on_this_machine();

}  // namespace flowmob::daemon
