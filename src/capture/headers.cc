// SPDX-License-Identifier: Apache-2.0
#include "capture/headers.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/ipv4.h"

namespace flowmob::capture {
namespace {

constexpr std::uint8_t kHops = 0, kInIpv4 = 4, kTcp = 6, kUdp = 17, kDccp = 33, kInIpv6 = 41, kRoute = 43,
                       kPiece = 44, kGre = 47, kOptions = 60, kSctp = 132, kUdpLite = 136;
constexpr std::uint16_t kTunnelPort = 5437, kGreKey = 0x2000, kGreOthers = 0xdc07;
constexpr std::size_t kMostHeaders = 4, kMostExtensions = 8;

struct Name {
  std::uint8_t protocol;
  std::string_view name;
};
constexpr std::array kNames{Name{1, "icmp"},    Name{kInIpv4, "ipv4"},    Name{kTcp, "tcp"},
                            Name{kUdp, "udp"},  Name{kDccp, "dccp"},      Name{kInIpv6, "ipv6"},
                            Name{kGre, "gre"},  Name{50, "esp"},          Name{51, "ah"},
                            Name{58, "icmpv6"}, Name{59, "none"},         Name{kSctp, "sctp"},
                            Name{135, "mh"},    Name{kUdpLite, "udplite"}};

std::uint16_t number16(ByteView in, std::size_t at) {
  return static_cast<std::uint16_t>(in[at] << 8 | in[at + 1]);
}

bool has_ports(std::uint8_t protocol) {
  constexpr std::array with{kTcp, kUdp, kDccp, kSctp, kUdpLite};
  return std::ranges::count(with, protocol) != 0;
}

bool is_option_header(std::uint8_t protocol) {
  return protocol == kHops || protocol == kRoute || protocol == kOptions;
}

Ipv6Address ipv4_at(ByteView packet, std::size_t at) {
  Ipv4Address address;
  std::ranges::copy(packet.subspan(at, address.octets.size()), address.octets.begin());
  return to_mapped(address);
}

/// What is behind the headers that were read; empty: nothing that could be.
ByteView read_ipv4(ByteView packet, Headers& headers) {
  const std::size_t length = (packet[0] & 0xfU) * std::size_t{4};
  headers.source = ipv4_at(packet, 12);
  headers.destination = ipv4_at(packet, 16);
  headers.protocol = packet[9];
  const bool is_first = (number16(packet, 6) & 0x1fff) == 0;
  return is_first && length >= 20 && length <= packet.size() ? packet.subspan(length) : ByteView();
}

ByteView read_ipv6(ByteView packet, Headers& headers) {
  headers.source = Ipv6Address::from_bytes(packet.subspan(8, 16));
  headers.destination = Ipv6Address::from_bytes(packet.subspan(24, 16));
  headers.protocol = packet[6];
  ByteView rest = packet.subspan(40);
  for (std::size_t i = 0; i < kMostExtensions && rest.size() >= 8; ++i) {
    const bool is_piece = headers.protocol == kPiece;
    if (!is_piece && !is_option_header(headers.protocol)) break;
    const std::size_t length = is_piece ? 8 : (rest[1] + std::size_t{1}) * 8;
    const bool is_first = !is_piece || number16(rest, 2) >> 3 == 0;
    headers.protocol = rest[0];
    if (!is_first || length > rest.size()) return {};
    rest = rest.subspan(length);
  }
  return rest;
}

ByteView behind_gre(ByteView header) {
  if (header.size() < 4) return {};
  const auto flags = number16(header, 0), protocol = number16(header, 2);
  const std::size_t length = (flags & kGreKey) != 0 ? 8 : 4;
  if ((flags & kGreOthers) != 0 || (protocol != 0x86dd && protocol != 0x0800) || header.size() < length)
    return {};
  return header.subspan(length);
}

/// The packet in a tunnel.
ByteView inside(const Headers& headers, ByteView rest) {
  if (headers.protocol == kInIpv4 || headers.protocol == kInIpv6) return rest;
  if (headers.protocol == kGre) return behind_gre(rest);
  const bool is_tunnel =
      headers.protocol == kUdp && headers.ports && headers.ports->destination == kTunnelPort;
  return is_tunnel && rest.size() >= 8 ? rest.subspan(8) : ByteView();
}

}  // namespace

std::vector<Headers> headers_of(ByteView packet) {
  std::vector<Headers> all;
  while (all.size() < kMostHeaders && !packet.empty()) {
    const int version = packet[0] >> 4;
    if (!(version == 4 && packet.size() >= 20) && !(version == 6 && packet.size() >= 40)) break;
    Headers headers;
    const ByteView rest = version == 4 ? read_ipv4(packet, headers) : read_ipv6(packet, headers);
    if (has_ports(headers.protocol) && rest.size() >= 4)
      headers.ports = Headers::Ports{number16(rest, 0), number16(rest, 2)};
    all.push_back(headers);
    packet = inside(headers, rest);
  }
  return all;
}

std::string protocol_name(std::uint8_t protocol) {
  const auto known = std::ranges::find(kNames, protocol, &Name::protocol);
  return known == kNames.end() ? std::to_string(protocol) : std::string(known->name);
}

}  // namespace flowmob::capture
