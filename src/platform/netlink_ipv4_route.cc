// SPDX-License-Identifier: Apache-2.0
#include <sys/socket.h>

#include <cstring>

#include "platform/netlink.h"
#include "platform/netlink_message.h"

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
  auto& header = message.put<rtmsg>();
  header.rtm_family = AF_INET;
  header.rtm_dst_len = route.destination.length;
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = kRouteProtocol;
  header.rtm_scope = RT_SCOPE_UNIVERSE;
  header.rtm_type = route.interface ? RTN_UNICAST : RTN_UNREACHABLE;
  message.attribute(RTA_DST, ByteView(route.destination.address.octets));
  message.attribute(RTA_PRIORITY, route.metric);
}

std::optional<Ipv4Route> parse_own_ipv4_route(const nlmsghdr& message) {
  const auto* header = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(&message));
  if (message.nlmsg_type != RTM_NEWROUTE || header->rtm_protocol != kRouteProtocol) return {};
  const NetlinkAttributes<RTA_MAX> attributes(message, sizeof *header);
  if (attributes.u32(RTA_TABLE).value_or(header->rtm_table) != RT_TABLE_MAIN) return {};
  const auto* destination = attributes.get(RTA_DST);
  if (!destination || mnl_attr_get_payload_len(destination) != 4) return {};
  Ipv4Route route;
  std::memcpy(route.destination.address.octets.data(), mnl_attr_get_payload(destination), 4);
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
  if (route.mtu != 0) {
    nlattr* metrics = message.open(RTA_METRICS);
    message.attribute(RTAX_MTU, route.mtu);
    message.close(metrics);
  }
  return socket_.request(message).map_error(about(route));
}

Result<void> Netlink::remove_route(const Ipv4Route& route) {
  NetlinkMessage message(RTM_DELROUTE, 0);
  put_key(message, route);
  auto removed = socket_.request(message).map_error(about(route));
  if (!removed && (removed.error().code == "not-found" || removed.error().code == "no-such-interface"))
    return {};
  return removed;
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
