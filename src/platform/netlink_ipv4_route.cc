// SPDX-License-Identifier: Apache-2.0
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "platform/netlink.h"
#include "platform/netlink_route_message.h"

namespace flowmob::platform {
namespace {

auto about(const Ipv4Route& route) {
  return [&route](Error error) {
    error.message = "route to " + route.destination.to_string() + ": " + error.message;
    return error;
  };
}

/// A gateway of the other family (RFC 8950): struct rtvia with its address behind it.
Bytes via(const Ipv6Address& gateway) {
  const std::uint16_t family = AF_INET6;
  Bytes bytes(sizeof family);
  std::memcpy(bytes.data(), &family, sizeof family);
  bytes.insert(bytes.end(), gateway.octets.begin(), gateway.octets.end());
  return bytes;
}

void put_key(NetlinkMessage& message, const Ipv4Route& route) {
  put_route_key(message, AF_INET, route.interface ? RTN_UNICAST : RTN_UNREACHABLE,
                route.destination.address.octets, route.destination.length, route.metric);
}

std::optional<Ipv4Route> parse_own_ipv4_route(const nlmsghdr& message) {
  const auto* header = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(&message));
  const NetlinkAttributes<RTA_MAX> attributes(message, sizeof *header);
  Ipv4Route route;
  const ByteView destination = attributes.bytes(RTA_DST);
  if (!is_own_route(message, attributes) || destination.size() != route.destination.address.octets.size())
    return {};
  std::ranges::copy(destination, route.destination.address.octets.begin());
  route.destination.length = header->rtm_dst_len;
  if (header->rtm_type == RTN_UNICAST) route.interface = InterfaceIndex{attributes.u32(RTA_OIF).value_or(0)};
  route.metric = attributes.u32(RTA_PRIORITY).value_or(0);
  return route;
}

}  // namespace

Result<void> Netlink::ensure_route(const Ipv4Route& route) {
  NetlinkMessage message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
  put_key(message, route);
  if (route.interface) message.attribute(RTA_OIF, route.interface.value);
  if (route.gateway) message.attribute(RTA_VIA, ByteView(via(*route.gateway)));
  put_route_mtu(message, route.mtu);
  return socket_.request(message).map_error(about(route));
}

Result<void> Netlink::remove_route(const Ipv4Route& route) {
  NetlinkMessage message(RTM_DELROUTE, 0);
  put_key(message, route);
  return socket_.request_removal(message).map_error(about(route));
}

Result<std::vector<Ipv4Route>> Netlink::ipv4_routes() {
  NetlinkMessage message(RTM_GETROUTE, NLM_F_DUMP);
  auto& header = message.put<rtmsg>();
  header.rtm_family = AF_INET;
  header.rtm_protocol = kRouteProtocol;
  std::vector<Ipv4Route> all;
  const auto done = socket_.request(message, [&](const nlmsghdr& reply) {
    if (const auto route = parse_own_ipv4_route(reply)) all.push_back(*route);
  });
  if (!done) return tl::unexpected(done.error());
  return all;
}

}  // namespace flowmob::platform
