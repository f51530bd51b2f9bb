// SPDX-License-Identifier: Apache-2.0
#include "platform/link_monitor.h"

#include <algorithm>

#include "platform/netlink_link.h"
#include "platform/netlink_message.h"

namespace flowmob::platform {
Result<LinkMonitor> LinkMonitor::open() {
  auto subscription = NetlinkSocket::open(RTMGRP_LINK);
  if (!subscription) return tl::unexpected(subscription.error());
  auto requests = NetlinkSocket::open();
  if (!requests) return tl::unexpected(requests.error());
  LinkMonitor monitor(std::move(*subscription), std::move(*requests));
  return monitor.all().map([&](const auto& present) {
    monitor.remember(present);
    return std::move(monitor);
  });
}

Result<std::vector<LinkEvent>> LinkMonitor::receive() {
  std::vector<LinkEvent> events;
  const auto complete = subscription_.drain([&](const nlmsghdr& message) {
    if (auto link = parse_link(message))
      events.push_back({std::move(*link), message.nlmsg_type == RTM_DELLINK});
  });
  if (!complete) return tl::unexpected(complete.error());
  if (!*complete) {
    auto present = all();
    if (!present) return present;
    events = absent_from(*present);
    events.insert(events.end(), present->begin(), present->end());
  }
  remember(events);
  return events;
}

Result<std::vector<LinkEvent>> LinkMonitor::check(std::span<const InterfaceIndex> interfaces) {
  std::vector<LinkEvent> changed;
  for (const InterfaceIndex index : interfaces) {
    NetlinkMessage one(RTM_GETLINK, 0);
    one.put<ifinfomsg>().ifi_index = static_cast<int>(index.value);
    one.attribute(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    auto present = ask(one);
    // Its removal is announced without delay.
    if (!present && present.error().code == "no-such-interface") continue;
    if (!present) return present;
    for (const LinkEvent& event : *present) {
      const auto before = told_.find(index);
      if (before == told_.end() || before->second != event.link) changed.push_back(event);
    }
  }
  remember(changed);
  return changed;
}

Result<std::vector<LinkEvent>> LinkMonitor::all() {
  NetlinkMessage everything(RTM_GETLINK, NLM_F_DUMP);
  everything.put<ifinfomsg>();
  return ask(everything);
}

std::vector<LinkEvent> LinkMonitor::absent_from(const std::vector<LinkEvent>& present) const {
  std::vector<LinkEvent> gone;
  for (const auto& [index, link] : told_)
    if (std::ranges::none_of(present, [&, index = index](const auto& e) { return e.link.index == index; }))
      gone.push_back({link, true});
  return gone;
}

Result<std::vector<LinkEvent>> LinkMonitor::ask(NetlinkMessage& message) {
  std::vector<LinkEvent> events;
  const auto done = requests_.request(message, [&](const nlmsghdr& reply) {
    if (auto link = parse_link(reply)) events.push_back({std::move(*link), false});
  });
  if (!done) return tl::unexpected(done.error());
  return events;
}

void LinkMonitor::remember(const std::vector<LinkEvent>& events) {
  for (const LinkEvent& event : events) {
    if (event.removed) {
      told_.erase(event.link.index);
    } else {
      told_.insert_or_assign(event.link.index, event.link);
    }
  }
}

}  // namespace flowmob::platform
