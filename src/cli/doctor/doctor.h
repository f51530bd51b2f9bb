// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/doctor/anchor.h"
#include "cli/doctor/managers.h"
#include "cli/terminal.h"

namespace flowmob::cli {

/// What the absence of a feature costs.
enum class Need { Daemons, Lab, Demo, Comfort };
std::string_view to_string(Need need);

/// The code of a probe's error where it was not allowed to look: whether the feature is there is not known.
inline constexpr std::string_view kNotAllowed = "not-allowed";

/// A probe's error: the feature is not there, or, by the system's `number`, one may not look.
tl::unexpected<Error> absent(std::string why);
tl::unexpected<Error> absent_errno(std::string_view what, int number);

/// One thing that flowmob uses of a machine. `look` gives a detail to show ("6.1.0", "16 of 16"), or why it
/// is not there.
struct Probe {
  std::string_view name;
  Need need;
  std::string_view purpose;
  std::string_view remedy;  ///< how to get it
  Result<std::string> (*look)();
};
std::span<const Probe> doctor_probes();

enum class Presence { Present, Missing, Unknown };
std::string_view to_string(Presence presence);

struct Finding {
  std::string name;
  Need need;
  Presence presence;
  std::string detail, purpose, remedy;
};

/// Looks for everything; changes nothing that outlives it.
std::vector<Finding> examine(std::span<const Probe> probes);
/// What a mobile node's file says, and who else manages its interfaces.
struct NodeFinding {
  std::string file;  ///< empty: there is no mobile node here
  std::vector<std::string> interfaces;
  std::vector<Claim> claims;
  std::string problem;                    ///< why the file says nothing
  std::vector<std::string> missing = {};  ///< members that do not exist here
};
NodeFinding examine_node(const std::filesystem::path& file, const std::filesystem::path& root = "/");

/// Whether the BPF file system is at /sys/fs/bpf below `root`. `ip netns exec` hides that of the machine,
/// which its first process still sees at `machine`: it is there for daemons with --netns.
Result<std::string> bpf_folder(const std::filesystem::path& root, const std::filesystem::path& machine);

/// Fails (status 1) when the daemons could not run.
Answer report(const std::vector<Finding>& findings, const NodeFinding& node, const Terminal& terminal,
              const AnchorFinding& anchor = {});

}  // namespace flowmob::cli
