// SPDX-License-Identifier: Apache-2.0
#include "platform/tunnel_errors.h"

#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

#include "platform/errno_error.h"
#include "platform/socket_address.h"

namespace flowmob::platform {
namespace {

bool receive_nothing(int fd) {
  std::array program{::sock_filter BPF_STMT(BPF_RET | BPF_K, 0)};
  const ::sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return ::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0;
}

}  // namespace

/// Connected: of others the kernel heeds no error (rawv6_err in net/ipv6/raw.c).
Result<TunnelErrors> TunnelErrors::open(const Ipv6Address& local, const Ipv6Address& remote) {
  UniqueFd fd(::socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_IPV6));
  if (!fd && errno == EPERM) return fail("not-permitted", "a tunnel socket needs root (CAP_NET_RAW)");
  const auto here = to_socket_address(local), there = to_socket_address(remote);
  if (!fd || !receive_nothing(fd.get()) ||
      ::bind(fd.get(), reinterpret_cast<const ::sockaddr*>(&here), sizeof here) != 0)
    return fail_errno("tunnel-socket-failed", "raw socket for next header 41");
  if (::connect(fd.get(), reinterpret_cast<const ::sockaddr*>(&there), sizeof there) != 0)
    return fail_errno(errno == ENETUNREACH ? "unreachable" : "tunnel-socket-failed", remote.to_string());
  return TunnelErrors(std::move(fd));
}

}  // namespace flowmob::platform
