// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "platform/control_message.h"

namespace flowmob::daemon {

/// An event as one line of a log: "binding-registered mn=mn1@example.net mag=mag1". Values that would be
/// ambiguous are quoted; control characters and what is not UTF-8 come out escaped.
std::string log_line(const std::string& event, const platform::Json& fields);

}  // namespace flowmob::daemon
