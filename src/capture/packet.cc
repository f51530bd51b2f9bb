// SPDX-License-Identifier: Apache-2.0
#include "capture/packet.h"

#include <algorithm>

namespace flowmob::capture {
namespace {

constexpr std::size_t kIpv6Header = 40;
constexpr std::uint16_t kIpv6Ethertype = 0x86dd;
constexpr std::uint8_t kHopByHop = 0, kIpv6InIpv6 = 41, kRouting = 43, kFragment = 44,
                       kDestinationOptions = 60;
/// Deeper nesting is an attack or an accident.
constexpr unsigned kMostTunnels = 8;

std::uint16_t get16(ByteView in, std::size_t at) {
  return static_cast<std::uint16_t>(in[at] << 8 | in[at + 1]);
}

bool is_vlan(std::uint16_t ethertype) { return ethertype == 0x8100 || ethertype == 0x88a8; }

/// What stands behind the EtherType at `at`, and behind VLAN tags.
std::optional<ByteView> behind_ethertype(ByteView frame, std::size_t at) {
  while (frame.size() >= at + 2 && is_vlan(get16(frame, at))) at += 4;
  if (frame.size() < at + 2 || get16(frame, at) != kIpv6Ethertype) return {};
  return frame.subspan(at + 2);
}

std::optional<Ipv6Packet> ipv6_header(ByteView packet, unsigned tunnels) {
  if (packet.size() < kIpv6Header || packet[0] >> 4 != 6) return {};
  Ipv6Packet facts;
  facts.source = Ipv6Address::from_bytes(packet.subspan(8, 16));
  facts.destination = Ipv6Address::from_bytes(packet.subspan(24, 16));
  facts.protocol = packet[6];
  facts.hop_limit = packet[7];
  facts.tunnels = tunnels;
  facts.transport_length = get16(packet, 4);
  facts.packet_length = facts.transport_length + static_cast<std::uint32_t>(kIpv6Header);
  facts.transport = packet.subspan(kIpv6Header);
  // A short frame is filled up by Ethernet.
  if (facts.transport_length > 0 && facts.transport.size() > facts.transport_length)
    facts.transport = facts.transport.first(facts.transport_length);
  return facts;
}

/// Steps over one extension header (RFC 8200 section 4); false if it is cut off.
bool skip_extension(Ipv6Packet& facts) {
  if (facts.transport.size() < 8) return false;
  std::size_t length = (std::size_t{facts.transport[1]} + 1) * 8;
  if (facts.protocol == kFragment) {
    length = 8;
    const std::uint16_t place = get16(facts.transport, 2);
    facts.fragment = facts.fragment || (place & 0xfff9) != 0;  // an atomic fragment is none (RFC 6946)
    facts.first_fragment = place >> 3 == 0;
  }
  if (facts.transport.size() < length || facts.transport_length < length) return false;
  facts.protocol = facts.transport[0];
  facts.transport = facts.transport.subspan(length);
  facts.transport_length -= static_cast<std::uint32_t>(length);
  return true;
}

bool is_extension(std::uint8_t protocol) {
  return protocol == kHopByHop || protocol == kRouting || protocol == kFragment ||
         protocol == kDestinationOptions;
}

}  // namespace

bool is_known_link_type(std::uint32_t link_type) {
  constexpr std::uint32_t known[] = {kEthernet, kRawOpenBsd, kRaw, kLinuxCooked, kRawIpv6, kLinuxCooked2};
  return std::find(std::begin(known), std::end(known), link_type) != std::end(known);
}

std::optional<ByteView> ipv6_in_frame(std::uint32_t link_type, ByteView frame) {
  switch (link_type) {
    case kEthernet:
      return behind_ethertype(frame, 12);
    case kLinuxCooked:
      return behind_ethertype(frame, 14);
    case kLinuxCooked2:  // the protocol comes first, twenty octets of header in all
      if (frame.size() < 20 || get16(frame, 0) != kIpv6Ethertype) return {};
      return frame.subspan(20);
    case kRaw:
    case kRawOpenBsd:
    case kRawIpv6:
      if (frame.empty() || frame[0] >> 4 != 6) return {};
      return frame;
    default:
      return {};
  }
}

std::optional<Ipv6Packet> innermost(ByteView packet) {
  for (unsigned tunnels = 0; tunnels <= kMostTunnels; ++tunnels) {
    auto facts = ipv6_header(packet, tunnels);
    if (!facts) return {};
    while (is_extension(facts->protocol) && (!facts->fragment || facts->first_fragment))
      if (!skip_extension(*facts)) return {};
    if (facts->protocol != kIpv6InIpv6 || facts->fragment) return facts;
    packet = facts->transport;
  }
  return {};
}

}  // namespace flowmob::capture
