// SPDX-License-Identifier: Apache-2.0
#include "lab/demo/dissect.h"

namespace flowmob::lab {
namespace {

constexpr std::size_t kEthernetHeader = 14;
constexpr std::size_t kIpv6Header = 40;
constexpr std::uint8_t kIpv6InIpv6 = 41, kDestinationOptions = 60;

std::uint16_t get16(ByteView in, std::size_t at) {
  return static_cast<std::uint16_t>(in[at] << 8 | in[at + 1]);
}
std::uint32_t get32(ByteView in, std::size_t at) {
  return static_cast<std::uint32_t>(get16(in, at)) << 16 | get16(in, at + 2);
}

std::uint64_t hash(ByteView octets, std::uint64_t start = 0xcbf29ce484222325ULL) {
  for (const std::uint8_t octet : octets) start = (start ^ octet) * 0x100000001b3ULL;  // FNV-1a
  return start;
}

std::optional<PacketFacts> dissect_ipv6(ByteView packet, bool tunnelled) {
  if (packet.size() < kIpv6Header || packet[0] >> 4 != 6) return {};
  PacketFacts facts;
  facts.source = Ipv6Address::from_bytes(packet.subspan(8, 16));
  facts.destination = Ipv6Address::from_bytes(packet.subspan(24, 16));
  facts.tunnelled = tunnelled;
  facts.protocol = packet[6];
  facts.transport_length = get16(packet, 4);
  facts.packet_length = facts.transport_length + static_cast<std::uint32_t>(kIpv6Header);
  facts.transport = packet.subspan(kIpv6Header);
  while (facts.protocol == kDestinationOptions) {
    if (facts.transport.size() < 8) return {};
    const std::size_t length = (std::size_t{facts.transport[1]} + 1) * 8;
    if (facts.transport.size() < length || facts.transport_length < length) return {};
    facts.protocol = facts.transport[0];
    facts.transport = facts.transport.subspan(length);
    facts.transport_length -= static_cast<std::uint32_t>(length);
  }
  if (facts.protocol == kIpv6InIpv6 && !tunnelled) return dissect_ipv6(facts.transport, true);
  if ((facts.protocol == kTcp || facts.protocol == kUdp) && facts.transport.size() >= 8) {
    facts.source_port = get16(facts.transport, 0);
    facts.destination_port = get16(facts.transport, 2);
  }
  return facts;
}

/// The timestamp value, RFC 7323 section 3.2; 0 if there is none.
std::uint32_t timestamp_option(ByteView options) {
  while (options.size() >= 2 && options[0] != 0) {
    const std::size_t length = options[0] == 1 ? 1 : options[1];
    if (length == 0 || length > options.size()) return 0;
    if (options[0] == 8 && length == 10) return get32(options, 2);
    options = options.subspan(length);
  }
  return 0;
}

}  // namespace

std::optional<PacketFacts> dissect(ByteView frame) {
  if (frame.size() < kEthernetHeader || get16(frame, 12) != 0x86dd) return {};
  return dissect_ipv6(frame.subspan(kEthernetHeader), false);
}

std::optional<TcpFacts> tcp_facts(const PacketFacts& packet) {
  if (packet.protocol != kTcp || packet.transport.size() < 20) return {};
  const std::size_t header = std::size_t{packet.transport[12]} / 16 * 4;
  if (header < 20 || packet.transport.size() < header || packet.transport_length < header) return {};
  TcpFacts facts;
  facts.sequence = get32(packet.transport, 4);
  facts.payload = packet.transport_length - static_cast<std::uint32_t>(header);
  facts.timestamp = timestamp_option(packet.transport.subspan(20, header - 20));
  facts.header_hash = hash(packet.transport.subspan(18, header - 18), hash(packet.transport.first(16)));
  return facts;
}

std::optional<EchoFacts> echo_facts(const PacketFacts& packet) {
  if (packet.protocol != kIcmp6 || packet.transport.size() < 8) return {};
  const std::uint8_t type = packet.transport[0];
  if (type != 128 && type != 129) return {};
  return EchoFacts{type == 128, get16(packet.transport, 4), get16(packet.transport, 6)};
}

std::optional<BindingMessage> binding_message(const PacketFacts& packet) {
  if (packet.protocol != kMobility || packet.transport.size() < 12) return {};
  const ByteView mh = packet.transport;
  if (mh[2] == 5) return BindingMessage{false, 0, get16(mh, 6), get16(mh, 10)};
  if (mh[2] == 6) return BindingMessage{true, mh[6], get16(mh, 8), get16(mh, 10)};
  return {};
}

}  // namespace flowmob::lab
