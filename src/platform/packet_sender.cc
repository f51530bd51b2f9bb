// SPDX-License-Identifier: Apache-2.0
#include "platform/packet_sender.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "platform/errno_error.h"
#include "platform/raw_send.h"

namespace flowmob::platform {
namespace {

constexpr std::size_t kIpv4HeaderLength = 20, kIpv6HeaderLength = 40;

/// The source decides of the way as well, where there are rules by it.
Result<void> send_ipv4(int fd, ByteView packet) {
  ::sockaddr_in to{};
  to.sin_family = AF_INET;
  std::memcpy(&to.sin_addr, packet.data() + 16, sizeof to.sin_addr);
  ::in_pktinfo info{};
  std::memcpy(&info.ipi_spec_dst, packet.data() + 12, sizeof info.ipi_spec_dst);
  alignas(::cmsghdr) std::array<char, CMSG_SPACE(sizeof info)> control{};
  ::iovec vector{const_cast<std::uint8_t*>(packet.data()), packet.size()};
  ::msghdr header{};
  header.msg_name = &to;
  header.msg_namelen = sizeof to;
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  ::cmsghdr* item = CMSG_FIRSTHDR(&header);
  item->cmsg_level = IPPROTO_IP;
  item->cmsg_type = IP_PKTINFO;
  item->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(item), &info, sizeof info);
  ::ssize_t count = 0;
  do {
    count = ::sendmsg(fd, &header, 0);
  } while (count < 0 && errno == EINTR);
  if (count >= 0) return {};
  const bool full = errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM;
  return fail_errno(full ? "would-block" : "send-failed", "a packet of IPv4");
}

}  // namespace

/// IPPROTO_RAW: whoever sends makes the header.
Result<PacketSender> PacketSender::open() {
  UniqueFd ipv4(::socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW));
  if (!ipv4 && errno == EPERM) return fail("not-permitted", "raw sockets need root (CAP_NET_RAW)");
  UniqueFd ipv6(::socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_RAW));
  if (!ipv4 || !ipv6) return fail_errno("packet-sender-failed", "raw sockets for packets");
  return PacketSender(std::move(ipv4), std::move(ipv6));
}

Result<void> PacketSender::send(ByteView packet) {
  const auto version = packet.empty() ? 0 : packet[0] >> 4;
  if (version == 4 && packet.size() >= kIpv4HeaderLength) return send_ipv4(ipv4_.get(), packet);
  if (version == 6 && packet.size() >= kIpv6HeaderLength)
    return send_from(ipv6_.get(), Ipv6Address::from_bytes(packet.subspan(8, 16)),
                     Ipv6Address::from_bytes(packet.subspan(24, 16)), packet);
  return fail("bad-packet", "not a packet of IP");
}

}  // namespace flowmob::platform
