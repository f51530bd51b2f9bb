// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/rtnetlink.h>

#include "platform/netlink_message.h"
#include "platform/netlink_types.h"

/// What messages about routes of both families have in common.
namespace flowmob::platform {

/// What identifies a route, for adding as well as for removing: never one of another protocol.
inline void put_route_key(NetlinkMessage& message, std::uint8_t family, std::uint8_t type,
                          ByteView destination, std::uint8_t length, std::uint32_t metric) {
  auto& header = message.put<rtmsg>();
  header.rtm_family = family;
  header.rtm_dst_len = length;
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = kRouteProtocol;
  header.rtm_scope = RT_SCOPE_UNIVERSE;
  header.rtm_type = type;
  message.attribute(RTA_DST, destination);
  message.attribute(RTA_PRIORITY, metric);
}

/// Zero: the interface's.
inline void put_route_mtu(NetlinkMessage& message, std::uint32_t mtu) {
  if (mtu == 0) return;
  nlattr* metrics = message.open(RTA_METRICS);
  message.attribute(RTAX_MTU, mtu);
  message.close(metrics);
}

/// Of the main table and our protocol?
inline bool is_own_route(const nlmsghdr& message, const NetlinkAttributes<RTA_MAX>& attributes) {
  const auto* header = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(&message));
  return message.nlmsg_type == RTM_NEWROUTE && header->rtm_protocol == kRouteProtocol &&
         attributes.u32(RTA_TABLE).value_or(header->rtm_table) == RT_TABLE_MAIN;
}

}  // namespace flowmob::platform
