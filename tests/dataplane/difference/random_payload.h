// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.h"
#include "base/bytes.h"
#include "chance.h"
#include "world.h"

/// The packets of random_packet.h from the inside.
namespace flowmob::dataplane::testing {

/// Both of one family; those of IPv4 are IPv4-mapped.
struct Ends {
  Ipv6Address source, destination;
  Ends turned() const { return {destination, source}; }
};

/// A packet with everything there is between two ends. `length`: what the whole of it has at least; zero: it
/// is short.
Bytes random_ip(Chance& chance, const Ends& ends, std::size_t length);

/// Which end of the tunnel it comes to.
enum class Towards { Anchor, Gateway };
/// From the session's node, or to it.
Bytes random_node_packet(Chance& chance, const World& world, const core::InstallSession& session,
                         Towards end);
/// With such a packet inside, as its session has agreed or nearly so. The world has sessions.
Bytes random_tunnel_packet(Chance& chance, const World& world, Towards end);

/// Cuts a packet off anywhere, puts octets behind it, or makes of its octets what they were not.
void spoil(Chance& chance, Bytes& packet);

/// The header of IPv4 with its checksum as it should be.
void complete_ipv4_checksum(Bytes& packet);

}  // namespace flowmob::dataplane::testing
