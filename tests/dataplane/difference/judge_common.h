// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "judge.h"

/// What both directions' judgements share.
namespace flowmob::dataplane::testing {

Expected passed(const Frame& frame, const char* kind);
Expected dropped_because(const char* reason);

bool is_to(const Frame& frame, std::string_view mac);
/// The packet, where the frame's type is that of its version.
Result<core::ReferencePacket> packet_of(const Frame& frame);
/// Addresses of 0:ffff::/32 in IPv6, by which the data plane has those of IPv4 in its rows: nobody's (RFC
/// 4291 section 2.4), so that a packet with one is none.
bool is_key_of_ipv4(const core::FlowKey& key);

const core::InstallNode* node_of(const World& world, const Ipv6Address& address, bool is_ipv4);
bool is_anchors(const Ipv6Address& address);
/// Whether there is a tunnel between the two.
bool is_tunnel(const Ipv6Address& gateway, const Ipv6Address& anchor);

constexpr std::size_t kMinimumMtu = 1280, kLinkMtu = 1500;  // RFC 8200 section 5; of the interfaces
/// Packet Too Big goes back, unless it was an error (RFC 4443 section 2.4 (e)).
Expected answered_too_big(const Frame& frame, const core::ReferencePacket& packet, const Ipv6Address& from,
                          std::size_t mtu);
/// What tells its packets from others' in hashes: 5-tuple, SPI, or the identifier of a ping.
std::string hashed(const core::FlowKey& key, const std::optional<std::uint16_t>& echo);

}  // namespace flowmob::dataplane::testing
