// SPDX-License-Identifier: Apache-2.0
#include <linux/pkt_sched.h>

#include "platform/netlink.h"
#include "platform/netlink_message.h"

namespace flowmob::platform {
namespace {

tcmsg& put_traffic_header(NetlinkMessage& message, InterfaceIndex interface, std::uint32_t parent) {
  auto& header = message.put<tcmsg>();
  header.tcm_family = AF_UNSPEC;
  header.tcm_ifindex = static_cast<int>(interface.value);
  header.tcm_parent = parent;
  return header;
}

constexpr std::uint32_t side_of_clsact(std::uint32_t minor) { return TC_H_MAKE(TC_H_CLSACT, minor); }

/// "clsact" or "ingress", which have the same place; empty: nothing is there.
Result<std::string> kind_at_ingress(NetlinkSocket& socket, InterfaceIndex interface) {
  NetlinkMessage message(RTM_GETQDISC, NLM_F_DUMP);
  put_traffic_header(message, interface, 0);
  std::string kind;
  const auto done = socket.request(message, [&](const nlmsghdr& reply) {
    if (reply.nlmsg_type != RTM_NEWQDISC) return;
    const auto* header = static_cast<const tcmsg*>(mnl_nlmsg_get_payload(&reply));
    if (header->tcm_ifindex != static_cast<int>(interface.value) || header->tcm_parent != TC_H_CLSACT) return;
    kind = NetlinkAttributes<TCA_MAX>(reply, sizeof *header).text(TCA_KIND);
  });
  if (!done) return tl::unexpected(done.error());
  return kind;
}

Result<bool> has_filter(NetlinkSocket& socket, InterfaceIndex interface, std::uint32_t side) {
  NetlinkMessage message(RTM_GETTFILTER, NLM_F_DUMP);
  put_traffic_header(message, interface, side);
  bool any = false;
  const auto done = socket.request(
      message, [&](const nlmsghdr& reply) { any = any || reply.nlmsg_type == RTM_NEWTFILTER; });
  if (!done) return tl::unexpected(done.error());
  return any;
}

}  // namespace

Result<bool> Netlink::has_ingress_qdisc(InterfaceIndex interface) {
  return kind_at_ingress(socket_, interface).map([](const std::string& kind) { return !kind.empty(); });
}

Result<void> Netlink::remove_empty_clsact(InterfaceIndex interface) {
  const auto kind = kind_at_ingress(socket_, interface);
  if (!kind) return tl::unexpected(kind.error());
  if (*kind != "clsact") return {};
  for (const auto minor : {TC_H_MIN_INGRESS, TC_H_MIN_EGRESS}) {
    const auto used = has_filter(socket_, interface, side_of_clsact(minor));
    if (!used) return tl::unexpected(used.error());
    if (*used) return {};
  }
  NetlinkMessage message(RTM_DELQDISC, 0);
  put_traffic_header(message, interface, TC_H_CLSACT).tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
  message.text(TCA_KIND, "clsact");
  return socket_.request_removal(message);
}

}  // namespace flowmob::platform
