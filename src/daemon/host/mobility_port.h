// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "core/effect.h"
#include "platform/event_loop.h"
#include "platform/icmpv6_sender.h"
#include "platform/mobility_socket.h"

namespace flowmob::daemon {

/// The Mobility Header socket of an LMA or MAG in its event loop.
class MobilityPort {
 public:
  using OnMessage = std::function<void(const core::PacketMeta&, ByteView)>;

  static Result<std::unique_ptr<MobilityPort>> open(platform::EventLoop& loop, const Ipv6Address& local);
  /// Delivers from now on; `on_pause` follows the last message that was at hand.
  Result<void> listen(
      OnMessage on_message, std::function<void()> on_pause = [] {});
  Result<void> send(const core::SendMessage& message);
  Result<void> send(const core::SendIcmpv6& error);
  core::Json statistics() const;

 private:
  MobilityPort(platform::EventLoop& loop, platform::MobilitySocket socket, platform::Icmpv6Sender errors)
      : loop_(loop), socket_(std::move(socket)), errors_(std::move(errors)) {}
  void receive();
  void take_burst();

  platform::EventLoop& loop_;
  platform::MobilitySocket socket_;
  platform::Icmpv6Sender errors_;
  OnMessage on_message_;
  std::function<void()> on_pause_;
  platform::FdWatch watch_;
};

}  // namespace flowmob::daemon
