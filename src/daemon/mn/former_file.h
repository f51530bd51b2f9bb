// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "daemon/mn/former_settings.h"

namespace flowmob::daemon {

/// Keeps FormerSettings for whoever comes after this process. Beside the control socket: in /run it is gone
/// with a reboot, as the settings of interfaces are.
class FormerFile {
 public:
  /// Of the calling thread's network namespace.
  explicit FormerFile(std::filesystem::path path);
  static std::filesystem::path beside(const std::filesystem::path& control) {
    return control.string() + ".before";
  }
  /// Of the virtual interface's device, if that is somebody else's.
  static std::filesystem::path of_device_beside(const std::filesystem::path& control) {
    return control.string() + ".device-before";
  }

  const std::filesystem::path& path() const { return path_; }
  /// Nothing where there is no file. "bad-record": not a file of ours, or one that others may write, too.
  Result<std::vector<FormerSettings>> load() const;
  /// The old file or the new one, whatever happens meanwhile; none for nothing. "record-failed".
  Result<void> save(const std::vector<FormerSettings>& all) const;

 private:
  std::filesystem::path path_;
  FormerWorld world_;
};

}  // namespace flowmob::daemon
