// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "platform/unique_fd.h"

namespace flowmob::platform {

/// An interface of the calling thread's network namespace whose other side is here: what the data plane sends
/// there waits to be read, and comes back when it is written. It goes with this object.
class HoldDevice {
 public:
  /// In front of each frame; segments that a network card is to cut, and checksums, stay as they are.
  static constexpr std::size_t kHeader = 10;

  /// "no-tun" where the kernel has none, "not-permitted", "hold-device-failed".
  static Result<HoldDevice> open();

  const std::string& name() const { return name_; }
  InterfaceIndex index() const { return index_; }
  int fd() const { return fd_.get(); }

  /// A header and a frame; nothing when none waits.
  Result<std::optional<Bytes>> receive() const;
  /// The same again, or one of our own behind kHeader zeros. "would-block", "send-failed".
  Result<void> send(ByteView header_and_frame) const;

 private:
  HoldDevice(UniqueFd fd, std::string name, InterfaceIndex index)
      : fd_(std::move(fd)), name_(std::move(name)), index_(index) {}
  UniqueFd fd_;
  std::string name_;
  InterfaceIndex index_;
};

}  // namespace flowmob::platform
