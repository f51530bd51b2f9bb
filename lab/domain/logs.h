// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "lab/domain/plan.h"

namespace flowmob::lab {

/// The last lines of each log of the lab, under its name; the logs go when the lab does.
std::string log_tails(const Plan& plan, std::size_t lines);
std::string log_tails(const std::filesystem::path& directory, std::size_t lines);

/// Copies them.
void keep_logs(const Plan& plan, const std::filesystem::path& where);

}  // namespace flowmob::lab
