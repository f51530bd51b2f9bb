// SPDX-License-Identifier: Apache-2.0
#include "platform/mobility_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "platform/errno_error.h"
#include "platform/raw_send.h"
#include "platform/receive_datagram.h"
#include "platform/socket_address.h"

namespace flowmob::platform {
namespace {

constexpr int kMobilityHeader = 135;  // RFC 6275 section 6.1.1

bool set_option(int fd, int level, int option, int value) {
  return ::setsockopt(fd, level, option, &value, sizeof value) == 0;
}

Result<void> configure(int fd) {
  const bool done = set_option(fd, IPPROTO_IPV6, IPV6_CHECKSUM, -1) &&
                    set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
                    set_option(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
  if (!done) return fail_errno("mobility-socket-failed", "socket options");
  make_room_for_bursts(fd);
  return {};
}

void read_ancillary(::msghdr& header, ReceivedMessage& message) {
  for (::cmsghdr* item = CMSG_FIRSTHDR(&header); item != nullptr; item = CMSG_NXTHDR(&header, item)) {
    if (item->cmsg_level != IPPROTO_IPV6) continue;
    if (item->cmsg_type == IPV6_PKTINFO) {
      ::in6_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(item), sizeof info);
      message.destination = Ipv6Address::from_bytes(info.ipi6_addr.s6_addr);
      message.interface = InterfaceIndex{info.ipi6_ifindex};
    } else if (item->cmsg_type == IPV6_HOPLIMIT) {
      int hop_limit = 0;
      std::memcpy(&hop_limit, CMSG_DATA(item), sizeof hop_limit);
      message.hop_limit = static_cast<std::uint8_t>(hop_limit);
    }
  }
}

}  // namespace

Result<MobilitySocket> MobilitySocket::open(const Ipv6Address& local) {
  UniqueFd fd(::socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, kMobilityHeader));
  if (!fd && errno == EPERM)
    return fail("not-permitted", "a Mobility Header socket needs root (CAP_NET_RAW)");
  if (!fd) return fail_errno("mobility-socket-failed", "raw socket for next header 135");
  if (auto done = configure(fd.get()); !done) return tl::unexpected(done.error());
  const ::sockaddr_in6 address = to_socket_address(local);
  if (::bind(fd.get(), reinterpret_cast<const ::sockaddr*>(&address), sizeof address) != 0) {
    return fail_errno(errno == EADDRNOTAVAIL ? "address-unavailable" : "mobility-socket-failed",
                      "bind to " + local.to_string());
  }
  return MobilitySocket(std::move(fd));
}

Result<std::optional<ReceivedMessage>> MobilitySocket::receive() {
  return receive_datagram<::sockaddr_in6>(
      fd_.get(), counters_, [](const ::sockaddr_in6& source, ByteView octets, ::msghdr& header) {
        ReceivedMessage message;
        message.source = Ipv6Address::from_bytes(source.sin6_addr.s6_addr);
        message.mobility_header.assign(octets.begin(), octets.end());
        read_ancillary(header, message);
        return message;
      });
}

Result<void> MobilitySocket::send(const Ipv6Address& source, const Ipv6Address& destination,
                                  ByteView mobility_header) {
  auto sent = send_from(fd_.get(), source, destination, mobility_header);
  ++(sent ? counters_.sent : counters_.send_failures);
  return sent;
}

}  // namespace flowmob::platform
