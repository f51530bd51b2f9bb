// SPDX-License-Identifier: Apache-2.0
#include "daemon/mag/dhcp_relay_port.h"

#include "daemon/host/burst.h"

namespace flowmob::daemon {

Result<std::unique_ptr<DhcpRelayPort>> DhcpRelayPort::open(platform::EventLoop& loop,
                                                           const Ipv4Address& local, OnAnswer on_answer) {
  auto socket = platform::DhcpRelaySocket::open(local);
  if (!socket) return tl::unexpected(socket.error());
  std::unique_ptr<DhcpRelayPort> port(new DhcpRelayPort(std::move(*socket), std::move(on_answer)));
  auto watch = loop.watch(port->socket_.fd(), [raw = port.get()] { raw->receive(); });
  if (!watch) return tl::unexpected(watch.error());
  port->watch_ = std::move(*watch);
  return port;
}

void DhcpRelayPort::receive() {
  take_burst(
      "DHCP servers", [this] { return socket_.receive(); },
      [this](const auto& answer) {
        on_answer_(answer.server, answer.payload);
        return true;
      });
}

core::Json DhcpRelayPort::statistics() const {
  const auto& counters = socket_.counters();
  return {{"received", counters.received},
          {"sent", counters.sent},
          {"truncated", counters.truncated},
          {"receive_errors", counters.receive_errors},
          {"send_failures", counters.send_failures}};
}

}  // namespace flowmob::daemon
