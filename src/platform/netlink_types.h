// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/address.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/ipv4.h"
#include "base/strong_id.h"

namespace flowmob::platform {

/// Marks the routes that are ours (RTA_PROTOCOL): the only ones that are ever removed.
constexpr std::uint8_t kRouteProtocol = 213;

struct Link {
  InterfaceIndex index;
  std::string name;
  std::string kind;      ///< "veth", "bridge", ...; empty for hardware
  std::uint16_t type{};  ///< ARPHRD_*
  bool point_to_point{};
  MacAddress mac;
  MacAddress permanent_mac;  ///< the hardware's own, whatever `mac` was set to; zero: it has none
  std::uint32_t mtu{};
  bool up{};       ///< administratively
  bool carrier{};  ///< up, and the lower layer says that it can carry packets
  InterfaceIndex master;
  std::string alias;  ///< a note that anyone may write
  friend bool operator==(const Link&, const Link&) = default;
};

struct LinkEvent {
  Link link;
  bool removed{};
};

struct VethPair {
  std::string name;
  std::string peer_name;
  std::optional<MacAddress> mac;
  std::optional<MacAddress> peer_mac;
  std::optional<std::uint32_t> mtu;      ///< of both ends
  std::optional<int> peer_namespace_fd;  ///< where the peer is born; here if absent
};

/// A link that has others as its ports. A bond is made as active-backup with MII polls of 100 ms, and leaves
/// ports their own link-layer addresses.
struct PortMaster {
  std::string name;
  std::string kind;  ///< "bridge", "bond" or "team"
  MacAddress mac;
  std::string alias;
};

/// An address lifetime in seconds as netlink and Router Advertisements have it.
constexpr std::uint32_t kForever = 0xffffffff;

struct InterfaceAddress {
  InterfaceIndex interface;
  Ipv6Address address;
  std::uint8_t prefix_length = 64;
  std::uint32_t valid_lifetime = kForever;
  std::uint32_t preferred_lifetime = kForever;
  bool no_dad = true;
  bool no_prefix_route = false;
  bool tentative = false;  ///< read only
  friend bool operator==(const InterfaceAddress&, const InterfaceAddress&) = default;
};

enum class RouteType : std::uint8_t { Unicast, Blackhole, Unreachable };

struct Route {
  Ipv6Prefix destination;    ///< length zero: the default route
  InterfaceIndex interface;  ///< none for Blackhole and Unreachable
  std::optional<Ipv6Address> gateway;
  std::uint32_t metric = 512;
  std::uint32_t mtu = 0;  ///< zero: the interface's
  RouteType type = RouteType::Unicast;
  std::optional<Ipv6Address> preferred_source;
  friend bool operator==(const Route&, const Route&) = default;
};

/// A route of IPv4, through a gateway of IPv6 where there is one (RFC 8950).
struct Ipv4Route {
  Ipv4Interface destination;  ///< no host bits
  InterfaceIndex interface;   ///< none: unreachable
  std::optional<Ipv6Address> gateway;
  std::uint32_t metric = 512;
  std::uint32_t mtu = 0;  ///< zero: the interface's
  friend bool operator==(const Ipv4Route&, const Ipv4Route&) = default;
};

/// A route of an interface that is not ours, of whatever family and table, without what the kernel would
/// make by itself: as the kernel writes it (struct rtmsg and attributes, in the host's byte order), but
/// without its state. Of this boot.
struct ForeignRoute {
  Bytes message;
  /// "bad-route": nothing that foreign_routes() could have found on that interface.
  static Result<ForeignRoute> parse(Bytes message, InterfaceIndex interface);
  friend bool operator==(const ForeignRoute&, const ForeignRoute&) = default;
};

struct Neighbor {
  InterfaceIndex interface;
  Ipv6Address address;
  MacAddress mac;
  bool permanent = true;
  friend bool operator==(const Neighbor&, const Neighbor&) = default;
};

/// How the kernel would send to a destination now.
struct Path {
  InterfaceIndex interface;
  std::optional<Ipv6Address> gateway;
  std::optional<Ipv6Address> source;
  std::uint32_t mtu{};  ///< of the route if it has one, else of the interface
  bool local{};         ///< the destination is an address of this host
};

}  // namespace flowmob::platform
