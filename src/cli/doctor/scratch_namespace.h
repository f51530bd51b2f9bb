// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/error.h"

namespace flowmob::cli {

/// Runs `probe` in a child process with a network namespace of its own, which ends with the child.
Result<std::string> in_scratch_namespace(Result<std::string> (*probe)());

/// Probes for in there: whether the kernel makes a veth pair, and puts netem on an interface.
Result<std::string> make_veth();
Result<std::string> add_netem();

}  // namespace flowmob::cli
