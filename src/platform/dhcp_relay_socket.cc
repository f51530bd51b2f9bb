// SPDX-License-Identifier: Apache-2.0
#include "platform/dhcp_relay_socket.h"

#include <cstring>

#include "platform/receive_datagram.h"
#include "platform/udp_ipv4.h"

namespace flowmob::platform {
namespace {

constexpr std::uint16_t kServerPort = 67;

}  // namespace

Result<DhcpRelaySocket> DhcpRelaySocket::open(const Ipv4Address& local) {
  auto fd = open_udp(local, kServerPort, "dhcp-socket-failed");
  if (!fd) return tl::unexpected(fd.error());
  return DhcpRelaySocket(std::move(*fd));
}

Result<std::optional<DhcpRelaySocket::Received>> DhcpRelaySocket::receive() {
  return receive_datagram<::sockaddr_in>(
      fd_.get(), counters_, [](const ::sockaddr_in& source, ByteView octets, const ::msghdr&) {
        Received received;
        std::memcpy(received.server.octets.data(), &source.sin_addr, received.server.octets.size());
        received.payload.assign(octets.begin(), octets.end());
        return received;
      });
}

Result<void> DhcpRelaySocket::send(const Ipv4Address& server, ByteView payload) {
  return send_udp(fd_.get(), server, kServerPort, payload, counters_);
}

}  // namespace flowmob::platform
