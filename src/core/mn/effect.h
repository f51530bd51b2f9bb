// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "core/effect.h"

/// What a LogicalInterface asks for. All of it is idempotent; answers without an id are for the log alone.
namespace flowmob::core {

/// A Router Solicitation out of one member, in one frame. Hop limit 255.
struct SendSolicitation {
  InterfaceIndex interface;
  MacAddress link_source;
  MacAddress link_destination;
  Ipv6Address source;  ///< unspecified, or the member's link-local address
  Ipv6Address destination;
  Bytes icmpv6;
};

/// A Neighbor Solicitation to a member's router alone, or to all that listen to its solicited-node group,
/// from the member's link-local address: `source`, or the kernel's. Its answer is wanted: while there is no
/// such address (or no way to send) nothing has been asked.
struct AskRouter {
  InterfaceIndex interface;
  MacAddress link_source;
  Ipv6Address router;       ///< who is asked about
  MacAddress router_mac;    ///< of the group, where it is asked
  Ipv6Address destination;  ///< the router or its group
  bool raw_ip = false;      ///< on a link without addresses: without their options (RFC 4861 section 4.3)
  std::optional<Ipv6Address> source = {};
};

/// A Neighbor Advertisement of a member's link-local address that the kernel does not know of.
struct AnswerNeighbor {
  InterfaceIndex interface;
  MacAddress link_source;
  Ipv6Address source;
  MacAddress link_destination;
  Ipv6Address destination;
  bool solicited = true;  ///< false: whoever asked has no address yet, so that all nodes are told
};

/// A probe for duplicates of a port's link-local address (RFC 4862 section 5.4.2), or a report about its
/// group (RFC 3810 section 5.2).
struct SendFromPort {
  InterfaceIndex interface;
  MacAddress link_source;
  MacAddress link_destination;
  Ipv6Address source;  ///< unspecified while the address is tentative
  Ipv6Address destination;
  bool is_report = false;  ///< hop limit 1, with a Router Alert option; else 255
  Bytes icmpv6;
};

/// A global address on the logical interface. Lifetimes in seconds, 0xffffffff: forever.
struct EnsureAddress {
  Ipv6Address address;
  std::uint8_t prefix_length = 64;
  std::uint32_t valid_lifetime{};
  std::uint32_t preferred_lifetime{};
};
struct RemoveAddress {
  Ipv6Address address;
  std::uint8_t prefix_length = 64;
};

/// The one default router, reached via the logical interface (RFC 7847 section 5.1), with its neighbour
/// entry.
struct EnsureDefaultRouter {
  Ipv6Address router;
  MacAddress mac;
};
struct RemoveDefaultRouter {
  Ipv6Address router;
};

struct SetInterfaceMtu {
  std::uint32_t mtu{};
};

/// The data plane's row of a member, by its number.
struct InstallMember {
  std::uint32_t number{};
  InterfaceIndex interface;
  MacAddress mac;
  bool up = false;
  MacAddress router;  ///< as it advertised itself on this member; zero: not yet known
  bool raw_ip = false;
};
/// For flows not yet seen on any link, and while a flow's own member is down.
struct InstallDefaultMember {
  std::uint32_t number{};
};

/// It has left: nothing that comes by it is ours any more. Its number may be another's next, so flows that
/// still have it are given to the default member first.
struct RemoveMember {
  std::uint32_t number{};
  InterfaceIndex interface;
};

/// By which members routers that can be used advertise the prefix: bit N is member number N. What is sent
/// from there begins by one of them, for a gateway takes no other prefixes; none: by any.
struct InstallSource {
  Ipv6Prefix prefix;
  std::uint32_t members{};
};

struct MnEffect {
  EffectId id;
  std::variant<Notify, SendSolicitation, AskRouter, AnswerNeighbor, EnsureAddress, RemoveAddress,
               EnsureDefaultRouter, RemoveDefaultRouter, SetInterfaceMtu, InstallMember, InstallDefaultMember,
               RemoveMember, InstallSource, SendFromPort>
      action;
};

}  // namespace flowmob::core
