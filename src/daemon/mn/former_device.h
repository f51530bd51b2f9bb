// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "daemon/mn/former_file.h"
#include "platform/netlink.h"

namespace flowmob::daemon {

/// What is the virtual interface for a while: a device that we made, or a bridge, bond or team of somebody
/// else's, with its ports, its MTU and its IPv6 settings, on file before they are changed, as those of
/// members are (docs/adr/0071).
class FormerDevice {
 public:
  FormerDevice(platform::Netlink& netlink, std::filesystem::path file) : netlink_(netlink), file_(file) {}

  /// What is on file and believed: its name and its kind say what is ours, whatever anybody says now.
  std::optional<FormerSettings> on_file() const;
  /// How it is now, unless it is known how it was, or `is_taken`: we have changed it already, and how it was
  /// is lost. "record-failed".
  Result<void> note(const platform::Link& device, bool is_taken);
  /// It is our own. "record-failed".
  Result<void> note_made(const platform::Link& device);
  /// As it was, and not known any more; the MTU of a bond or a team is its ports', too, so members have left
  /// it before. Nothing where another one is known. Where none is known it has the settings of `default` if
  /// it `is_taken`, or else what it has. "bad-record": what is on file is not believed, and makes way, or it
  /// `is_taken` and nothing is on file. One of our own is known until it is gone.
  Result<void> put_back(const std::string& name, bool is_taken);

 private:
  Result<FormerSettings> look_at(const platform::Link& device);
  Result<void> put_back(const FormerSettings& former, const platform::Link& device);
  Result<void> put_back_port(const FormerPort& port, const platform::Link& device);
  Result<void> put_back_unknown(const platform::Link& device);

  platform::Netlink& netlink_;
  FormerFile file_;
};

}  // namespace flowmob::daemon
