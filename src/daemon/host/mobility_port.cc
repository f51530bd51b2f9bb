// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/mobility_port.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/ipv4.h"

namespace flowmob::daemon {
namespace {

/// Messages taken in one go, so that a flood leaves time for timers and the control socket.
constexpr int kBurst = 64;

using Counters = platform::MobilitySocket::Counters;

void add(Counters& all, const Counters& one) {
  all.received += one.received;
  all.sent += one.sent;
  all.truncated += one.truncated;
  all.receive_errors += one.receive_errors;
  all.send_failures += one.send_failures;
}

}  // namespace

Result<std::unique_ptr<MobilityPort>> MobilityPort::open(platform::EventLoop& loop,
                                                         const std::vector<Ipv6Address>& locals) {
  auto errors = platform::Icmpv6Sender::open();
  if (!errors) return tl::unexpected(errors.error());
  std::unique_ptr<MobilityPort> port(new MobilityPort(loop, std::move(*errors)));
  for (const auto& local : locals) {
    auto done = is_mapped(local) ? port->open_udp(from_mapped(local)) : port->open_socket(local);
    if (!done) return tl::unexpected(done.error());
  }
  return port;
}

Result<void> MobilityPort::open_socket(const Ipv6Address& local) {
  auto socket = platform::MobilitySocket::open(local);
  if (!socket) return tl::unexpected(socket.error());
  endpoints_.push_back({local, std::move(*socket), {}});
  return {};
}

Result<void> MobilityPort::open_udp(const Ipv4Address& local) {
  auto udp = platform::UdpMobilitySocket::open(local);
  if (!udp) return tl::unexpected(udp.error());
  udp_.emplace(std::move(*udp));
  return {};
}

Result<void> MobilityPort::listen(OnMessage on_message, std::function<void()> on_pause) {
  on_message_ = std::move(on_message);
  on_pause_ = std::move(on_pause);
  for (auto& endpoint : endpoints_) {
    auto watch = loop_.watch(endpoint.socket.fd(), [this, &endpoint] { receive(endpoint.socket); });
    if (!watch) return tl::unexpected(watch.error());
    endpoint.watch = std::move(*watch);
  }
  if (udp_) {
    auto watch = loop_.watch(udp_->fd(), [this] { receive_udp(); });
    if (!watch) return tl::unexpected(watch.error());
    udp_watch_ = std::move(*watch);
  }
  return {};
}

void MobilityPort::receive(platform::MobilitySocket& socket) {
  take_burst(socket);
  on_pause_();
}

void MobilityPort::take_burst(platform::MobilitySocket& socket) {
  for (int i = 0; i < kBurst; ++i) {
    const auto message = socket.receive();
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
  if (over_udp ? !udp_ : endpoints_.empty())
    return fail("no-such-family", "no socket for peers such as " + message.destination.to_string());
  if (over_udp) return udp_->send(message.destination, message.port, message.mobility_header);
  const auto found = std::ranges::find(endpoints_, message.source, &Endpoint::local);
  auto& socket = (found == endpoints_.end() ? endpoints_.front() : *found).socket;
  return socket.send(message.source, message.destination, message.mobility_header);
}

Result<void> MobilityPort::send(const core::SendIcmpv6& error) {
  return errors_.send(error.source, error.destination, error.icmpv6);
}

core::Json MobilityPort::statistics() const {
  Counters all = udp_ ? udp_->counters() : Counters{};
  for (const auto& endpoint : endpoints_) add(all, endpoint.socket.counters());
  return {{"received", all.received},
          {"sent", all.sent},
          {"truncated", all.truncated},
          {"receive_errors", all.receive_errors},
          {"send_failures", all.send_failures}};
}

}  // namespace flowmob::daemon
