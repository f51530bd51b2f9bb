// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.h"
#include "core/dhcp6/message6.h"

/// A delegating router (RFC 8415 section 18.3, RFC 7148 section 3.2.1) without a memory: what it says comes
/// from the binding.
namespace flowmob::core::dhcp6 {

struct Delegation {
  std::vector<Ipv6Prefix> prefixes;  ///< none: the LMA delegates nothing
  Duration lifetime{};               ///< what is left of the binding's
};

/// The server's DUID, the same at all gateways of all domains, so that a renewal after a handoff is for
/// whichever gateway is there: DUID-LL (RFC 8415 section 11.4) of the link-layer address that all gateways
/// may have (RFC 6543).
Bytes server_id();

/// The message is one that servers answer, with the identifiers that it has to have (RFC 8415 section 16),
/// and for this server.
bool is_for_us(const Message& request);
/// It is for us, and wants prefixes that it does not give back.
bool asks_for_prefixes(const Message& request);
/// It is for us, and gives back prefixes of the delegation (RFC 8415 section 18.2.7).
bool releases(const Delegation& delegation, const Message& request);

/// Nothing where a server says nothing. The IA_PD with the lowest number gets all prefixes, other IA_PDs
/// none, and one whose number another has before it no answer; addresses are not given. `multicast`: it came
/// to All_DHCP_Relay_Agents_and_Servers.
std::optional<Message> answer(const Delegation& delegation, const Message& request, bool multicast);

}  // namespace flowmob::core::dhcp6
