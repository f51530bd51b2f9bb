// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "platform/netlink_socket.h"
#include "platform/netlink_types.h"

namespace flowmob::platform {

/// Requests to the kernel's routing socket, each answered before it returns. Works on the network namespace
/// in which it was opened. ensure_* and remove_* are idempotent: what is already so is success.
class Netlink {
 public:
  static Result<Netlink> open();

  // Links (netlink_link.cc)
  Result<Link> link(std::string_view name);  ///< "no-such-interface"
  Result<Link> link(InterfaceIndex index);
  Result<std::vector<Link>> links();
  Result<void> set_up(InterfaceIndex index, bool up);
  Result<void> set_mac(InterfaceIndex index, const MacAddress& mac);
  Result<void> set_mtu(InterfaceIndex index, std::uint32_t mtu);
  Result<void> set_namespace(InterfaceIndex index, int namespace_fd);
  Result<void> create_veth(const VethPair& pair);  ///< "exists" when the name is taken
  Result<void> delete_link(InterfaceIndex index);

  // Masters and their ports (netlink_port.cc)
  Result<void> create_master(const PortMaster& master);  ///< "exists", "not-supported"
  /// None: it is no port any more. Bonds and teams take only ports that are down, and set them up.
  Result<void> set_master(InterfaceIndex port, InterfaceIndex master);
  /// Of a bridge: what the port takes goes to no other such port, nothing is flooded to it or learnt from it;
  /// or as the kernel makes ports.
  Result<void> isolate_port(InterfaceIndex port, bool isolated);

  // Addresses (netlink_address.cc)
  /// The route that delivers to the new address follows a moment later (path_to(...).local).
  Result<void> ensure_address(const InterfaceAddress& address);
  Result<void> remove_address(InterfaceIndex interface, const Ipv6Address& address,
                              std::uint8_t prefix_length);
  Result<std::vector<InterfaceAddress>> addresses(InterfaceIndex interface);

  // Routes, ours only (netlink_route.cc)
  Result<void> ensure_route(const Route& route);
  Result<void> remove_route(const Route& route);
  Result<std::vector<Route>> routes();
  // Likewise of IPv4 (netlink_ipv4_route.cc)
  Result<void> ensure_route(const Ipv4Route& route);
  Result<void> remove_route(const Ipv4Route& route);
  Result<std::vector<Ipv4Route>> ipv4_routes();
  // Other people's (netlink_foreign_route.cc)
  /// Of both families and all tables, those without an end.
  Result<std::vector<ForeignRoute>> foreign_routes(InterfaceIndex interface);
  /// `leniently`: for the present nobody can be asked where its gateway is, and the address that it prefers
  /// may be missing. It is on that link, then, and prefers none.
  Result<void> ensure_route(const ForeignRoute& route, bool leniently);
  Result<Path> path_to(const Ipv6Address& destination, const std::optional<Ipv6Address>& source = {});

  // Where programs are attached (netlink_qdisc.cc)
  /// A clsact or an ingress qdisc: there is room for one of them.
  Result<bool> has_ingress_qdisc(InterfaceIndex interface);
  /// One with a filter at either side stays.
  Result<void> remove_empty_clsact(InterfaceIndex interface);

  // Neighbours (netlink_neighbor.cc)
  Result<void> ensure_neighbor(const Neighbor& neighbor);
  Result<void> remove_neighbor(InterfaceIndex interface, const Ipv6Address& address);
  Result<std::vector<Neighbor>> neighbors(InterfaceIndex interface);

 private:
  explicit Netlink(NetlinkSocket socket) : socket_(std::move(socket)) {}
  NetlinkSocket socket_;
};

}  // namespace flowmob::platform
