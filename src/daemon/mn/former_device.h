// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "daemon/mn/former_file.h"
#include "platform/netlink.h"

namespace flowmob::daemon {

/// A bridge, bond or team of somebody else's that is the virtual interface for a while: its MTU and its IPv6
/// settings, on file before they are changed, as those of members are (docs/adr/0071).
class FormerDevice {
 public:
  FormerDevice(platform::Netlink& netlink, std::filesystem::path file) : netlink_(netlink), file_(file) {}

  /// How it is now, unless it is known how it was. "record-failed".
  Result<void> note(const platform::Link& device);
  /// As it was, and not known any more; the MTU of a bond or a team is its ports', too, so members have left
  /// it before. Nothing where it is not known, or another one. "bad-record": what is on file is not believed,
  /// and makes way; it then has the settings of `default`.
  Result<void> put_back(const std::string& name);

 private:
  Result<void> put_back(const FormerSettings& former, const platform::Link& device);

  platform::Netlink& netlink_;
  FormerFile file_;
};

}  // namespace flowmob::daemon
