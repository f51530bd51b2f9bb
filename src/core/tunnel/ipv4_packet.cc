// SPDX-License-Identifier: Apache-2.0
#include "core/tunnel/ipv4_packet.h"

#include <algorithm>

namespace flowmob::core {
namespace {

constexpr std::uint8_t kTtlOfOurs = 64;

std::uint16_t u16_at(ByteView octets, std::size_t at) {
  return static_cast<std::uint16_t>(octets[at] << 8 | octets[at + 1]);
}

Ipv4Address ipv4_at(ByteView octets, std::size_t at) {
  Ipv4Address address;
  std::copy_n(octets.begin() + static_cast<std::ptrdiff_t>(at), address.octets.size(),
              address.octets.begin());
  return address;
}

}  // namespace

std::uint16_t internet_checksum(ByteView octets, std::uint32_t sum) {
  for (std::size_t i = 0; i < octets.size(); ++i) sum += std::uint32_t{octets[i]} << (i % 2 == 0 ? 8 : 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

std::uint32_t ipv4_pseudo_header(const Ipv4Address& source, const Ipv4Address& destination,
                                 std::uint8_t protocol, std::size_t length) {
  std::uint32_t sum = protocol + static_cast<std::uint32_t>(length);
  for (const auto* address : {&source, &destination})
    sum += std::uint32_t{u16_at(address->octets, 0)} + u16_at(address->octets, 2);
  return sum;
}

std::optional<Ipv4View> Ipv4View::read(ByteView packet) {
  if (packet.size() < kIpv4Header || packet[0] >> 4 != 4) return std::nullopt;
  Ipv4View view;
  view.header = std::size_t{packet[0] & 0xfU} * 4;
  view.length = u16_at(packet, 2);
  if (view.header < kIpv4Header || view.header > packet.size() || view.length < view.header)
    return std::nullopt;
  view.tos = packet[1];
  view.fragment = u16_at(packet, 6);
  view.ttl = packet[8];
  view.protocol = packet[9];
  view.source = ipv4_at(packet, 12);
  view.destination = ipv4_at(packet, 16);
  return view;
}

Bytes ipv4_header(const Ipv4Address& source, const Ipv4Address& destination, std::uint8_t protocol,
                  std::size_t payload, std::uint8_t tos, std::uint16_t flags) {
  const auto length = kIpv4Header + payload;
  Bytes header{0x45,
               tos,
               static_cast<std::uint8_t>(length >> 8),
               static_cast<std::uint8_t>(length),
               0,
               0,
               static_cast<std::uint8_t>(flags >> 8),
               static_cast<std::uint8_t>(flags),
               kTtlOfOurs,
               protocol,
               0,
               0};
  append(header, source.octets);
  append(header, destination.octets);
  const auto checksum = internet_checksum(header);
  header[10] = static_cast<std::uint8_t>(checksum >> 8);
  header[11] = static_cast<std::uint8_t>(checksum);
  return header;
}

}  // namespace flowmob::core
