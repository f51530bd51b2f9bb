// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/effect.h"
#include "platform/event_loop.h"
#include "platform/icmpv6_sender.h"
#include "platform/mobility_socket.h"
#include "platform/udp_mobility_socket.h"

namespace flowmob::daemon {

/// The Mobility Header sockets of an LMA or MAG in its event loop: one of IPv6 for each of its addresses, and
/// that of UDP over IPv4 for peers whose addresses are IPv4-mapped.
class MobilityPort {
 public:
  using OnMessage = std::function<void(const core::PacketMeta&, ByteView)>;

  /// At most one of the addresses may be IPv4-mapped.
  static Result<std::unique_ptr<MobilityPort>> open(platform::EventLoop& loop,
                                                    const std::vector<Ipv6Address>& locals);
  /// Delivers from now on; `on_pause` follows the last message that was at hand.
  Result<void> listen(
      OnMessage on_message, std::function<void()> on_pause = [] {});
  Result<void> send(const core::SendMessage& message);
  Result<void> send(const core::SendIcmpv6& error);
  core::Json statistics() const;

 private:
  struct Endpoint {
    Ipv6Address local;
    platform::MobilitySocket socket;
    platform::FdWatch watch;
  };
  MobilityPort(platform::EventLoop& loop, platform::Icmpv6Sender errors)
      : loop_(loop), errors_(std::move(errors)) {}
  Result<void> open_socket(const Ipv6Address& local);
  Result<void> open_udp(const Ipv4Address& local);
  void receive(platform::MobilitySocket& socket);
  void take_burst(platform::MobilitySocket& socket);
  void receive_udp();
  void take_udp_burst();

  platform::EventLoop& loop_;
  std::optional<platform::UdpMobilitySocket> udp_;
  platform::Icmpv6Sender errors_;
  OnMessage on_message_;
  std::function<void()> on_pause_;
  platform::FdWatch udp_watch_;
  std::vector<Endpoint> endpoints_;
};

}  // namespace flowmob::daemon
