// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/address.h"
#include "base/bytes.h"

/// The Ethernet frames in which ARP and DHCP come.
namespace flowmob::core::dhcp {

constexpr std::uint16_t kServerPort = 67, kClientPort = 68;
constexpr MacAddress kBroadcastMac{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
constexpr Ipv4Address kBroadcastAddress{{255, 255, 255, 255}};

/// ARP for IPv4 over Ethernet (RFC 826).
struct ArpPacket {
  MacAddress link_source, link_destination;  ///< of the frame
  bool reply = false;
  MacAddress sender_mac, target_mac;
  Ipv4Address sender, target;
};

/// UDP in IPv4, unfragmented.
struct UdpPacket {
  MacAddress link_source, link_destination;
  Ipv4Address source, destination;
  std::uint16_t source_port{}, destination_port{};
  Bytes payload;
};

/// Nothing for other frames and for those that are not what they say, wrong checksums included.
std::optional<ArpPacket> decode_arp(ByteView frame);
std::optional<UdpPacket> decode_udp(ByteView frame);
Bytes encode(const ArpPacket& packet);
Bytes encode(const UdpPacket& packet);

}  // namespace flowmob::core::dhcp
