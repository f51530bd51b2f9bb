// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "base/error.h"
#include "platform/unique_fd.h"

namespace flowmob::platform {

/// A listening unix socket whose file goes with it.
class ControlListener {
 public:
  /// Creates the folder, replaces a dead daemon's socket file. "already-running" when somebody answers there
  /// for a second: one that was killed does so until it is gone. "not-a-socket" when the path is something
  /// else.
  static Result<ControlListener> bind(const std::filesystem::path& path, ::mode_t mode);
  ControlListener(ControlListener&&) noexcept = default;
  ControlListener& operator=(ControlListener&&) = delete;
  /// Removes the file unless another daemon's has taken its place.
  ~ControlListener();

  int fd() const { return fd_.get(); }

 private:
  ControlListener(UniqueFd fd, std::filesystem::path path, ::ino_t inode)
      : fd_(std::move(fd)), path_(std::move(path)), inode_(inode) {}
  UniqueFd fd_;
  std::filesystem::path path_;
  ::ino_t inode_;
};

}  // namespace flowmob::platform
