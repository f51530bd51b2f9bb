// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "cli/terminal.h"
#include "platform/control_client.h"
#include "platform/control_commands.h"

namespace flowmob::cli {

/// An event as one line for people: its time, its name, its fields as key=value.
std::string event_text(const Json& event, bool colour);

/// What an event is, where it is specified, and what its keys mean: {"reference", "meaning", "keys"}.
Json explanation_of(const Json& event, std::optional<platform::DaemonRole> daemon);
/// The same in lines below the event's.
std::string explanation_text(const Json& explanation, bool colour);

/// The same, or the JSON object, as the terminal wants it.
std::string event_line(const Json& event, const Terminal& terminal);

/// SIGINT and SIGTERM ask for the end from now on.
void stop_on_signals();
bool is_stop_requested();

/// Prints the events that the daemon sends for a command, one a line, until it or the reader goes away or
/// SIGINT or SIGTERM comes.
int monitor(platform::ControlClient& client, Terminal& terminal, const platform::ControlCommand& command,
            const Json& arguments, bool explains = false);

}  // namespace flowmob::cli
