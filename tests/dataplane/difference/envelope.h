// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/flow/reference_packet.h"
#include "core/lma/effect.h"
#include "random_packet.h"

/// What a router makes of packets, octet by octet.
namespace flowmob::dataplane::testing {

constexpr std::size_t kEthernet = 14;
inline ByteView packet_in(const Frame& frame) { return ByteView(frame).subspan(kEthernet); }

/// One hop less; the checksum of IPv4 makes up for it.
void count_hop(Frame& frame, bool is_ipv4);

/// Octets that the tunnel of the session adds.
std::size_t tunnel_headers(const core::InstallSession& session);
/// The frame with the packet in the session's tunnel, one hop further. The outer flow label is zero.
Frame in_tunnel(const Frame& frame, const core::ReferencePacket& packet, const core::InstallSession& session);

/// The checksum of the header of IPv4 there makes up for a word that has changed, right or wrong (RFC 1624).
void update_ipv4_checksum(Bytes& octets, std::size_t header, std::uint32_t before, std::uint32_t after);

/// Packet Too Big about what is in the frame, back to where it came from (RFC 4443 section 3.2).
Frame too_big_answer(const Frame& frame, const core::ReferencePacket& packet, const Ipv6Address& from,
                     std::uint32_t mtu);
/// Fragmentation needed (RFC 1191 section 4), quoting 64 octets behind a header without options.
Frame fragmentation_needed(const Frame& frame, const core::ReferencePacket& packet, const Ipv4Address& from,
                           std::uint32_t mtu);
/// Whether the checksum of TCP or UDP is what a sender leaves to its network card: that of the answer is then
/// computed for what the card will make of it.
bool has_partial_checksum(ByteView packet, const core::ReferencePacket& read);

}  // namespace flowmob::dataplane::testing
