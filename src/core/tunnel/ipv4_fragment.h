// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/bytes.h"

namespace flowmob::core {

/// Completes the checksum of TCP or UDP that a sender on this machine left to its interface: the field then
/// holds the pseudo header's sum. `packet` is a whole one of IPv4; another, or a fragment, stays as it is.
void complete_checksum(Bytes& packet);

/// The fragments of a packet of IPv4 that are at most `mtu` octets long (RFC 791 section 3.2): of a fragment
/// its parts. Each has a TTL less by one, as a router's has. Options that say so are in each, the others in
/// the first alone. Empty where it cannot be cut: it is malformed or not whole, says Don't Fragment, has no
/// hop left, or there is no room for 8 octets behind a header.
std::vector<Bytes> cut_ipv4(ByteView packet, std::size_t mtu);

}  // namespace flowmob::core
