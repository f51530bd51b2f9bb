// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/error.h"

namespace flowmob::platform {

/// Sets spdlog's default logger up: stderr, `level` one of trace, debug, info, warning, error, off
/// ("bad-log-level"). Under journald lines start with the priority ("<6>") and leave the time to it;
/// elsewhere with RFC 3339 time.
Result<void> set_up_logging(std::string_view program, std::string_view level);

}  // namespace flowmob::platform
