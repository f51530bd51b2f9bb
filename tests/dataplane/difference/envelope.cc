// SPDX-License-Identifier: Apache-2.0
#include "envelope.h"

#include "base/ipv4.h"
#include "random_payload.h"
#include "wire/checksum.h"

namespace flowmob::dataplane::testing {
namespace {

constexpr std::uint8_t kOuterHops = 64, kGre = 47, kUdpProtocol = 17;
constexpr std::size_t kQuotedMost = 1280 - 40 - 8;

void add16(Bytes& octets, std::size_t value) {
  octets.push_back(static_cast<std::uint8_t>(value >> 8));
  octets.push_back(static_cast<std::uint8_t>(value));
}
void add32(Bytes& octets, std::uint32_t value) {
  add16(octets, value >> 16);
  add16(octets, value & 0xffff);
}

/// RFC 1071, over octets of an even number.
void update_checksum(Bytes& octets, std::size_t field) {
  octets[field] = octets[field + 1] = 0;
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < octets.size(); i += 2)
    sum += static_cast<std::uint32_t>(octets[i] << 8 | octets[i + 1]);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  octets[field] = static_cast<std::uint8_t>(~sum >> 8);
  octets[field + 1] = static_cast<std::uint8_t>(~sum);
}

/// What stands between the two (RFC 2784, RFC 2890, RFC 5844 section 4.1.4).
Bytes between(const core::InstallSession& session, bool is_ipv4, std::size_t length) {
  const auto& tunnelling = session.tunnelling;
  Bytes octets;
  if (tunnelling.has_udp()) {
    for (const std::size_t field : {std::size_t{5437}, std::size_t{5437}, length + 8, std::size_t{0}})
      add16(octets, field);
  } else if (tunnelling.has_gre()) {
    add16(octets, tunnelling.has_keys() ? 0x2000 : 0);
    add16(octets, is_ipv4 ? 0x0800 : 0x86dd);
    if (tunnelling.has_keys()) add32(octets, tunnelling.downlink_key);
  }
  return octets;
}

std::uint8_t outer_protocol(const core::InstallSession& session, bool is_ipv4) {
  if (session.tunnelling.has_udp()) return kUdpProtocol;
  if (session.tunnelling.has_gre()) return kGre;
  return is_ipv4 ? 4 : 41;
}

/// RFC 2473 section 3, RFC 6040 section 4.1; RFC 4213 section 3.
Bytes outer_header(const core::InstallSession& session, const core::ReferencePacket& packet,
                   std::size_t payload) {
  const auto protocol = outer_protocol(session, packet.is_ipv4);
  Bytes octets;
  if (is_mapped(session.mag)) {
    octets = {0x45, packet.traffic_class};
    add16(octets, 20 + payload);
    add16(octets, 0);
    add16(octets, 0x4000);
    append(octets, Bytes{kOuterHops, protocol, 0, 0});
    append(octets, from_mapped(session.lma).octets);
    append(octets, from_mapped(session.mag).octets);
    complete_ipv4_checksum(octets);
    return octets;
  }
  add32(octets, 6U << 28 | std::uint32_t{packet.traffic_class} << 20);
  add16(octets, payload);
  append(octets, Bytes{protocol, kOuterHops});
  append(octets, session.lma.octets);
  append(octets, session.mag.octets);
  return octets;
}

std::uint32_t word(const Bytes& packet, std::size_t at) {
  return static_cast<std::uint32_t>(packet[at] << 8 | packet[at + 1]);
}

}  // namespace

void update_ipv4_checksum(Bytes& octets, std::size_t header, std::uint32_t before, std::uint32_t after) {
  const auto field = header + 10;
  std::uint32_t sum = (~word(octets, field) & 0xffff) + (~before & 0xffff) + after;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  octets[field] = static_cast<std::uint8_t>(~sum >> 8);
  octets[field + 1] = static_cast<std::uint8_t>(~sum);
}

void count_hop(Frame& frame, bool is_ipv4) {
  if (!is_ipv4) {
    --frame[kEthernet + 7];
    return;
  }
  const auto before = word(frame, kEthernet + 8);
  --frame[kEthernet + 8];
  update_ipv4_checksum(frame, kEthernet, before, word(frame, kEthernet + 8));
}

std::size_t tunnel_headers(const core::InstallSession& session) {
  return std::size_t{core::outer_header(session.mag)} + session.tunnelling.overhead();
}

Frame in_tunnel(const Frame& frame, const core::ReferencePacket& packet,
                const core::InstallSession& session) {
  Frame forwarded = frame;
  count_hop(forwarded, packet.is_ipv4);
  const auto shim = between(session, packet.is_ipv4, packet.length);
  Frame made(frame.begin(), frame.begin() + 12);
  add16(made, is_mapped(session.mag) ? 0x0800 : 0x86dd);
  append(made, outer_header(session, packet, shim.size() + packet.length));
  append(made, shim);
  append(made, packet_in(forwarded));
  return made;
}

Frame too_big_answer(const Frame& frame, const core::ReferencePacket& packet, const Ipv6Address& from,
                     std::uint32_t mtu) {
  Bytes message{2, 0, 0, 0};
  add32(message, mtu);
  append(message, packet_in(frame).first(kQuotedMost));
  const auto sum = wire::ipv6_checksum(from, packet.key.source, 58, message);
  message[2] = static_cast<std::uint8_t>(sum >> 8);
  message[3] = static_cast<std::uint8_t>(sum);
  Frame made(frame.begin() + 6, frame.begin() + 12);
  made.insert(made.end(), frame.begin(), frame.begin() + 6);
  add16(made, 0x86dd);
  add32(made, 6U << 28);
  add16(made, message.size());
  append(made, Bytes{58, kOuterHops});
  append(made, from.octets);
  append(made, packet.key.source.octets);
  append(made, message);
  return made;
}

Frame fragmentation_needed(const Frame& frame, const core::ReferencePacket& packet, const Ipv4Address& from,
                           std::uint32_t mtu) {
  Bytes message{3, 4, 0, 0, 0, 0};
  add16(message, mtu);
  append(message, packet_in(frame).first(20 + 64));
  Bytes header{0x45, 0};
  add16(header, 20 + message.size());
  append(header, Bytes{0, 0, 0, 0, kOuterHops, 1, 0, 0});
  append(header, from.octets);
  append(header, from_mapped(packet.key.source).octets);
  complete_ipv4_checksum(header);
  update_checksum(message, 2);
  Frame made(frame.begin() + 6, frame.begin() + 12);
  made.insert(made.end(), frame.begin(), frame.begin() + 6);
  add16(made, 0x0800);
  append(made, header);
  append(made, message);
  return made;
}

bool has_partial_checksum(ByteView packet, const core::ReferencePacket& read) {
  const std::size_t field = read.key.protocol == 6 ? 16 : read.key.protocol == 17 ? 6 : 0;
  if (field == 0 || !read.upper || *read.upper + field + 2 > packet.size()) return false;
  std::uint64_t sum = read.length - *read.upper + read.key.protocol;
  for (const auto& address : {read.key.source, read.key.destination})
    for (std::size_t i = 0; i < 16; i += 2)
      sum += static_cast<std::uint64_t>(address.octets[i] << 8 | address.octets[i + 1]);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  const auto at = *read.upper + field;
  return sum == static_cast<std::uint64_t>(packet[at] << 8 | packet[at + 1]);
}

}  // namespace flowmob::dataplane::testing
