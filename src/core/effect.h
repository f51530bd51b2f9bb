// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "base/address.h"
#include "base/bytes.h"
#include "base/strong_id.h"

/// What every core object may ask of the outside. Core objects share one shape:
///   handle_*(Now, ...)            give input and time; effects may follow
///   poll_effect()                 the next effect, until there is none; carry it out
///   handle_effect_result(...)     answer an effect whose id is not zero, at once or later
///   poll_timeout()                when handle_timeout(now) wants to be called next
namespace flowmob::core {

using Json = nlohmann::ordered_json;

/// Where a packet came from, as far as the receiver knows.
struct PacketMeta {
  Ipv6Address source;
  Ipv6Address destination;
  InterfaceIndex interface;
  MacAddress link_source;         ///< zero if unknown
  std::uint8_t hop_limit = 0;     ///< as received
  std::uint16_t source_port = 0;  ///< over IPv4: UDP's
};

/// One Mobility Header to one destination, from a given source address. Between IPv4-mapped addresses it goes
/// in UDP (RFC 5844 section 4).
struct SendMessage {
  Ipv6Address source;
  Ipv6Address destination;
  Bytes mobility_header;
  std::uint16_t port = 0;  ///< of UDP, where an answer goes; zero: that of Proxy Mobile IPv6
};

/// One ICMPv6 message, checksum in place, to one destination, from a given source address.
struct SendIcmpv6 {
  Ipv6Address source;
  Ipv6Address destination;
  Bytes icmpv6;
};

/// One whole IP packet, header checksum in place, that the kernel finds the way for. Where its source is
/// 0.0.0.0 the kernel fills in an address of the interface by which it leaves.
struct SendPacket {
  Bytes packet;
};

/// For the log and for everyone who monitors. Event names are kebab-case.
struct Notify {
  std::string event;
  Json fields;
};

/// IPv6-in-IPv6 between two addresses; counted by the core, so it is asked for once and removed once.
struct EnsureTunnel {
  Ipv6Address local;
  Ipv6Address remote;
  std::uint64_t incarnation = 0;  ///< tells the answer from one for a tunnel that has gone since
};
struct RemoveTunnel {
  Ipv6Address local;
  Ipv6Address remote;
};

}  // namespace flowmob::core
