// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lab/domain/plan.h"

namespace flowmob::lab {

/// " --name NAME" where a command line needs it to mean this lab.
std::string name_option(const Plan& plan);
/// Command lines for whoever has just brought the lab up.
std::string what_to_try(const Plan& plan);

}  // namespace flowmob::lab
