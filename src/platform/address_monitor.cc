// SPDX-License-Identifier: Apache-2.0
#include "platform/address_monitor.h"

#include <linux/if_addr.h>
#include <sys/socket.h>

#include "platform/netlink_address.h"
#include "platform/netlink_message.h"

namespace flowmob::platform {

Result<AddressMonitor> AddressMonitor::open() {
  auto subscription = NetlinkSocket::open(RTMGRP_IPV6_IFADDR);
  if (!subscription) return tl::unexpected(subscription.error());
  auto requests = NetlinkSocket::open();
  if (!requests) return tl::unexpected(requests.error());
  return AddressMonitor(std::move(*subscription), std::move(*requests));
}

Result<std::vector<InterfaceAddress>> AddressMonitor::receive() {
  std::vector<InterfaceAddress> found;
  const auto complete = subscription_.drain([&](const nlmsghdr& message) {
    if (const auto address = parse_address(message)) found.push_back(*address);
  });
  if (!complete) return tl::unexpected(complete.error());
  return *complete ? found : all();
}

Result<std::vector<InterfaceAddress>> AddressMonitor::all() {
  NetlinkMessage everything(RTM_GETADDR, NLM_F_DUMP);
  everything.put<ifaddrmsg>().ifa_family = AF_INET6;
  std::vector<InterfaceAddress> found;
  const auto done = requests_.request(everything, [&](const nlmsghdr& reply) {
    if (const auto address = parse_address(reply)) found.push_back(*address);
  });
  if (!done) return tl::unexpected(done.error());
  return found;
}

}  // namespace flowmob::platform
