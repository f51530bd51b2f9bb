// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "core/flow/reference_packet.h"
#include "core/tunnelling.h"
#include "random_packet.h"

/// Tunnel packets from the outside (RFC 2473, RFC 4213, RFC 5844 section 4, RFC 5845).
namespace flowmob::dataplane::testing {

/// What is in a tunnel packet: where the inner packet begins, and how it is carried.
struct Tunnelled {
  const char* refused = nullptr;  ///< why it is dropped
  std::size_t headers{};          ///< octets before the inner packet
  bool holds_ipv4 = false;
  core::Encapsulation way{};
  std::uint32_t key{};
};

/// Nothing: it is no tunnel packet. `packet` ends where its header says.
std::optional<Tunnelled> read_tunnel(ByteView packet, const core::ReferencePacket& outer);

/// The packet inside, or the reason why there is none: "inner-not-ipv6", "malformed".
Result<core::ReferencePacket> read_carried(ByteView carried, bool holds_ipv4);

/// The ECN field that the inner packet gets (RFC 6040 figure 4); nothing: it is dropped.
std::optional<unsigned> ecn_after(unsigned inner, unsigned outer);
/// The frame without what is before the packet inside, whose ECN field is as said. What is behind it in the
/// frame stays.
Frame taken_out(const Frame& frame, const Tunnelled& tunnelled, const core::ReferencePacket& inner,
                unsigned ecn);

}  // namespace flowmob::dataplane::testing
