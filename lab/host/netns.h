// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace flowmob::lab {

/// Network namespaces as `ip netns` keeps them.
Result<void> add_namespace(const std::string& name);
void remove_namespace(const std::string& name);  ///< ends what runs in it first
bool namespace_exists(const std::string& name);
std::vector<pid_t> processes_in(const std::string& name);

/// Runs lines of `ip` (see ip -batch) in a namespace; the first that fails ends it.
Result<void> ip(const std::string& netns, const std::string& lines);

}  // namespace flowmob::lab
