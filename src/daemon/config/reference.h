// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace flowmob::daemon::config {

/// docs/configuration.md, from the key tables.
std::string configuration_reference();

}  // namespace flowmob::daemon::config
