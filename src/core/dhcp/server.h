// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.h"
#include "core/dhcp/message.h"
#include "core/ipv4_home.h"

namespace flowmob::core::dhcp {

/// All that one client can have (RFC 5844 section 3.4).
struct Lease {
  Ipv4Home home;
  std::uint16_t mtu{};  ///< of the tunnel
  Duration time{};
};

/// What a server with this lease alone answers; nothing: it is silent. The default router's address is also
/// the server's identifier, so that all MAGs of a domain are one server to the client. Clients that ask for
/// another address get a NAK.
std::optional<Message> answer(const Lease& lease, const Message& request);

/// What a server answers that has no lease for this client: whoever claims an address loses it.
std::optional<Message> answer_without_lease(const Message& request);

/// The mask, the router and the MTU that the binding says (RFC 5844 section 3.4.3).
void set_configuration(const Lease& lease, Message& reply);

/// The address that a client wants to have or to keep, in whichever state it is (RFC 2131 section 4.3.2);
/// unspecified: it does not say.
Ipv4Address wanted_address(const Message& request);

/// The client gives this lease back.
bool releases(const Lease& lease, const Message& request);

}  // namespace flowmob::core::dhcp
