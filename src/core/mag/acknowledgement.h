// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "core/mag/attachment.h"
#include "core/mag/config.h"
#include "wire/mobility_header.h"

namespace flowmob::core {

/// Whether what the LMA has to echo is what was asked (RFC 5213 section 6.9.1.2, item 6).
bool echoes_request(const wire::ProxyBindingAcknowledgement& ack, const Attachment& attachment);

/// The on-link prefixes that an acceptance assigns. "bad-prefix" if there is none, or one that nobody can be
/// reached by.
Result<std::vector<Ipv6Prefix>> assigned_prefixes(const wire::ProxyBindingAcknowledgement& ack);

/// "vendor_options" of the last answer (RFC 5094), where there are any.
void add_vendor_options(const Attachment& attachment, Json& fields);

/// Those that it wants forwarded without being hosted (RFC 7864 section 3.3), each once, ascending. Nothing
/// if one of them cannot be.
std::optional<std::vector<Ipv6Prefix>> off_link_prefixes(const wire::MobilityOptions& options);

/// What a refused registration leads to (RFC 5213 section 6.9.1.2, items 7 to 11).
enum class RefusalReaction {
  Stop,           ///< until an administrative action or a new attachment
  RetryLater,     ///< may pass by itself: the LMA lacks something
  RegisterAgain,  ///< with a fresh timestamp
  AdoptSequence,  ///< with a number above the returned one (RFC 6275 section 11.7.3)
  AskForAny,      ///< the same prefixes are not asked for again
  AnyIpv4,        ///< the same IPv4 address is not asked for again (RFC 5844 section 3.2.3.2)
  WithoutIpv4,    ///< likewise, IPv4 at all
  WithoutIpv6,    ///< likewise, prefixes at all
  AwaitClock,     ///< after our clock was set, else at a slow pace, and never with the LMA's stamp
};
RefusalReaction reaction_to(wire::BindingStatus status);

}  // namespace flowmob::core
