// SPDX-License-Identifier: Apache-2.0
#include "core/tunnel/encapsulation.h"

#include "base/ipv4.h"
#include "core/tunnel/ipv4_packet.h"

namespace flowmob::core {
namespace {

constexpr std::uint8_t kIpv4InIp = 4, kUdpInIp = 17, kGreInIp = 47, kOuterHopLimit = 64;
constexpr std::uint16_t kUdpDataPort = 5437;  // RFC 5844 section 4.1.4

void push16(Bytes& octets, std::size_t value) {
  octets.push_back(static_cast<std::uint8_t>(value >> 8));
  octets.push_back(static_cast<std::uint8_t>(value));
}

/// RFC 2784, perhaps with the key of RFC 2890; or UDP without checksum (docs/adr/0053).
Bytes shim(const TunnelWay& way, std::size_t payload) {
  Bytes octets;
  if (way.encapsulation == Encapsulation::Udp) {
    push16(octets, kUdpDataPort);
    push16(octets, kUdpDataPort);
    push16(octets, 8 + payload);
    push16(octets, 0);
  } else if (way.encapsulation != Encapsulation::Plain) {
    const bool has_key = way.encapsulation == Encapsulation::GreWithKeys;
    push16(octets, has_key ? 0x2000 : 0);
    push16(octets, 0x0800);
    if (!has_key) return octets;
    push16(octets, way.key >> 16);
    push16(octets, way.key & 0xffff);
  }
  return octets;
}

std::uint8_t protocol_of(Encapsulation encapsulation) {
  if (encapsulation == Encapsulation::Udp) return kUdpInIp;
  return encapsulation == Encapsulation::Plain ? kIpv4InIp : kGreInIp;
}

Bytes ipv6_header(const TunnelWay& way, std::uint8_t traffic_class, std::size_t payload) {
  Bytes header{static_cast<std::uint8_t>(0x60 | traffic_class >> 4),
               static_cast<std::uint8_t>(traffic_class << 4), 0, 0};
  push16(header, payload);
  header.push_back(protocol_of(way.encapsulation));
  header.push_back(kOuterHopLimit);
  append(header, way.local.octets);
  append(header, way.remote.octets);
  return header;
}

}  // namespace

Bytes encapsulate_ipv4(const TunnelWay& way, ByteView packet) {
  const Bytes between = shim(way, packet.size());
  const auto payload = between.size() + packet.size();
  Bytes tunnelled = is_mapped(way.remote)
                        ? ipv4_header(from_mapped(way.local), from_mapped(way.remote),
                                      protocol_of(way.encapsulation), payload, packet[1], kDontFragment)
                        : ipv6_header(way, packet[1], payload);
  append(tunnelled, between);
  append(tunnelled, packet);
  return tunnelled;
}

}  // namespace flowmob::core
