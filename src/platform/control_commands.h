// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string_view>

#include "base/error.h"

namespace flowmob::platform {

enum class DaemonRole : unsigned { Lma = 1, Mag = 2, Mn = 4 };
/// Which daemons know a command: a sum of roles.
struct DaemonRoles {
  unsigned bits;
  constexpr bool has(DaemonRole role) const { return (bits & static_cast<unsigned>(role)) != 0; }
};
constexpr DaemonRoles operator|(DaemonRole a, DaemonRole b) {
  return {static_cast<unsigned>(a) | static_cast<unsigned>(b)};
}
std::string_view to_string(DaemonRole role);  ///< "lma", "mag", "mn"

/// ReadOnly: whoever may open the socket. Admin: root and the daemon's own user.
enum class CommandAccess { ReadOnly, Admin };
std::string_view to_string(CommandAccess access);

/// File: a string; the command line makes its path absolute, for it is the daemon that reads it.
enum class ArgumentType { String, Integer, Boolean, StringList, File };
std::string_view to_string(ArgumentType type);

struct CommandArgument {
  std::string_view name;  ///< the key in "args", and the command line's --name
  ArgumentType type;
  bool required;
  bool positional;  ///< the command line takes it without --name, in table order
  std::string_view help;
};

/// One row: dispatch, the command line and docs/cli.md come from it.
struct ControlCommand {
  std::string_view name;  ///< words separated by one space: "show bindings"
  DaemonRoles daemons;
  CommandAccess access;
  std::span<const CommandArgument> arguments;
  std::string_view help;
  bool streams = false;       ///< after the response, events follow until the client goes
  bool anchor_first = false;  ///< where several kinds of daemon know it and none is named, the LMA is meant
};

std::span<const ControlCommand> control_commands();
const ControlCommand* find_command(std::string_view name);
/// Checks "args" against the row: names, types, what is required. "bad-argument".
Result<void> check_arguments(const ControlCommand& command, const nlohmann::ordered_json& arguments);

}  // namespace flowmob::platform
