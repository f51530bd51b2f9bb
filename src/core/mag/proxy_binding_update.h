// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/attachment.h"
#include "core/mag/config.h"
#include "wire/mobility_header.h"

namespace flowmob::core {

/// What differs from one transmission of a request to the next.
struct TransmissionFields {
  std::uint16_t sequence{};
  std::optional<wire::TimestampOption> timestamp;  ///< none where sequence numbers order the messages
};

/// The Proxy Binding Update of RFC 5213 section 6.9.1.5 for the attachment's outstanding request.
wire::ProxyBindingUpdate build_update(const Attachment& attachment, bool query_link_local,
                                      const TransmissionFields& fields);

/// The Handoff Indicator of a request (RFC 5213 sections 6.9.1.1, 6.9.1.3 and 6.9.1.4).
wire::HandoffIndicator handoff_indicator(const Attachment& attachment, RequestKind kind);

/// A lifetime as it is asked for, in units of 4 s.
std::uint16_t lifetime_units(Duration lifetime);

}  // namespace flowmob::core
