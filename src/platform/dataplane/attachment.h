// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/strong_id.h"

namespace flowmob::dataplane {

enum class Hook : std::uint8_t { Ingress, Egress };

/// Where a program sits: an interface of the calling thread's network namespace, one side of it, and the
/// place in the order of classifiers there.
struct Attachment {
  std::string interface;
  Hook hook = Hook::Ingress;
  std::string program;
  std::uint32_t rank = 0;  ///< lower runs first
};

/// Replaces at once what a predecessor left in the same place: no packet goes by in between.
/// "no-such-interface", "tc-attach".
Result<void> attach(const Attachment& attachment, int program_fd);
/// Success if nothing was attached, or the interface is gone.
Result<void> detach(const Attachment& attachment);

/// Whatever it is called by now.
Result<void> detach(InterfaceIndex interface, Hook hook, std::uint32_t rank = 0);

/// What sits at a place of ours on any interface of the namespace, uses the map of `map_fd` (so that it is
/// not another daemon's), and is not among `wanted`, is detached.
Result<void> detach_others(const std::vector<Attachment>& wanted, int map_fd);

/// The kernel's number of a map.
Result<std::uint32_t> map_number(int map_fd);
/// Whether the loaded program `program`, by its number, uses the map `map`: whose it is, its maps say.
bool uses_map(std::uint32_t program, std::uint32_t map);

/// The names of what sits at our places there, in the order in which they run.
std::vector<std::string> programs_at(InterfaceIndex interface, Hook hook);

/// "no-such-interface"
Result<InterfaceIndex> interface_index(const std::string& name);

}  // namespace flowmob::dataplane
