// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/dhcp/server.h"

/// What a relay agent does to the messages of one client (RFC 1542 section 4, RFC 3046; RFC 5844 section
/// 3.4.2). Nothing here is remembered: a server sends back what it was told of the client's place.
namespace flowmob::core::dhcp {

struct Agent {
  Ipv4Address address;  ///< giaddr: where servers answer to
  std::string circuit;  ///< where the client is, for whoever reads it; at most 200 octets
};

/// `request` as servers get it, from a client whose home address is in `home`. The address is the remote id,
/// so that a server can give just that one; the default router stands for the server to the client (RFC
/// 5107), so that renewals come to whichever gateway is there, and says which subnet the client is on (RFC
/// 3527). `unicast`: the client knew whom it asks (RFC 5010). A quick answer (RFC 4039) is not asked for:
/// what a client takes has to be seen. Errors, all to be dropped:
/// "dhcp-not-a-request", "dhcp-too-many-hops", "dhcp-forged-agent" (a client that says what only a relay
/// may).
Result<Message> to_servers(const Agent& agent, const Ipv4Home& home, bool unicast, Message request);

/// The circuit that an answer is for, if `agent`'s address stands in it; empty: nobody's.
std::string circuit_of(const Ipv4Address& agent, const Message& reply);

/// The home address is what the answer gives or speaks of; a refusal gives none.
bool agrees(const Ipv4Home& home, const Message& reply);

/// What a client that takes, gives back or declines an address names for it, wherever it names it, is the
/// home address.
bool is_about(const Ipv4Home& home, const Message& request);

/// `reply` as the client gets it: without what is the relay's, and with the mask, the router and the MTU that
/// its binding says (RFC 5844 section 3.4.3), whatever the server knows.
Message to_client(const Lease& lease, Message reply);

}  // namespace flowmob::core::dhcp
