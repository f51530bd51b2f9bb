// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "platform/unique_fd.h"

namespace flowmob::platform {

/// Sends whole IP packets of both families by the kernel's routes, and hears nothing.
class PacketSender {
 public:
  /// "not-permitted", "packet-sender-failed".
  static Result<PacketSender> open();
  /// `packet` begins with its IP header. The kernel fills in an IPv4 source that is 0.0.0.0, an
  /// identification that is zero and the header's checksum. Never blocks: "would-block" when the queues are
  /// full; "bad-packet" for one that is neither; else "send-failed", also where it is longer than the
  /// interface's MTU.
  Result<void> send(ByteView packet);

 private:
  PacketSender(UniqueFd ipv4, UniqueFd ipv6) : ipv4_(std::move(ipv4)), ipv6_(std::move(ipv6)) {}
  UniqueFd ipv4_, ipv6_;
};

}  // namespace flowmob::platform
