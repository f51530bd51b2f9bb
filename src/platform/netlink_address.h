// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "platform/netlink_types.h"

struct nlmsghdr;

namespace flowmob::platform {

/// The IPv6 address that a RTM_NEWADDR message tells of.
std::optional<InterfaceAddress> parse_address(const nlmsghdr& message);

}  // namespace flowmob::platform
