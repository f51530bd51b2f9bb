// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <optional>

#include "platform/errno_error.h"
#include "platform/mobility_socket.h"

namespace flowmob::platform {

/// The next Mobility Header at `fd`, with its sender and what came along, as `take(source, octets, header)`
/// makes of them; nothing when none waits. Oversized ones are dropped and counted on the way.
template <class SocketAddress, class Take>
auto receive_datagram(int fd, MobilitySocket::Counters& counters, Take take)
    -> Result<std::optional<decltype(take(SocketAddress{}, ByteView{}, std::declval<::msghdr&>()))>> {
  while (true) {
    std::array<std::uint8_t, MobilitySocket::kMaxMessage> buffer;
    alignas(::cmsghdr) std::array<char, 256> control;
    SocketAddress source{};
    ::iovec vector{buffer.data(), buffer.size()};
    ::msghdr header{};
    header.msg_name = &source;
    header.msg_namelen = sizeof source;
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ::ssize_t count = ::recvmsg(fd, &header, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return std::nullopt;
    if (count < 0) {
      ++counters.receive_errors;
      return fail_errno("receive-failed", "mobility socket");
    }
    if ((header.msg_flags & MSG_TRUNC) != 0) {
      ++counters.truncated;
      continue;
    }
    ++counters.received;
    return take(source, ByteView(buffer).first(static_cast<std::size_t>(count)), header);
  }
}

/// Room for a burst of a few thousand registrations while the daemon is busy; as much of it as the system
/// grants.
inline void make_room_for_bursts(int fd) {
  const int queue = 4 << 20;
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &queue, sizeof queue) != 0)
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &queue, sizeof queue);
}

}  // namespace flowmob::platform
