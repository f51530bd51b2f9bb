// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.h"
#include "base/error.h"
#include "platform/unique_fd.h"

namespace flowmob::platform {

/// Makes the kernel learn path MTUs from Packet Too Big messages about IPv6-in-IPv6 packets from `local` to
/// `remote` (RFC 8201). The data plane sends those past the stack, which heeds such a message only if a
/// socket of that protocol is open. Nothing is ever received here.
class TunnelErrors {
 public:
  static Result<TunnelErrors> open(const Ipv6Address& local, const Ipv6Address& remote);

 private:
  explicit TunnelErrors(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace flowmob::platform
