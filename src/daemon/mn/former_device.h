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

  /// How it is now, unless it is known how it was, or `is_taken`: we have changed it already, and how it was
  /// is lost. "record-failed".
  Result<void> note(const platform::Link& device, bool is_taken);
  /// As it was, and not known any more; the MTU of a bond or a team is its ports', too, so members have left
  /// it before. Nothing where another one is known. Where none is known it has the settings of `default` if
  /// it `is_taken`, or else what it has. "bad-record": what is on file is not believed, and makes way.
  Result<void> put_back(const std::string& name, bool is_taken);

 private:
  Result<void> put_back(const FormerSettings& former, const platform::Link& device);

  platform::Netlink& netlink_;
  FormerFile file_;
};

}  // namespace flowmob::daemon
