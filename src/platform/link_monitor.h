// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/error.h"
#include "platform/netlink_socket.h"
#include "platform/netlink_types.h"

namespace flowmob::platform {

/// The kernel's link announcements: carrier, up/down, new and removed interfaces.
class LinkMonitor {
 public:
  static Result<LinkMonitor> open();

  int fd() const { return subscription_.fd(); }
  /// Everything that waits, never blocking. When announcements were lost, the present state of every link
  /// instead.
  Result<std::vector<LinkEvent>> receive();

 private:
  LinkMonitor(NetlinkSocket subscription, NetlinkSocket requests)
      : subscription_(std::move(subscription)), requests_(std::move(requests)) {}
  NetlinkSocket subscription_;
  NetlinkSocket requests_;
};

}  // namespace flowmob::platform
