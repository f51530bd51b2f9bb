// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "platform/netlink_types.h"

struct nlmsghdr;

namespace flowmob::platform {

/// The link that a RTM_NEWLINK or RTM_DELLINK message tells of.
std::optional<Link> parse_link(const nlmsghdr& message);

}  // namespace flowmob::platform
