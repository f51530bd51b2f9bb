// SPDX-License-Identifier: Apache-2.0
#include "core/tunnel/ipv4_fragment.h"

#include <algorithm>

#include "core/tunnel/ipv4_packet.h"

namespace flowmob::core {
namespace {

constexpr std::uint8_t kTcp = 6, kUdp = 17;
constexpr std::uint8_t kEndOfOptions = 0, kNoOperation = 1, kCopied = 0x80;

void write16(Bytes& octets, std::size_t at, std::size_t value) {
  octets[at] = static_cast<std::uint8_t>(value >> 8);
  octets[at + 1] = static_cast<std::uint8_t>(value);
}

/// Where in the upper-layer header the checksum is.
std::size_t checksum_position(std::uint8_t protocol) {
  if (protocol == kTcp) return 16;
  return protocol == kUdp ? 6 : 0;
}

/// RFC 791 section 3.1: what the second and later fragments have of the options.
Bytes copied_options(ByteView options) {
  Bytes copied;
  for (std::size_t at = 0; at < options.size() && options[at] != kEndOfOptions;) {
    if (options[at] == kNoOperation) {
      ++at;
      continue;
    }
    const std::size_t length = at + 1 < options.size() ? options[at + 1] : 0;
    if (length < 2 || at + length > options.size()) break;
    if ((options[at] & kCopied) != 0) append(copied, options.subspan(at, length));
    at += length;
  }
  copied.resize((copied.size() + 3) / 4 * 4, kEndOfOptions);
  return copied;
}

/// The header of a part: that of the packet with what differs.
Bytes header_of_part(ByteView packet, const Bytes& options, std::size_t payload, std::size_t fragment) {
  Bytes header(packet.begin(), packet.begin() + kIpv4Header);
  append(header, options);
  header[0] = static_cast<std::uint8_t>(0x40 | header.size() / 4);
  write16(header, 2, header.size() + payload);
  write16(header, 6, fragment);
  --header[8];
  write16(header, 10, 0);
  write16(header, 10, internet_checksum(header));
  return header;
}

}  // namespace

void complete_checksum(Bytes& packet) {
  const auto ip = Ipv4View::read(packet);
  if (!ip || ip->length != packet.size() || (ip->fragment & (kMoreFragments | kFragmentOffset)) != 0) return;
  const auto position = checksum_position(ip->protocol);
  const auto at = ip->header + position;
  if (position == 0 || at + 2 > packet.size()) return;
  const ByteView upper = ByteView(packet).subspan(ip->header);
  const auto pseudo = ipv4_pseudo_header(ip->source, ip->destination, ip->protocol, upper.size());
  const auto open = static_cast<std::uint16_t>(~internet_checksum({}, pseudo));
  if (packet[at] != open >> 8 || packet[at + 1] != (open & 0xff)) return;
  const auto checksum = internet_checksum(upper);  // which begins with the pseudo header's sum in the field
  write16(packet, at, ip->protocol == kUdp && checksum == 0 ? 0xffff : checksum);
}

std::vector<Bytes> cut_ipv4(ByteView packet, std::size_t mtu) {
  const auto ip = Ipv4View::read(packet);
  if (!ip || ip->length > packet.size() || ip->dont_fragment() || ip->ttl <= 1) return {};
  constexpr std::size_t kLongest = 65535;
  if (ip->offset() * 8 + ip->length > kLongest) return {};
  ByteView rest = packet.subspan(ip->header, ip->length - ip->header);
  const ByteView all_options = packet.subspan(kIpv4Header, ip->header - kIpv4Header);
  Bytes options(all_options.begin(), all_options.end());
  std::size_t offset = ip->offset();
  std::vector<Bytes> parts;
  while (true) {
    const auto header = kIpv4Header + options.size();
    if (mtu < header + 8) return {};
    const bool is_last = header + rest.size() <= mtu;
    const auto payload = is_last ? rest.size() : (mtu - header) / 8 * 8;
    const std::size_t more = is_last ? ip->fragment & kMoreFragments : kMoreFragments;
    Bytes part = header_of_part(packet, options, payload, offset | more);
    append(part, rest.first(payload));
    parts.push_back(std::move(part));
    if (is_last) return parts;
    rest = rest.subspan(payload);
    offset += payload / 8;
    options = copied_options(all_options);
  }
}

}  // namespace flowmob::core
