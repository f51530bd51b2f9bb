// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mn/config.h"
#include "platform/netlink.h"

namespace flowmob::daemon {

/// Fills in what only the system knows: the members' indices and link-layer addresses, and the virtual
/// interface's where the file says "member".
Result<void> resolve_members(platform::Netlink& netlink, core::MnConfig& config);

/// Router discovery is ours, and the only global address the virtual interface's (the draft's table 1): what
/// a member had before is removed, which is logged. Link-local addresses stay.
Result<void> prepare_member(platform::Netlink& netlink, const platform::Link& member);

}  // namespace flowmob::daemon
