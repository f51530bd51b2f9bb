// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/address.h"
#include "base/bytes.h"

namespace flowmob::capture {

/// LINKTYPE_ numbers (https://www.tcpdump.org/linktypes.html).
inline constexpr std::uint32_t kEthernet = 1, kRawOpenBsd = 12, kRaw = 101, kLinuxCooked = 113,
                               kRawIpv6 = 229, kLinuxCooked2 = 276;

/// The IPv6 packet in a frame; nothing if there is another protocol in it, or the link type is unknown.
std::optional<ByteView> ipv6_in_frame(std::uint32_t link_type, ByteView frame);
bool is_known_link_type(std::uint32_t link_type);

/// The innermost IPv6 packet, through IPv6-in-IPv6 tunnels and extension headers.
struct Ipv6Packet {
  Ipv6Address source, destination;
  std::uint8_t hop_limit{};
  std::uint8_t protocol{};
  unsigned tunnels = 0;   ///< IPv6 headers around it
  bool fragment = false;  ///< a part only; `first_fragment` has the transport header
  bool first_fragment = false;
  std::uint32_t packet_length{};     ///< of this IPv6 packet, header included
  std::uint32_t transport_length{};  ///< without IPv6 and extension headers, as on the wire
  ByteView transport;                ///< as much of it as was captured
};

std::optional<Ipv6Packet> innermost(ByteView packet);

}  // namespace flowmob::capture
