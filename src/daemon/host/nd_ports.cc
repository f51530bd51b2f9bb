// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/nd_ports.h"

#include <spdlog/spdlog.h>

namespace flowmob::daemon {
namespace {

/// Messages taken in one go, so that a flood leaves time for timers and the control socket.
constexpr int kSolicitationBurst = 64;

void add(platform::PacketSocket::Counters& sum, const platform::PacketSocket::Counters& more) {
  sum.received += more.received;
  sum.sent += more.sent;
  sum.malformed += more.malformed;
  sum.truncated += more.truncated;
  sum.send_failures += more.send_failures;
}

}  // namespace

Result<void> NdPorts::open(InterfaceIndex interface, platform::LinkHeader header) {
  if (ports_.contains(interface)) return {};
  auto socket = platform::PacketSocket::open(interface, header, hearing_);
  if (!socket) return tl::unexpected(socket.error());
  auto port = std::make_unique<Port>(Port{std::move(*socket), {}});
  auto watch = loop_.watch(port->socket.fd(), [this, raw = port.get()] { receive(*raw); });
  if (!watch) return tl::unexpected(watch.error());
  port->watch = std::move(*watch);
  ports_.emplace(interface, std::move(port));
  return {};
}

void NdPorts::close(InterfaceIndex interface) {
  const auto port = ports_.find(interface);
  if (port == ports_.end()) return;
  port->second->watch.cancel();
  add(closed_, port->second->socket.counters());
  ports_.erase(port);
}

void NdPorts::receive(Port& port) {
  const InterfaceIndex interface = port.socket.interface();
  for (int i = 0; i < kSolicitationBurst; ++i) {
    const auto frame = port.socket.receive();
    if (!frame) return spdlog::debug("interface {}: {}", interface.value, frame.error().message);
    if (!*frame) return;
    const platform::NdFrame& f = **frame;
    on_message_({f.source, f.destination, interface, f.link_source, f.hop_limit}, f.icmpv6);
    if (!ports_.contains(interface)) return;  // what was said closed the port
  }
}

Result<void> NdPorts::send(InterfaceIndex interface, const platform::NdFrame& frame) {
  const auto port = ports_.find(interface);
  if (port == ports_.end()) return fail("no-such-interface", "an interface that is not ours, or is gone");
  return port->second->socket.send(frame);
}

core::Json NdPorts::statistics() const {
  platform::PacketSocket::Counters sum = closed_;
  for (const auto& [interface, port] : ports_) add(sum, port->socket.counters());
  return {{"received", sum.received},
          {"sent", sum.sent},
          {"malformed", sum.malformed},
          {"truncated", sum.truncated},
          {"send_failures", sum.send_failures}};
}

}  // namespace flowmob::daemon
