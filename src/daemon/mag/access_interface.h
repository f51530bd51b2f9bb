// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/config.h"
#include "platform/netlink.h"

namespace flowmob::daemon {

/// Fills in what the core has to know of the interface, and changes nothing.
Result<void> resolve_access(platform::Netlink& netlink, core::AccessConfig& access);

/// Makes an interface the access link that `access` describes: the fixed router addresses (RFC 6543 section
/// 3, docs/adr/0005) and no advertisements of others. Idempotent. Resolves it, too.
Result<void> prepare_access(platform::Netlink& netlink, core::AccessConfig& access,
                            const Ipv6Address& router_link_local);

}  // namespace flowmob::daemon
