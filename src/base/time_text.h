// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/time.h"

namespace flowmob {

/// RFC 3339 in UTC with milliseconds.
std::string to_rfc3339(WallTime time);

}  // namespace flowmob
