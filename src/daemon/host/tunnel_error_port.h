// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "platform/event_loop.h"
#include "platform/tunnel_errors.h"

namespace flowmob::daemon {

/// The ICMP errors about an LMA's or MAG's tunnel packets, in its event loop.
class TunnelErrorPort {
 public:
  using OnError = std::function<void(const core::TunnelError&)>;

  /// For tunnels from each of these addresses. The errors of TunnelErrors::open().
  static Result<std::unique_ptr<TunnelErrorPort>> open(platform::EventLoop& loop,
                                                       const std::vector<Ipv6Address>& locals);
  /// Delivers from now on.
  Result<void> listen(OnError on_error);

 private:
  explicit TunnelErrorPort(platform::EventLoop& loop) : loop_(loop) {}
  void receive(const platform::TunnelErrors& errors, int fd);

  platform::EventLoop& loop_;
  OnError on_error_;
  std::vector<platform::TunnelErrors> errors_;
  std::vector<platform::FdWatch> watches_;
};

}  // namespace flowmob::daemon
