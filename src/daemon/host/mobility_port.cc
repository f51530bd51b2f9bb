// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/mobility_port.h"

#include <spdlog/spdlog.h>

namespace flowmob::daemon {
namespace {

/// Messages taken in one go, so that a flood leaves time for timers and the control socket.
constexpr int kBurst = 64;

}  // namespace

Result<std::unique_ptr<MobilityPort>> MobilityPort::open(platform::EventLoop& loop,
                                                         const Ipv6Address& local) {
  auto socket = platform::MobilitySocket::open(local);
  if (!socket) return tl::unexpected(socket.error());
  return platform::Icmpv6Sender::open().map([&](platform::Icmpv6Sender errors) {
    return std::unique_ptr<MobilityPort>(new MobilityPort(loop, std::move(*socket), std::move(errors)));
  });
}

Result<void> MobilityPort::listen(OnMessage on_message, std::function<void()> on_pause) {
  on_message_ = std::move(on_message);
  on_pause_ = std::move(on_pause);
  return loop_.watch(socket_.fd(), [this] { receive(); }).map([this](platform::FdWatch watch) {
    watch_ = std::move(watch);
  });
}

void MobilityPort::receive() {
  take_burst();
  on_pause_();
}

void MobilityPort::take_burst() {
  for (int i = 0; i < kBurst; ++i) {
    const auto message = socket_.receive();
    if (!message) return spdlog::debug("mobility socket: {}", message.error().message);
    if (!*message) return;
    const platform::ReceivedMessage& m = **message;
    on_message_({m.source, m.destination, m.interface, {}, m.hop_limit}, m.mobility_header);
  }
}

Result<void> MobilityPort::send(const core::SendMessage& message) {
  return socket_.send(message.source, message.destination, message.mobility_header);
}

Result<void> MobilityPort::send(const core::SendIcmpv6& error) {
  return errors_.send(error.source, error.destination, error.icmpv6);
}

core::Json MobilityPort::statistics() const {
  const auto& c = socket_.counters();
  return {{"received", c.received},
          {"sent", c.sent},
          {"truncated", c.truncated},
          {"receive_errors", c.receive_errors},
          {"send_failures", c.send_failures}};
}

}  // namespace flowmob::daemon
