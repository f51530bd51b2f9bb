// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/terminal.h"
#include "platform/control_client.h"

namespace flowmob::cli {

/// An event as one line for people: its time, its name, its fields as key=value.
std::string event_text(const Json& event, bool colour);

/// Prints the daemon's events, one a line, until it or the reader goes away or SIGINT or SIGTERM comes.
int monitor(platform::ControlClient& client, Terminal& terminal);

}  // namespace flowmob::cli
