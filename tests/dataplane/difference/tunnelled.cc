// SPDX-License-Identifier: Apache-2.0
#include "tunnelled.h"

#include "envelope.h"
#include "judge_common.h"

namespace flowmob::dataplane::testing {
namespace {

using core::Encapsulation;
constexpr std::uint16_t kTunnelPort = 5437;

std::uint16_t word_at(ByteView octets, std::size_t at) {
  return static_cast<std::uint16_t>(octets[at] << 8 | octets[at + 1]);
}

bool is_tunnelling(std::uint8_t protocol) { return protocol == 4 || protocol == 41 || protocol == 47; }

/// RFC 2784 section 2, RFC 2890 section 2: nobody agrees on checksums, sequence numbers or another version.
Tunnelled read_gre_header(ByteView packet, std::size_t at) {
  constexpr std::uint16_t kKey = 0x2000, kIgnored = 0x03f8;
  if (packet.size() < at + 4) return {"malformed"};
  const auto flags = word_at(packet, at), type = word_at(packet, at + 2);
  const bool has_key = (flags & kKey) != 0;
  if ((flags & ~(kKey | kIgnored)) != 0 || (type != 0x0800 && type != 0x86dd)) return {"malformed"};
  if (!has_key) return {nullptr, at + 4, type == 0x0800, Encapsulation::Gre, 0};
  if (packet.size() < at + 8) return {"malformed"};
  const auto key = std::uint32_t{word_at(packet, at + 4)} << 16 | word_at(packet, at + 6);
  return {nullptr, at + 8, type == 0x0800, Encapsulation::GreWithKeys, key};
}

std::optional<Tunnelled> read_tunnel_in_ipv4(ByteView packet, const core::ReferencePacket& outer) {
  const auto at = outer.header;
  if (outer.next_header == 17) {
    if (outer.continues || packet.size() < at + 8 || word_at(packet, at + 2) != kTunnelPort) return {};
    if (outer.begins) return Tunnelled{"outer-fragment"};
    if (packet.size() == at + 8) return Tunnelled{"malformed"};
    return Tunnelled{nullptr, at + 8, packet[at + 8] >> 4 == 4, Encapsulation::Udp, 0};
  }
  if (!is_tunnelling(outer.next_header)) return {};
  if (outer.is_fragment()) return Tunnelled{"outer-fragment"};
  if (outer.next_header == 47) return read_gre_header(packet, at);
  return Tunnelled{nullptr, at, outer.next_header == 4, Encapsulation::Plain, 0};
}

/// With the tunnel encapsulation limit of RFC 2473 section 4.1.1 or without; nothing else before the packet.
std::optional<Tunnelled> read_tunnel_in_ipv6(ByteView packet, const core::ReferencePacket& outer) {
  std::size_t at = 40;
  auto protocol = outer.next_header;
  if (protocol == 44 || protocol == 60) {
    if (packet.size() < at + 8) return {};
    if (protocol == 44 && (is_tunnelling(packet[at]) || packet[at] == 60)) return Tunnelled{"outer-fragment"};
    const bool is_limit = packet[at + 1] == 0 && packet[at + 2] == 4 && packet[at + 3] == 1;
    if (protocol == 44 || !is_limit) return {};
    protocol = packet[at];
    at += 8;
  }
  if (!is_tunnelling(protocol)) return {};
  if (protocol == 47) return read_gre_header(packet, at);
  return Tunnelled{nullptr, at, protocol == 4, Encapsulation::Plain, 0};
}

void set_ecn(Bytes& packet, bool is_ipv4, unsigned ecn) {
  if (!is_ipv4) {
    packet[1] = static_cast<std::uint8_t>((packet[1] & 0xcf) | ecn << 4);
    return;
  }
  const auto before = word_at(packet, 0);
  packet[1] = static_cast<std::uint8_t>((packet[1] & 0xfc) | ecn);
  update_ipv4_checksum(packet, 0, before, word_at(packet, 0));
}

}  // namespace

std::optional<Tunnelled> read_tunnel(ByteView packet, const core::ReferencePacket& outer) {
  return outer.is_ipv4 ? read_tunnel_in_ipv4(packet, outer) : read_tunnel_in_ipv6(packet, outer);
}

Result<core::ReferencePacket> read_carried(ByteView carried, bool holds_ipv4) {
  if (carried.size() < (holds_ipv4 ? 20U : 40U)) return fail("malformed", "its header is not there");
  if (carried[0] >> 4 != (holds_ipv4 ? 4 : 6))
    return fail("inner-not-ipv6", "not what the header before it says");
  auto inner = core::read_packet(carried);
  if (!inner || (!holds_ipv4 && is_key_of_ipv4(inner->key))) return fail("malformed", "lengths or addresses");
  return inner;
}

std::optional<unsigned> ecn_after(unsigned inner, unsigned outer) {
  constexpr unsigned kNotEct = 0, kEct1 = 1, kEct0 = 2, kCe = 3;
  if (inner == kNotEct) return outer == kCe ? std::nullopt : std::optional(kNotEct);
  if (outer == kCe) return kCe;
  if (inner == kEct0 && outer == kEct1) return kEct1;
  return inner;
}

Frame taken_out(const Frame& frame, const Tunnelled& tunnelled, const core::ReferencePacket& inner,
                unsigned ecn) {
  const auto left = packet_in(frame).subspan(tunnelled.headers);
  Bytes packet(left.begin(), left.end());
  if (ecn != (inner.traffic_class & 3U)) set_ecn(packet, inner.is_ipv4, ecn);
  Frame made(frame.begin(), frame.begin() + 12);
  append(made, inner.is_ipv4 ? Bytes{0x08, 0x00} : Bytes{0x86, 0xdd});
  append(made, packet);
  return made;
}

}  // namespace flowmob::dataplane::testing
