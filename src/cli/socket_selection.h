// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/error.h"
#include "platform/control_commands.h"

namespace flowmob::cli {

/// Asks whoever listens at a socket which daemon it is.
using RoleProbe = std::function<Result<platform::DaemonRole>(const std::filesystem::path&)>;

/// Where a command goes.
struct SocketQuery {
  std::optional<std::string> control;  ///< --control: a path, or a daemon's name ("lma", "mylab/mag1")
  platform::DaemonRoles roles;         ///< the daemons that know the command
  bool changes = false;                ///< then it must be clear which one is meant
  std::filesystem::path run_folder = "/run/flowmob";
};

/// The socket to ask: what --control says; else the daemon of the right role in the run folder; else the one
/// of a running lab (a folder inside). A command that only reads prefers an LMA to a MAG to a mobile node.
/// "no-daemon" lists what was tried, "ambiguous-daemon" what there is to choose from.
Result<std::filesystem::path> select_socket(const SocketQuery& query, const RoleProbe& probe);

/// The probe that the program uses: a `status` request.
Result<platform::DaemonRole> ask_role(const std::filesystem::path& socket);

}  // namespace flowmob::cli
