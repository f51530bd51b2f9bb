// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/address.h"
#include "base/bytes.h"
#include "capture/packet.h"

namespace flowmob::lab {

inline constexpr std::uint8_t kTcp = 6, kUdp = 17, kIcmp6 = 58, kMobility = 135;

/// What the lab wants to know of an Ethernet frame with IPv6 in it: the innermost packet.
struct PacketFacts : capture::Ipv6Packet {
  std::uint16_t source_port{}, destination_port{};  ///< TCP and UDP
};

std::optional<PacketFacts> dissect(ByteView frame);

struct TcpFacts {
  std::uint32_t sequence{}, payload{}, timestamp{};
  std::uint64_t header_hash{};  ///< of all but the checksum
};
std::optional<TcpFacts> tcp_facts(const PacketFacts& packet);

struct EchoFacts {
  bool request{};
  std::uint16_t identifier{}, sequence{};
};
std::optional<EchoFacts> echo_facts(const PacketFacts& packet);

/// Proxy Binding Update and Acknowledgement as far as counting and timing them needs (RFC 5213 section 8).
struct BindingMessage {
  bool acknowledgement{};
  std::uint8_t status{};
  std::uint16_t sequence{}, lifetime{};
};
std::optional<BindingMessage> binding_message(const PacketFacts& packet);

}  // namespace flowmob::lab
