// SPDX-License-Identifier: Apache-2.0
#include "platform/link_monitor.h"

#include "platform/netlink_link.h"
#include "platform/netlink_message.h"

namespace flowmob::platform {
namespace {

Result<std::vector<LinkEvent>> present_state(NetlinkSocket& requests) {
  NetlinkMessage message(RTM_GETLINK, NLM_F_DUMP);
  message.put<ifinfomsg>();
  std::vector<LinkEvent> events;
  const auto done = requests.request(message, [&](const nlmsghdr& reply) {
    if (auto link = parse_link(reply)) events.push_back({std::move(*link), false});
  });
  if (!done) return tl::unexpected(done.error());
  return events;
}

}  // namespace

Result<LinkMonitor> LinkMonitor::open() {
  auto subscription = NetlinkSocket::open(RTMGRP_LINK);
  if (!subscription) return tl::unexpected(subscription.error());
  auto requests = NetlinkSocket::open();
  if (!requests) return tl::unexpected(requests.error());
  return LinkMonitor(std::move(*subscription), std::move(*requests));
}

Result<std::vector<LinkEvent>> LinkMonitor::receive() {
  std::vector<LinkEvent> events;
  const auto complete = subscription_.drain([&](const nlmsghdr& message) {
    if (auto link = parse_link(message))
      events.push_back({std::move(*link), message.nlmsg_type == RTM_DELLINK});
  });
  if (!complete) return tl::unexpected(complete.error());
  if (!*complete) return present_state(requests_);
  return events;
}

}  // namespace flowmob::platform
