// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>

#include "base/address.h"
#include "base/bytes.h"

namespace flowmob::core {

/// The packet that was in a tunnel packet, as far as an ICMP error quotes it.
struct OriginalPacket {
  bool ipv4{};
  Ipv6Address source, destination;  ///< IPv4-mapped where it is one of IPv4
  std::size_t length{};             ///< of the whole packet
  bool dont_fragment{};             ///< of IPv4
  /// Whether its source may be told of an error (RFC 4443 section 2.4 e, RFC 1122 section 3.2.2): it is one
  /// node's, and the packet is no ICMP error, nor so short a quotation that it might be one.
  bool answerable{};

  /// Nothing where not even the header is whole.
  static std::optional<OriginalPacket> read(ByteView quoted);
};

}  // namespace flowmob::core
