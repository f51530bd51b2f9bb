// SPDX-License-Identifier: Apache-2.0
#include "lab/demo/dissect.h"

namespace flowmob::lab {
namespace {

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
  const auto packet = capture::ipv6_in_frame(capture::kEthernet, frame);
  const auto innermost = packet ? capture::innermost(*packet) : std::nullopt;
  if (!innermost) return {};
  PacketFacts facts{*innermost};
  if ((facts.protocol == kTcp || facts.protocol == kUdp) && facts.transport.size() >= 8) {
    facts.source_port = get16(facts.transport, 0);
    facts.destination_port = get16(facts.transport, 2);
  }
  return facts;
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
