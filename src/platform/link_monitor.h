// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <span>
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
  /// instead, behind the removal of those that are there no more.
  Result<std::vector<LinkEvent>> receive();
  /// Asks the kernel about these links and tells of those that differ from what was told last, or was there
  /// when the monitor was opened. The kernel may
  /// hold an announcement back for up to a second (docs/adr/0043): a daemon that cares calls this every few
  /// milliseconds.
  Result<std::vector<LinkEvent>> check(std::span<const InterfaceIndex> interfaces);

 private:
  Result<std::vector<LinkEvent>> ask(NetlinkMessage& message);
  Result<std::vector<LinkEvent>> all();
  std::vector<LinkEvent> absent_from(const std::vector<LinkEvent>& present) const;
  void remember(const std::vector<LinkEvent>& events);

  LinkMonitor(NetlinkSocket subscription, NetlinkSocket requests)
      : subscription_(std::move(subscription)), requests_(std::move(requests)) {}
  NetlinkSocket subscription_;
  NetlinkSocket requests_;
  std::map<InterfaceIndex, Link> told_;
};

}  // namespace flowmob::platform
