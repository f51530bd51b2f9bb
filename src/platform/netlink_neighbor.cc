// SPDX-License-Identifier: Apache-2.0
#include <linux/neighbour.h>
#include <sys/socket.h>

#include "platform/netlink.h"
#include "platform/netlink_message.h"

namespace flowmob::platform {
namespace {

auto about_neighbor(const Ipv6Address& address, InterfaceIndex interface) {
  return [address, interface](Error error) {
    error.message = "neighbour " + address.to_string() + " on interface " + std::to_string(interface.value) +
                    ": " + error.message;
    return error;
  };
}

ndmsg& put_header(NetlinkMessage& message, InterfaceIndex interface) {
  auto& header = message.put<ndmsg>();
  header.ndm_family = AF_INET6;
  header.ndm_ifindex = static_cast<int>(interface.value);
  return header;
}

}  // namespace

Result<void> Netlink::ensure_neighbor(const Neighbor& neighbor) {
  NetlinkMessage message(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
  put_header(message, neighbor.interface).ndm_state = neighbor.permanent ? NUD_PERMANENT : NUD_REACHABLE;
  message.attribute(NDA_DST, ByteView(neighbor.address.octets));
  message.attribute(NDA_LLADDR, ByteView(neighbor.mac.octets));
  return socket_.request(message).map_error(about_neighbor(neighbor.address, neighbor.interface));
}

Result<void> Netlink::remove_neighbor(InterfaceIndex interface, const Ipv6Address& address) {
  NetlinkMessage message(RTM_DELNEIGH, 0);
  put_header(message, interface);
  message.attribute(NDA_DST, ByteView(address.octets));
  return socket_.request_removal(message).map_error(about_neighbor(address, interface));
}

Result<std::vector<Neighbor>> Netlink::neighbors(InterfaceIndex interface) {
  NetlinkMessage message(RTM_GETNEIGH, NLM_F_DUMP);
  message.put<ndmsg>().ndm_family = AF_INET6;
  message.attribute(NDA_IFINDEX, interface.value);
  std::vector<Neighbor> all;
  const auto done = socket_.request(message, [&](const nlmsghdr& reply) {
    const auto* header = static_cast<const ndmsg*>(mnl_nlmsg_get_payload(&reply));
    const NetlinkAttributes<NDA_MAX> attributes(reply, sizeof *header);
    const auto address = attributes.ipv6(NDA_DST);
    const auto mac = attributes.mac(NDA_LLADDR);
    if (header->ndm_ifindex != static_cast<int>(interface.value) || !address || !mac) return;
    all.push_back({interface, *address, *mac, header->ndm_state == NUD_PERMANENT});
  });
  if (!done) return tl::unexpected(done.error());
  return all;
}

}  // namespace flowmob::platform
