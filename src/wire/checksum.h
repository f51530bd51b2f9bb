// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/address.h"
#include "base/bytes.h"

namespace flowmob::wire {

/// The Internet checksum over the IPv6 pseudo-header (RFC 8200 section 8.1) and `payload`, in host order.
/// Zero when `payload` carries a right checksum.
std::uint16_t ipv6_checksum(const Ipv6Address& source, const Ipv6Address& destination,
                            std::uint8_t next_header, ByteView payload);

}  // namespace flowmob::wire
