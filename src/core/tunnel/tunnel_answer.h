// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "core/tunnel/original_packet.h"
#include "core/tunnel/tunnel_error.h"

/// What the source of a packet hears of an error from inside the tunnel that it was sent through (RFC 2473
/// sections 8.1 to 8.3, RFC 4213 section 3.4).
namespace flowmob::core {

struct TunnelAnswer {
  OriginalPacket original;
  std::uint8_t type{}, code{};  ///< of ICMPv6, or of ICMP where the original is one of IPv4
  std::uint16_t mtu{};          ///< of the tunnel, where it is too big
};

/// Nothing where the source is told nothing: too little is quoted; it must not be answered; it fits a path of
/// IPv6 anyway; it may be cut; or the router did not say what is carried.
std::optional<TunnelAnswer> answer_to(const TunnelError& error);

/// The ICMPv6 message, checksum in place, with as much of the quotation as 1280 octets hold.
Bytes icmpv6_message(const TunnelAnswer& answer, ByteView quoted, const Ipv6Address& source);
/// The whole packet of ICMP, of at most 576 octets (RFC 1812 section 4.3.2.3). `source` may be 0.0.0.0: that
/// the kernel is to choose.
Bytes icmp_packet(const TunnelAnswer& answer, ByteView quoted, const Ipv4Address& source);

}  // namespace flowmob::core
