// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "core/effect.h"
#include "platform/event_loop.h"
#include "platform/mobility_socket.h"

namespace flowmob::daemon {

/// The Mobility Header socket of an LMA or MAG in its event loop.
class MobilityPort {
 public:
  using OnMessage = std::function<void(const core::PacketMeta&, ByteView)>;

  static Result<std::unique_ptr<MobilityPort>> open(platform::EventLoop& loop, const Ipv6Address& local);
  /// Delivers from now on.
  Result<void> listen(OnMessage on_message);
  Result<void> send(const core::SendMessage& message);
  core::Json statistics() const;

 private:
  MobilityPort(platform::EventLoop& loop, platform::MobilitySocket socket)
      : loop_(loop), socket_(std::move(socket)) {}
  void receive();

  platform::EventLoop& loop_;
  platform::MobilitySocket socket_;
  OnMessage on_message_;
  platform::FdWatch watch_;
};

}  // namespace flowmob::daemon
