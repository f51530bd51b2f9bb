// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "platform/control_message.h"
#include "platform/netlink.h"

namespace flowmob::daemon {

/// An interface of a daemon and what it is to it: one row of `show links`.
struct ServedLink {
  std::string interface;
  std::string role;                                ///< "core", "access", ...
  platform::Json more = platform::Json::object();  ///< further fields of its row
};

/// {"links":[{"interface","role","present","carrier","mac","mtu","addresses","rx_packets",...}]}
Result<platform::Json> describe_links(platform::Netlink& netlink, const std::vector<ServedLink>& served);

}  // namespace flowmob::daemon
