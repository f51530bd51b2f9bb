// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench.h"

/// Packets of IPv4, as packet.h has those of IPv6.
namespace flowmob::dataplane::testing {

constexpr std::string_view kCn4 = "198.51.100.10", kNode4 = "192.0.2.2", kRouter4 = "192.0.2.1";
constexpr std::string_view kNode4Mac = "02:00:00:00:09:01", kRouter4Mac = "02:00:00:00:09:fe";

Ipv4Address ip4(std::string_view text);

struct Packet4 {
  std::string_view source = kCn4, destination = kNode4;
  std::uint8_t tos = 0, ttl = 63, protocol = 17;
  std::uint16_t source_port = 80, destination_port = 4000;
  std::uint16_t identification = 7, fragment = 0x4000;  ///< flags and offset
  std::size_t payload = 100;
  Bytes build() const;
  Bytes in_tunnel(std::string_view from, std::string_view to) const;
};

/// RFC 1071; zero over octets whose checksum is right.
std::uint16_t internet_checksum(ByteView octets);
Bytes frame4(std::string_view to, std::string_view from, const Bytes& packet);

}  // namespace flowmob::dataplane::testing
