// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.h"
#include "base/bytes.h"
#include "base/error.h"
#include "platform/unique_fd.h"

namespace flowmob::platform {

/// Sends ICMPv6 errors and hears nothing. The kernel fills the checksum in, as it does for every ICMPv6
/// socket (RFC 3542 section 3.1).
class Icmpv6Sender {
 public:
  static Result<Icmpv6Sender> open();
  Result<void> send(const Ipv6Address& source, const Ipv6Address& destination, ByteView icmpv6);

 private:
  explicit Icmpv6Sender(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace flowmob::platform
