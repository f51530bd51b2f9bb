// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/config.h"
#include "platform/netlink.h"

namespace flowmob::daemon {

/// Fills in what the core has to know of the interface, and changes nothing.
Result<void> resolve_access(platform::Netlink& netlink, core::AccessConfig& access,
                            const core::MagConfig& config);

/// Makes an interface the access link that `access` describes: the fixed router addresses (RFC 6543 section
/// 3, docs/adr/0005) and no advertisements of others. Idempotent. Resolves it, too.
Result<void> prepare_access(platform::Netlink& netlink, core::AccessConfig& access,
                            const core::MagConfig& config);
/// The kernel routes to the visited prefixes of these links and to no others (RFC 5213 section 6.14).
Result<void> route_visited(platform::Netlink& netlink, const std::vector<core::AccessConfig>& accesses);

}  // namespace flowmob::daemon
