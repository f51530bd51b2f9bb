// SPDX-License-Identifier: Apache-2.0
#include "daemon/mag/ipv4_ports.h"

#include <spdlog/spdlog.h>

namespace flowmob::daemon {
namespace {

/// Frames taken in one go, so that a flood leaves time for timers and the control socket.
constexpr int kBurst = 64;

void add(platform::Ipv4Socket::Counters& sum, const platform::Ipv4Socket::Counters& more) {
  sum.received += more.received;
  sum.sent += more.sent;
  sum.truncated += more.truncated;
  sum.send_failures += more.send_failures;
}

}  // namespace

Result<std::unique_ptr<Ipv4Ports::Port>> Ipv4Ports::watch(InterfaceIndex interface,
                                                          platform::Ipv4Socket::Kind kind) {
  auto socket = platform::Ipv4Socket::open(interface, kind);
  if (!socket) return tl::unexpected(socket.error());
  auto port = std::make_unique<Port>(Port{std::move(*socket), {}});
  auto watch = loop_.watch(port->socket.fd(), [this, raw = port.get()] { receive(*raw); });
  if (!watch) return tl::unexpected(watch.error());
  port->watch = std::move(*watch);
  return port;
}

Result<void> Ipv4Ports::open(InterfaceIndex interface) {
  if (ports_.contains(interface)) return {};
  auto arp = watch(interface, platform::Ipv4Socket::Kind::Arp);
  if (!arp) return tl::unexpected(arp.error());
  auto dhcp = watch(interface, platform::Ipv4Socket::Kind::Dhcp);
  if (!dhcp) return tl::unexpected(dhcp.error());
  auto dhcp6 = watch(interface, platform::Ipv4Socket::Kind::Dhcp6);
  if (!dhcp6) return tl::unexpected(dhcp6.error());
  ports_.emplace(interface, Ports{std::move(*arp), std::move(*dhcp), std::move(*dhcp6)});
  return {};
}

void Ipv4Ports::close(InterfaceIndex interface) {
  const auto ports = ports_.find(interface);
  if (ports == ports_.end()) return;
  for (const auto* port : {&ports->second.arp, &ports->second.dhcp, &ports->second.dhcp6}) {
    (*port)->watch.cancel();
    add(closed_, (*port)->socket.counters());
  }
  ports_.erase(ports);
}

void Ipv4Ports::receive(Port& port) {
  const InterfaceIndex interface = port.socket.interface();
  for (int i = 0; i < kBurst; ++i) {
    const auto frame = port.socket.receive();
    if (!frame) return spdlog::debug("interface {}: {}", interface.value, frame.error().message);
    if (!*frame) return;
    on_frame_(interface, **frame);
    if (!ports_.contains(interface)) return;  // what was said closed the port
  }
}

Result<void> Ipv4Ports::send(InterfaceIndex interface, ByteView frame) {
  const auto port = ports_.find(interface);
  if (port == ports_.end()) return fail("no-such-interface", "an interface that is not ours, or is gone");
  return port->second.dhcp->socket.send(frame);
}

core::Json Ipv4Ports::statistics() const {
  platform::Ipv4Socket::Counters sum = closed_;
  for (const auto& [interface, ports] : ports_) {
    add(sum, ports.arp->socket.counters());
    add(sum, ports.dhcp->socket.counters());
    add(sum, ports.dhcp6->socket.counters());
  }
  return {{"received", sum.received},
          {"sent", sum.sent},
          {"truncated", sum.truncated},
          {"send_failures", sum.send_failures}};
}

}  // namespace flowmob::daemon
