// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/mobility_port.h"

#include <spdlog/spdlog.h>

#include "base/ipv4.h"

namespace flowmob::daemon {
namespace {

/// Messages taken in one go, so that a flood leaves time for timers and the control socket.
constexpr int kBurst = 64;

using Counters = platform::MobilitySocket::Counters;

core::Json to_json(const Counters& a, const Counters& b) {
  return {{"received", a.received + b.received},
          {"sent", a.sent + b.sent},
          {"truncated", a.truncated + b.truncated},
          {"receive_errors", a.receive_errors + b.receive_errors},
          {"send_failures", a.send_failures + b.send_failures}};
}

}  // namespace

Result<std::unique_ptr<MobilityPort>> MobilityPort::open(platform::EventLoop& loop, const Ipv6Address& local,
                                                         const std::optional<Ipv4Address>& ipv4) {
  auto errors = platform::Icmpv6Sender::open();
  if (!errors) return tl::unexpected(errors.error());
  std::unique_ptr<MobilityPort> port(new MobilityPort(loop, std::move(*errors)));
  if (auto done = port->open_sockets(local, ipv4); !done) return tl::unexpected(done.error());
  return port;
}

Result<void> MobilityPort::open_sockets(const Ipv6Address& local, const std::optional<Ipv4Address>& ipv4) {
  const auto over_udp = is_mapped(local) ? std::optional(from_mapped(local)) : ipv4;
  if (!is_mapped(local)) {
    auto socket = platform::MobilitySocket::open(local);
    if (!socket) return tl::unexpected(socket.error());
    socket_.emplace(std::move(*socket));
  }
  if (!over_udp) return {};
  auto udp = platform::UdpMobilitySocket::open(*over_udp);
  if (!udp) return tl::unexpected(udp.error());
  udp_.emplace(std::move(*udp));
  return {};
}

Result<void> MobilityPort::listen(OnMessage on_message, std::function<void()> on_pause) {
  on_message_ = std::move(on_message);
  on_pause_ = std::move(on_pause);
  if (socket_) {
    auto watch = loop_.watch(socket_->fd(), [this] { receive(); });
    if (!watch) return tl::unexpected(watch.error());
    watch_ = std::move(*watch);
  }
  if (udp_) {
    auto watch = loop_.watch(udp_->fd(), [this] { receive_udp(); });
    if (!watch) return tl::unexpected(watch.error());
    udp_watch_ = std::move(*watch);
  }
  return {};
}

void MobilityPort::receive() {
  take_burst();
  on_pause_();
}

void MobilityPort::take_burst() {
  for (int i = 0; i < kBurst; ++i) {
    const auto message = socket_->receive();
    if (!message) return spdlog::debug("mobility socket: {}", message.error().message);
    if (!*message) return;
    const platform::ReceivedMessage& m = **message;
    on_message_({m.source, m.destination, m.interface, {}, m.hop_limit}, m.mobility_header);
  }
}

void MobilityPort::receive_udp() {
  take_udp_burst();
  on_pause_();
}

void MobilityPort::take_udp_burst() {
  for (int i = 0; i < kBurst; ++i) {
    const auto received = udp_->receive();
    if (!received) return spdlog::debug("mobility socket: {}", received.error().message);
    if (!*received) return;
    const platform::ReceivedMessage& m = (*received)->message;
    on_message_({m.source, m.destination, m.interface, {}, m.hop_limit, (*received)->source_port},
                m.mobility_header);
  }
}

Result<void> MobilityPort::send(const core::SendMessage& message) {
  const bool over_udp = is_mapped(message.destination);
  if (over_udp ? !udp_ : !socket_)
    return fail("no-such-family", "no socket for peers such as " + message.destination.to_string());
  if (over_udp) return udp_->send(message.destination, message.port, message.mobility_header);
  return socket_->send(message.source, message.destination, message.mobility_header);
}

Result<void> MobilityPort::send(const core::SendIcmpv6& error) {
  return errors_.send(error.source, error.destination, error.icmpv6);
}

core::Json MobilityPort::statistics() const {
  return to_json(socket_ ? socket_->counters() : Counters{}, udp_ ? udp_->counters() : Counters{});
}

}  // namespace flowmob::daemon
