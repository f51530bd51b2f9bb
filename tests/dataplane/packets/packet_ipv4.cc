// SPDX-License-Identifier: Apache-2.0
#include "packet_ipv4.h"

namespace flowmob::dataplane::testing {
namespace {

void append16(Bytes& bytes, std::size_t value) {
  bytes.push_back(static_cast<std::uint8_t>(value >> 8));
  bytes.push_back(static_cast<std::uint8_t>(value));
}

}  // namespace

Ipv4Address ip4(std::string_view text) { return Ipv4Address::parse(text).value(); }

std::uint16_t internet_checksum(ByteView octets) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < octets.size(); ++i) sum += std::uint32_t{octets[i]} << (i % 2 == 0 ? 8 : 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

/// The upper layer starts with two ports, as those of UDP and TCP do.
Bytes Packet4::build() const {
  Bytes bytes{0x45, tos};
  append16(bytes, 20 + 8 + payload);
  append16(bytes, identification);
  append16(bytes, fragment);
  bytes.push_back(ttl);
  bytes.push_back(protocol);
  append16(bytes, 0);
  for (const auto address : {source, destination}) {
    const auto octets = ip4(address).octets;
    bytes.insert(bytes.end(), octets.begin(), octets.end());
  }
  const std::uint16_t sum = internet_checksum(bytes);
  bytes[10] = static_cast<std::uint8_t>(sum >> 8);
  bytes[11] = static_cast<std::uint8_t>(sum);
  append16(bytes, source_port);
  append16(bytes, destination_port);
  append16(bytes, 8 + payload);
  append16(bytes, 0);  // no checksum
  for (std::size_t i = 0; i < payload; ++i) bytes.push_back(static_cast<std::uint8_t>(i));
  return bytes;
}

Bytes Packet4::in_tunnel(std::string_view from, std::string_view to) const {
  return Packet().from(from).to(to).upper(4, build()).build();
}

Bytes frame4(std::string_view to, std::string_view from, const Bytes& packet) {
  return frame(to, from, packet, 0x0800);
}

}  // namespace flowmob::dataplane::testing
