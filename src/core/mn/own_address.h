// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/address.h"
#include "core/mn/config.h"
#include "core/mn/effect.h"

namespace flowmob::core {

/// RFC 4291 appendix A.
Ipv6Address link_local_of(const MacAddress& mac);

/// What is to be said to a Neighbor Solicitation for the member's link-local address (RFC 4861 section
/// 7.2.4). Nothing: the message is another, about another address, or one that section 7.1.1 has discarded.
std::optional<AnswerNeighbor> answer_about(const MemberConfig& member, const PacketMeta& meta,
                                           ByteView icmpv6);

}  // namespace flowmob::core
