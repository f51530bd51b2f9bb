// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "base/bytes.h"
#include "base/error.h"
#include "platform/unique_fd.h"

struct nlmsghdr;

namespace flowmob::platform {

class NetlinkMessage;

/// A netlink socket, of NETLINK_ROUTE if nothing else is said: one request at a time, or a subscription.
class NetlinkSocket {
 public:
  using Visitor = std::function<void(const nlmsghdr&)>;

  /// `groups`: multicast groups to subscribe to (RTMGRP_*), zero for requests.
  static Result<NetlinkSocket> open(std::uint32_t groups = 0, int family = 0);
  int fd() const { return fd_.get(); }

  /// Sends and waits for the kernel's answer; `on_reply` sees the messages that come before it. The error's
  /// code is the errno in words ("exists", "not-found", "no-such-interface", "not-permitted", ...).
  Result<void> request(NetlinkMessage& message, const Visitor& on_reply = {});
  /// What is to be removed may be gone already.
  Result<void> request_removal(NetlinkMessage& message);
  /// Visits what waits on a subscription; false when announcements were lost.
  Result<bool> drain(const Visitor& on_message);

 private:
  explicit NetlinkSocket(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
  std::uint32_t sequence_ = 0;
};

}  // namespace flowmob::platform
