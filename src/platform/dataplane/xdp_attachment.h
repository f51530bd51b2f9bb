// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>

#include "base/error.h"
#include "base/strong_id.h"

namespace flowmob::dataplane {

/// Puts an XDP program into the driver of an interface, which stays there when the daemon goes. Replaces at
/// once what a predecessor left, told by its use of the map `own_map_fd`; anybody else's is not touched.
/// "xdp-foreign", "xdp-attach": the driver's own words.
Result<void> attach_xdp(InterfaceIndex interface, int program_fd, int own_map_fd);

/// Whether a program that uses the map is in the driver of the interface.
bool has_own_xdp(InterfaceIndex interface, int own_map_fd);

/// Takes programs that use the map off all interfaces of the calling thread's network namespace but these.
Result<void> detach_xdp_others(const std::set<InterfaceIndex>& kept, int own_map_fd);

}  // namespace flowmob::dataplane
