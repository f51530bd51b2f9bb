// SPDX-License-Identifier: Apache-2.0
#include <sys/socket.h>

#include "base/ipv4.h"
#include "platform/netlink.h"
#include "platform/netlink_route_message.h"

namespace flowmob::platform {
namespace {

auto about(const Route& route) {
  return [&route](Error error) {
    error.message = "route to " + route.destination.to_string() + ": " + error.message;
    return error;
  };
}

std::uint8_t to_kernel(RouteType type) {
  switch (type) {
    case RouteType::Unicast:
      return RTN_UNICAST;
    case RouteType::Blackhole:
      return RTN_BLACKHOLE;
    case RouteType::Unreachable:
      return RTN_UNREACHABLE;
  }
  return RTN_UNSPEC;
}

std::optional<RouteType> from_kernel(std::uint8_t type) {
  for (const RouteType known : {RouteType::Unicast, RouteType::Blackhole, RouteType::Unreachable}) {
    if (to_kernel(known) == type) return known;
  }
  return {};
}

void put_key(NetlinkMessage& message, const Route& route) {
  put_route_key(message, AF_INET6, to_kernel(route.type), route.destination.address.octets,
                route.destination.length, route.metric);
  if (route.interface) message.attribute(RTA_OIF, route.interface.value);
  if (route.gateway) message.attribute(RTA_GATEWAY, ByteView(route.gateway->octets));
}

/// Of IPv4-mapped addresses only what is IPv4.
ByteView on_the_wire(const Ipv6Address& address) {
  return is_mapped(address) ? ByteView(address.octets).subspan(12) : ByteView(address.octets);
}
std::uint8_t bits_of(const Ipv6Address& address) {
  return static_cast<std::uint8_t>(8 * on_the_wire(address).size());
}

std::optional<Route> parse_own_route(const nlmsghdr& message) {
  const auto* header = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(&message));
  const auto type = from_kernel(header->rtm_type);
  const NetlinkAttributes<RTA_MAX> attributes(message, sizeof *header);
  if (!type || !is_own_route(message, attributes)) return {};
  Route route;
  route.type = *type;
  route.destination = {attributes.ipv6(RTA_DST).value_or(Ipv6Address{}), header->rtm_dst_len};
  // The kernel hangs a route without interface on lo.
  if (route.type == RouteType::Unicast) route.interface = InterfaceIndex{attributes.u32(RTA_OIF).value_or(0)};
  route.gateway = attributes.ipv6(RTA_GATEWAY);
  route.metric = attributes.u32(RTA_PRIORITY).value_or(0);
  route.mtu = NetlinkAttributes<RTAX_MAX>(attributes.get(RTA_METRICS)).u32(RTAX_MTU).value_or(0);
  route.preferred_source = attributes.ipv6(RTA_PREFSRC);
  return route;
}

}  // namespace

Result<void> Netlink::ensure_route(const Route& route) {
  NetlinkMessage message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
  put_key(message, route);
  put_route_mtu(message, route.mtu);
  if (route.preferred_source) message.attribute(RTA_PREFSRC, ByteView(route.preferred_source->octets));
  return socket_.request(message).map_error(about(route));
}

Result<void> Netlink::remove_route(const Route& route) {
  NetlinkMessage message(RTM_DELROUTE, 0);
  put_key(message, route);
  return socket_.request_removal(message).map_error(about(route));
}

Result<std::vector<Route>> Netlink::routes() {
  NetlinkMessage message(RTM_GETROUTE, NLM_F_DUMP);
  auto& header = message.put<rtmsg>();
  header.rtm_family = AF_INET6;
  header.rtm_protocol = kRouteProtocol;
  std::vector<Route> all;
  const auto done = socket_.request(message, [&](const nlmsghdr& reply) {
    if (const auto route = parse_own_route(reply)) all.push_back(*route);
  });
  if (!done) return tl::unexpected(done.error());
  return all;
}

Result<Path> Netlink::path_to(const Ipv6Address& destination, const std::optional<Ipv6Address>& source) {
  NetlinkMessage message(RTM_GETROUTE, 0);
  auto& header = message.put<rtmsg>();
  header.rtm_family = is_mapped(destination) ? AF_INET : AF_INET6;
  header.rtm_dst_len = bits_of(destination);
  header.rtm_src_len = source ? bits_of(destination) : 0;
  message.attribute(RTA_DST, on_the_wire(destination));
  if (source) message.attribute(RTA_SRC, on_the_wire(*source));
  std::optional<Path> path;
  const auto done = socket_.request(message, [&](const nlmsghdr& reply) {
    const NetlinkAttributes<RTA_MAX> attributes(reply, sizeof(rtmsg));
    path = Path{InterfaceIndex{attributes.u32(RTA_OIF).value_or(0)}, attributes.ipv6(RTA_GATEWAY),
                attributes.ipv6(RTA_PREFSRC),
                NetlinkAttributes<RTAX_MAX>(attributes.get(RTA_METRICS)).u32(RTAX_MTU).value_or(0),
                static_cast<const rtmsg*>(mnl_nlmsg_get_payload(&reply))->rtm_type == RTN_LOCAL};
  });
  if (!done || !path) {
    return fail("unreachable",
                "no route to " + destination.to_string() + (done ? "" : ": " + done.error().message));
  }
  if (path->mtu == 0) path->mtu = link(path->interface).map([](const Link& l) { return l.mtu; }).value_or(0);
  return *path;
}

}  // namespace flowmob::platform
