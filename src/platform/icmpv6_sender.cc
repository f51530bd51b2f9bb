// SPDX-License-Identifier: Apache-2.0
#include "platform/icmpv6_sender.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "platform/errno_error.h"
#include "platform/raw_send.h"

namespace flowmob::platform {

Result<Icmpv6Sender> Icmpv6Sender::open() {
  UniqueFd fd(::socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMPV6));
  if (!fd && errno == EPERM) return fail("not-permitted", "an ICMPv6 socket needs root (CAP_NET_RAW)");
  if (!fd) return fail_errno("icmpv6-socket-failed", "raw socket for ICMPv6");
  ::icmp6_filter filter{};
  ICMP6_FILTER_SETBLOCKALL(&filter);
  if (::setsockopt(fd.get(), IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter) != 0)
    return fail_errno("icmpv6-socket-failed", "socket options");
  return Icmpv6Sender(std::move(fd));
}

Result<void> Icmpv6Sender::send(const Ipv6Address& source, const Ipv6Address& destination, ByteView icmpv6) {
  return send_from(fd_.get(), source, destination, icmpv6);
}

}  // namespace flowmob::platform
