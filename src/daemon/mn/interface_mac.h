// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/address.h"
#include "platform/netlink.h"

namespace flowmob::daemon {

/// The virtual interface's link-layer address, of which its addresses are made (RFC 4291 appendix A), where
/// the file leaves it to us: what one that an earlier run left has, so that its addresses stay with another
/// order of members; else `derived`, the first member's. It is looked for in global addresses first: a bond's
/// own changes with its ports.
MacAddress settled_mac(platform::Netlink& netlink, const std::string& interface, const MacAddress& derived);

}  // namespace flowmob::daemon
