// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/effect.h"
#include "wire/neighbor_discovery.h"

namespace flowmob::core {

/// The receiver's checks that the codec cannot make (RFC 4861 sections 6.1.1 and 7.1.1). The message, or the
/// reason for dropping it as an error code.
Result<wire::NdMessage> validate_nd(const PacketMeta& meta, ByteView icmpv6);

/// Of a Timestamp option of SEND (RFC 3971 section 5.3.1), which counts as ours does (RFC 5213 section 8.8).
std::optional<std::uint64_t> send_timestamp(const wire::NdMessage& message);

}  // namespace flowmob::core
