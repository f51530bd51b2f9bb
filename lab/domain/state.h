// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"

namespace flowmob::lab {

/// A process as it can be found again: numbers are used anew, a number with its start time is not.
struct ProcessRecord {
  pid_t pid{};
  std::uint64_t started{};  ///< clock ticks since boot, /proc/PID/stat field 22

  static ProcessRecord of(pid_t pid);
  bool alive() const;
};

/// What a lab has to remember from `up` to `down`: state.json in its directory.
struct LabState {
  std::map<std::string, ProcessRecord> processes;  ///< "lma", "mag1", ..., "wire mag1-mn", ...
  std::string virtual_address;                     ///< of the mobile node, once it has one
  bool demo = false;                               ///< nobody works in it: it is the demo's own
};

Result<LabState> load_state(const std::filesystem::path& path);
Result<void> save_state(const std::filesystem::path& path, const LabState& state);

/// Ends those that are still the ones recorded.
void end_recorded(const std::vector<ProcessRecord>& records);

}  // namespace flowmob::lab
