// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/address.h"
#include "base/bytes.h"

/// The Ethernet frames in which DHCPv6 comes.
namespace flowmob::core::dhcp6 {

constexpr std::uint16_t kServerPort = 547, kClientPort = 546;
/// All_DHCP_Relay_Agents_and_Servers, ff02::1:2.
constexpr Ipv6Address kAllServers{{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2}};

/// UDP right behind an IPv6 header.
struct Udp6Packet {
  MacAddress link_source, link_destination;
  Ipv6Address source, destination;
  std::uint16_t source_port{}, destination_port{};
  Bytes payload;
};

/// Of the type of IPv6, whatever is in it.
bool is_ipv6(ByteView frame);
/// Nothing for other frames and for those that are not what they say, wrong and missing checksums included.
std::optional<Udp6Packet> decode_udp6(ByteView frame);
Bytes encode(const Udp6Packet& packet);

}  // namespace flowmob::core::dhcp6
