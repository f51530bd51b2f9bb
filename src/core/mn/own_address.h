// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/address.h"
#include "core/mn/config.h"
#include "core/mn/effect.h"
#include "wire/neighbor_discovery.h"

namespace flowmob::core {

/// RFC 4291 appendix A.
Ipv6Address link_local_of(const MacAddress& mac);

/// An interface identifier that is stable and no EUI-64's, another for each counter: RFC 7217's idea without
/// a secret, as one made of a link-layer address is none.
std::uint64_t opaque_identifier(const MacAddress& mac, unsigned counter);

/// Of the virtual interface, whose link-layer address may be a member's: no member's own.
Ipv6Address link_local_of_vif(const MacAddress& mac);

/// RFC 4291 section 2.7.1.
Ipv6Address solicited_node(const Ipv6Address& target);
/// RFC 2464 section 7.
MacAddress mac_of_group(const Ipv6Address& group);

/// Whether RFC 4861 section 7.1.1 takes it, and it is about `own`.
bool is_question_about(const Ipv6Address& own, const PacketMeta& meta,
                       const wire::NeighborSolicitation& asked);

/// What is to be said to a Neighbor Solicitation for `own`, the member's link-local address (RFC 4861 section
/// 7.2.4). Nothing: the message is another, about another address, or one that section 7.1.1 has discarded.
std::optional<AnswerNeighbor> answer_about(const MemberConfig& member, const Ipv6Address& own,
                                           const PacketMeta& meta, ByteView icmpv6);

}  // namespace flowmob::core
