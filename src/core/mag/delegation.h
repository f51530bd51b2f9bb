// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/mag_context.h"
#include "wire/mobility_header.h"

/// Prefixes of the network behind a mobile node that is a router (RFC 7148 section 5.1.2).
namespace flowmob::core {

/// Whether the attachment's registrations ask for them: the configuration says so, and the LMA has not
/// refused.
bool asks_for_delegated(const MagContext& context, const Attachment& attachment);
/// Those that it has; else, and in an initial registration, one ALL_ZERO option of IPv6. Whether there are
/// any.
bool add_delegated(const MagContext& context, const Attachment& attachment, wire::MobilityOptions& options);
/// What an acceptance delegates, ascending, each once. Nothing where one of them cannot be, or there are more
/// than rows.
std::optional<std::vector<Ipv6Prefix>> delegated_prefixes(const wire::MobilityOptions& options);

}  // namespace flowmob::core
