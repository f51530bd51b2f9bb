// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace flowmob::lab {

/// Where a program of this project stands: beside the running executable, or in the PATH.
std::filesystem::path program_path(const std::string& name);

/// "missing-program": which of them are neither beside us nor in the PATH, and what to install. Asked before
/// anything is begun.
Result<void> need_programs(const std::vector<std::string_view>& names);

/// "not-permitted" unless we are root.
Result<void> need_root();

}  // namespace flowmob::lab
