// SPDX-License-Identifier: Apache-2.0
#include "core/dhcp6/frame6.h"

#include <algorithm>
#include <array>

#include "wire/checksum.h"

namespace flowmob::core::dhcp6 {
namespace {

constexpr std::size_t kEthernet = 14, kIpv6 = 40, kUdp = 8;
constexpr std::uint8_t kProtocolUdp = 17, kHopLimit = 255;

std::uint16_t number_at(ByteView octets, std::size_t at) {
  return static_cast<std::uint16_t>(octets[at] << 8 | octets[at + 1]);
}

MacAddress mac_at(ByteView octets, std::size_t at) {
  MacAddress mac;
  std::copy_n(octets.begin() + static_cast<std::ptrdiff_t>(at), mac.octets.size(), mac.octets.begin());
  return mac;
}

void put_number(Bytes& bytes, std::size_t number) {
  bytes.push_back(static_cast<std::uint8_t>(number >> 8));
  bytes.push_back(static_cast<std::uint8_t>(number));
}

}  // namespace

bool is_ipv6(ByteView frame) { return frame.size() >= kEthernet && number_at(frame, 12) == 0x86dd; }

std::optional<Udp6Packet> decode_udp6(ByteView frame) {
  if (!is_ipv6(frame) || frame.size() < kEthernet + kIpv6 + kUdp) return std::nullopt;
  const ByteView packet = frame.subspan(kEthernet);
  const std::size_t length = number_at(packet, 4);
  if (packet[0] >> 4 != 6 || packet[6] != kProtocolUdp || length < kUdp || length > packet.size() - kIpv6)
    return std::nullopt;
  const ByteView udp = packet.subspan(kIpv6, length);
  Udp6Packet result{mac_at(frame, 6),
                    mac_at(frame, 0),
                    Ipv6Address::from_bytes(packet.subspan(8, 16)),
                    Ipv6Address::from_bytes(packet.subspan(24, 16)),
                    number_at(udp, 0),
                    number_at(udp, 2),
                    Bytes(udp.begin() + kUdp, udp.end())};
  if (number_at(udp, 4) != length || number_at(udp, 6) == 0 ||
      wire::ipv6_checksum(result.source, result.destination, kProtocolUdp, udp) != 0)
    return std::nullopt;
  return result;
}

Bytes encode(const Udp6Packet& packet) {
  Bytes udp;
  put_number(udp, packet.source_port);
  put_number(udp, packet.destination_port);
  put_number(udp, kUdp + packet.payload.size());
  put_number(udp, 0);
  append(udp, packet.payload);
  const auto sum = wire::ipv6_checksum(packet.source, packet.destination, kProtocolUdp, udp);
  const std::uint16_t written = sum == 0 ? 0xffff : sum;  // zero would be none
  udp[6] = static_cast<std::uint8_t>(written >> 8);
  udp[7] = static_cast<std::uint8_t>(written);
  Bytes bytes;
  append(bytes, packet.link_destination.octets);
  append(bytes, packet.link_source.octets);
  append(bytes, std::array<std::uint8_t, 6>{0x86, 0xdd, 0x60, 0, 0, 0});
  put_number(bytes, udp.size());
  append(bytes, std::array<std::uint8_t, 2>{kProtocolUdp, kHopLimit});
  append(bytes, packet.source.octets);
  append(bytes, packet.destination.octets);
  append(bytes, udp);
  return bytes;
}

}  // namespace flowmob::core::dhcp6
