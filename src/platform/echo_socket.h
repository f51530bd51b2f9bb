// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "base/address.h"
#include "base/bytes.h"
#include "base/error.h"
#include "platform/unique_fd.h"

namespace flowmob::platform {

/// Hears ICMPv6 Echo Replies (RFC 4443 section 4.2) to one address, and sends nothing.
class EchoSocket {
 public:
  using OnReply = std::function<void(const Ipv6Address& source, ByteView icmpv6)>;

  /// "not-permitted", "icmpv6-socket-failed".
  static Result<EchoSocket> open(const Ipv6Address& local);
  int fd() const { return fd_.get(); }
  /// Those that wait, but not for ever: whoever floods us with them leaves time for the rest.
  void receive(const OnReply& on_reply) const;

 private:
  explicit EchoSocket(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace flowmob::platform
