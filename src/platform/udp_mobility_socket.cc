// SPDX-License-Identifier: Apache-2.0
#include "platform/udp_mobility_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "base/ipv4.h"
#include "platform/errno_error.h"
#include "platform/receive_datagram.h"
#include "platform/udp_ipv4.h"

namespace flowmob::platform {
namespace {

void read_udp_ancillary(::msghdr& header, ReceivedMessage& message) {
  for (::cmsghdr* item = CMSG_FIRSTHDR(&header); item != nullptr; item = CMSG_NXTHDR(&header, item)) {
    if (item->cmsg_level != IPPROTO_IP) continue;
    if (item->cmsg_type == IP_PKTINFO) {
      ::in_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(item), sizeof info);
      message.interface = InterfaceIndex{static_cast<std::uint32_t>(info.ipi_ifindex)};
    } else if (item->cmsg_type == IP_TTL) {
      int ttl = 0;
      std::memcpy(&ttl, CMSG_DATA(item), sizeof ttl);
      message.hop_limit = static_cast<std::uint8_t>(ttl);
    }
  }
}

Result<void> configure_udp(int fd) {
  const int on = 1;
  if (::setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) != 0 ||
      ::setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof on) != 0)
    return fail_errno("mobility-socket-failed", "socket options");
  make_room_for_bursts(fd);
  return {};
}

}  // namespace

Result<UdpMobilitySocket> UdpMobilitySocket::open(const Ipv4Address& local) {
  auto fd = open_udp(local, kPort, "mobility-socket-failed");
  if (!fd) return tl::unexpected(fd.error());
  if (auto done = configure_udp(fd->get()); !done) return tl::unexpected(done.error());
  return UdpMobilitySocket(std::move(*fd), local);
}

Result<std::optional<UdpMobilitySocket::Received>> UdpMobilitySocket::receive() {
  return receive_datagram<::sockaddr_in>(
      fd_.get(), counters_, [this](const ::sockaddr_in& source, ByteView octets, ::msghdr& header) {
        Received received;
        received.source_port = ntohs(source.sin_port);
        Ipv4Address peer;
        std::memcpy(peer.octets.data(), &source.sin_addr, peer.octets.size());
        received.message.source = to_mapped(peer);
        received.message.destination = to_mapped(local_);
        received.message.mobility_header.assign(octets.begin(), octets.end());
        read_udp_ancillary(header, received.message);
        return received;
      });
}

Result<void> UdpMobilitySocket::send(const Ipv6Address& destination, std::uint16_t port,
                                     ByteView mobility_header) {
  return send_udp(fd_.get(), from_mapped(destination), port == 0 ? kPort : port, mobility_header, counters_);
}

}  // namespace flowmob::platform
