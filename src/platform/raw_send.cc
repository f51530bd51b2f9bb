// SPDX-License-Identifier: Apache-2.0
#include "platform/raw_send.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "platform/errno_error.h"
#include "platform/socket_address.h"

namespace flowmob::platform {

Result<void> send_from(int fd, const Ipv6Address& source, const Ipv6Address& destination, ByteView payload) {
  ::sockaddr_in6 to = to_socket_address(destination);
  ::in6_pktinfo info{};
  std::copy(source.octets.begin(), source.octets.end(), info.ipi6_addr.s6_addr);
  alignas(::cmsghdr) std::array<char, CMSG_SPACE(sizeof info)> control{};
  ::iovec vector{const_cast<std::uint8_t*>(payload.data()), payload.size()};
  ::msghdr header{};
  header.msg_name = &to;
  header.msg_namelen = sizeof to;
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  ::cmsghdr* item = CMSG_FIRSTHDR(&header);
  item->cmsg_level = IPPROTO_IPV6;
  item->cmsg_type = IPV6_PKTINFO;
  item->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(item), &info, sizeof info);
  ::ssize_t count = 0;
  do {
    count = ::sendmsg(fd, &header, 0);
  } while (count < 0 && errno == EINTR);
  if (count >= 0) return {};
  const bool full = errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM;
  return fail_errno(full ? "would-block" : "send-failed", "to " + destination.to_string());
}

}  // namespace flowmob::platform
