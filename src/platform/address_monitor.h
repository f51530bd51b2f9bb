// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/error.h"
#include "platform/netlink_socket.h"
#include "platform/netlink_types.h"

namespace flowmob::platform {

/// The kernel's announcements of IPv6 addresses that are new or have changed, on any interface.
class AddressMonitor {
 public:
  static Result<AddressMonitor> open();

  int fd() const { return subscription_.fd(); }
  /// Everything that waits, never blocking. When announcements were lost, all addresses there are.
  Result<std::vector<InterfaceAddress>> receive();

 private:
  Result<std::vector<InterfaceAddress>> all();

  AddressMonitor(NetlinkSocket subscription, NetlinkSocket requests)
      : subscription_(std::move(subscription)), requests_(std::move(requests)) {}
  NetlinkSocket subscription_;
  NetlinkSocket requests_;
};

}  // namespace flowmob::platform
