// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "core/effect.h"
#include "platform/event_loop.h"
#include "platform/icmpv6_sender.h"
#include "platform/mobility_socket.h"
#include "platform/udp_mobility_socket.h"

namespace flowmob::daemon {

/// The Mobility Header sockets of an LMA or MAG in its event loop: that of IPv6, and that of UDP over IPv4
/// for peers whose addresses are IPv4-mapped.
class MobilityPort {
 public:
  using OnMessage = std::function<void(const core::PacketMeta&, ByteView)>;

  /// An IPv4-mapped `local` has no socket of IPv6.
  static Result<std::unique_ptr<MobilityPort>> open(platform::EventLoop& loop, const Ipv6Address& local,
                                                    const std::optional<Ipv4Address>& ipv4 = {});
  /// Delivers from now on; `on_pause` follows the last message that was at hand.
  Result<void> listen(
      OnMessage on_message, std::function<void()> on_pause = [] {});
  Result<void> send(const core::SendMessage& message);
  Result<void> send(const core::SendIcmpv6& error);
  core::Json statistics() const;

 private:
  MobilityPort(platform::EventLoop& loop, platform::Icmpv6Sender errors)
      : loop_(loop), errors_(std::move(errors)) {}
  Result<void> open_sockets(const Ipv6Address& local, const std::optional<Ipv4Address>& ipv4);
  void receive();
  void take_burst();
  void receive_udp();
  void take_udp_burst();

  platform::EventLoop& loop_;
  std::optional<platform::MobilitySocket> socket_;
  std::optional<platform::UdpMobilitySocket> udp_;
  platform::Icmpv6Sender errors_;
  OnMessage on_message_;
  std::function<void()> on_pause_;
  platform::FdWatch watch_, udp_watch_;
};

}  // namespace flowmob::daemon
