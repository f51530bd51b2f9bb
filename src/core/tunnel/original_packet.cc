// SPDX-License-Identifier: Apache-2.0
#include "core/tunnel/original_packet.h"

#include "base/ipv4.h"
#include "core/tunnel/ipv4_packet.h"

namespace flowmob::core {
namespace {

constexpr std::size_t kIpv6HeaderLength = 40;
constexpr std::uint8_t kIcmp = 1, kIcmpv6 = 58, kFragmentHeader = 44, kAuthenticationHeader = 51;
constexpr std::uint8_t kFirstInformational = 128, kRedirect = 137;

/// Hop-by-Hop Options, Routing, Fragment, Authentication, Destination Options.
bool is_extension(std::uint8_t header) {
  return header == 0 || header == 43 || header == kFragmentHeader || header == kAuthenticationHeader ||
         header == 60;
}

struct UpperLayer {
  std::uint8_t protocol{};
  std::optional<ByteView> octets;  ///< nothing: not in this fragment, or not quoted
};

/// RFC 8200 section 4.1.
UpperLayer upper_layer(ByteView packet) {
  std::uint8_t protocol = packet[6];
  std::size_t at = kIpv6HeaderLength;
  while (is_extension(protocol)) {
    if (packet.size() < at + 8) return {protocol, std::nullopt};
    const auto header = packet.subspan(at);
    const bool is_fragment = protocol == kFragmentHeader;
    const bool is_later = is_fragment && (header[2] != 0 || (header[3] & 0xf8) != 0);
    if (is_later) return {header[0], std::nullopt};
    at += is_fragment                         ? 8
          : protocol == kAuthenticationHeader ? (std::size_t{header[1]} + 2) * 4
                                              : (std::size_t{header[1]} + 1) * 8;
    protocol = header[0];
  }
  if (packet.size() <= at) return {protocol, std::nullopt};
  return {protocol, packet.subspan(at)};
}

bool may_tell(const UpperLayer& upper) {
  if (is_extension(upper.protocol)) return false;
  if (upper.protocol != kIcmpv6) return true;
  return upper.octets && (*upper.octets)[0] >= kFirstInformational && (*upper.octets)[0] != kRedirect;
}

bool is_one_node(const Ipv4Address& address) {
  const auto first = address.octets[0];
  return first != 0 && first != 127 && first < 224;
}

/// Echoes and what is newer than errors.
bool is_informational(std::uint8_t type) { return type == 0 || type == 8 || type > 12; }

bool may_tell(const Ipv4View& ip, ByteView quoted) {
  if (!is_one_node(ip.source) || ip.offset() != 0) return false;
  return ip.protocol != kIcmp || (quoted.size() > ip.header && is_informational(quoted[ip.header]));
}

OriginalPacket of_ipv4(const Ipv4View& ip, ByteView quoted) {
  return {true,      to_mapped(ip.source), to_mapped(ip.destination),
          ip.length, ip.dont_fragment(),   may_tell(ip, quoted)};
}

}  // namespace

std::optional<OriginalPacket> OriginalPacket::read(ByteView quoted) {
  if (const auto ip = Ipv4View::read(quoted)) return of_ipv4(*ip, quoted);
  if (quoted.size() < kIpv6HeaderLength || quoted[0] >> 4 != 6) return std::nullopt;
  OriginalPacket original;
  original.source = Ipv6Address::from_bytes(quoted.subspan(8, 16));
  original.destination = Ipv6Address::from_bytes(quoted.subspan(24, 16));
  original.length = kIpv6HeaderLength + (std::size_t{quoted[4]} << 8 | quoted[5]);
  original.answerable =
      original.source.is_routable_unicast() && !is_mapped(original.source) && may_tell(upper_layer(quoted));
  return original;
}

}  // namespace flowmob::core
