// SPDX-License-Identifier: Apache-2.0
#include "platform/tunnel_errors.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <ctime>

// It takes time's types from whoever includes it.
#include <linux/errqueue.h>
#include <linux/filter.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/ipv4.h"
#include "core/tunnelling.h"
#include "platform/errno_error.h"
#include "platform/socket_address.h"

namespace flowmob::platform {
namespace {

using core::TunnelError;
using core::TunnelErrorKind;

constexpr std::uint16_t kDataPort = 5437;  // RFC 5844 section 4.1.4
constexpr std::size_t kUdpHeader = 8;

bool receive_nothing(int fd) {
  std::array program{::sock_filter BPF_STMT(BPF_RET | BPF_K, 0)};
  const ::sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return ::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0;
}

/// Of others than those that ask for it the kernel heeds no error (rawv6_err in net/ipv6/raw.c).
bool hear_errors(int fd, bool over_ipv4) {
  const int on = 1;
  return (over_ipv4 ? ::setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on)
                    : ::setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on)) == 0;
}

bool bind_to(int fd, const Ipv6Address& local, int protocol) {
  if (!is_mapped(local)) {
    const auto address = to_socket_address(local);
    return ::bind(fd, reinterpret_cast<const ::sockaddr*>(&address), sizeof address) == 0;
  }
  ::sockaddr_in address{};
  address.sin_family = AF_INET;
  if (protocol == IPPROTO_UDP) address.sin_port = htons(kDataPort);
  address.sin_addr.s_addr = htonl(to_number(from_mapped(local)));
  return ::bind(fd, reinterpret_cast<const ::sockaddr*>(&address), sizeof address) == 0;
}

std::optional<TunnelErrorKind> kind_of_icmpv6(std::uint8_t type) {
  switch (type) {
    case 1:
      return TunnelErrorKind::Unreachable;
    case 2:
      return TunnelErrorKind::TooBig;
    case 3:
      return TunnelErrorKind::TimeExceeded;
    case 4:
      return TunnelErrorKind::ParameterProblem;
    default:
      return std::nullopt;
  }
}

std::optional<TunnelErrorKind> kind_of_icmpv4(std::uint8_t type, std::uint8_t code) {
  constexpr std::uint8_t kFragmentationNeeded = 4;
  switch (type) {
    case 3:
      return code == kFragmentationNeeded ? TunnelErrorKind::TooBig : TunnelErrorKind::Unreachable;
    case 11:
      return TunnelErrorKind::TimeExceeded;
    case 12:
      return TunnelErrorKind::ParameterProblem;
    default:
      return std::nullopt;
  }
}

std::optional<TunnelErrorKind> kind_of(const ::sock_extended_err& error) {
  if (error.ee_origin == SO_EE_ORIGIN_ICMP6) return kind_of_icmpv6(error.ee_type);
  if (error.ee_origin == SO_EE_ORIGIN_ICMP) return kind_of_icmpv4(error.ee_type, error.ee_code);
  return std::nullopt;
}

std::optional<::sock_extended_err> extended_error(::msghdr& header) {
  for (::cmsghdr* item = CMSG_FIRSTHDR(&header); item != nullptr; item = CMSG_NXTHDR(&header, item)) {
    const bool is_error = (item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_RECVERR) ||
                          (item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_RECVERR);
    if (!is_error) continue;
    ::sock_extended_err error{};
    std::memcpy(&error, CMSG_DATA(item), sizeof error);
    return error;
  }
  return std::nullopt;
}

Ipv6Address address_of(const ::sockaddr_storage& storage) {
  Ipv6Address address;
  if (storage.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const ::sockaddr_in6&>(storage);
    std::copy(std::begin(v6.sin6_addr.s6_addr), std::end(v6.sin6_addr.s6_addr), address.octets.begin());
  } else if (storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const ::sockaddr_in&>(storage);
    address = to_mapped(to_ipv4(ntohl(v4.sin_addr.s_addr)));
  }
  return address;
}

/// A GRE header with what its flags say is in it (RFC 2890 section 2); the kernel has taken UDP's off.
std::size_t shim_in_front(int protocol, ByteView quoted) {
  if (protocol != IPPROTO_GRE) return 0;
  if (quoted.empty()) return 4;
  std::size_t length = 4;
  for (const int flag : {0x80, 0x20, 0x10}) length += (quoted[0] & flag) != 0 ? 4 : 0;
  return length;
}

TunnelError tunnel_error(const Ipv6Address& local, int protocol, ByteView quoted) {
  TunnelError error;
  error.local = local;
  const auto shim = shim_in_front(protocol, quoted);
  const std::size_t udp = protocol == IPPROTO_UDP ? kUdpHeader : 0;
  error.tunnel_headers = static_cast<std::uint16_t>(core::outer_header(local) + shim + udp);
  if (quoted.size() > shim)
    error.original.assign(quoted.begin() + static_cast<std::ptrdiff_t>(shim), quoted.end());
  return error;
}

/// Where the queue was full the error is noted at the socket alone, and would call for ever.
void forget_error(int fd) {
  int error = 0;
  ::socklen_t length = sizeof error;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
}

}  // namespace

Result<TunnelErrors> TunnelErrors::open(const Ipv6Address& local) {
  TunnelErrors opened(local);
  std::vector<int> protocols{IPPROTO_IPV6, IPPROTO_IPIP, IPPROTO_GRE};
  if (is_mapped(local)) protocols.push_back(IPPROTO_UDP);
  for (const int protocol : protocols)
    if (auto added = opened.add(protocol); !added) return tl::unexpected(added.error());
  return opened;
}

Result<void> TunnelErrors::add(int protocol) {
  const bool over_ipv4 = is_mapped(local_);
  const int type = (protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_RAW) | SOCK_NONBLOCK | SOCK_CLOEXEC;
  UniqueFd fd(::socket(over_ipv4 ? AF_INET : AF_INET6, type, protocol));
  if (!fd && errno == EPERM) return fail("not-permitted", "a tunnel socket needs root (CAP_NET_RAW)");
  const auto what = "tunnel socket of protocol " + std::to_string(protocol) + " at " + local_.to_string();
  if (!fd || !receive_nothing(fd.get()) || !hear_errors(fd.get(), over_ipv4))
    return fail_errno("tunnel-socket-failed", what);
  if (!bind_to(fd.get(), local_, protocol))
    return fail_errno(errno == EADDRNOTAVAIL ? "address-unavailable" : "tunnel-socket-failed", what);
  sockets_.push_back({std::move(fd), protocol});
  return {};
}

std::vector<int> TunnelErrors::fds() const {
  std::vector<int> all;
  for (const auto& socket : sockets_) all.push_back(socket.fd.get());
  return all;
}

std::optional<TunnelError> TunnelErrors::receive(int fd) const {
  const auto socket = std::ranges::find_if(sockets_, [&](const Socket& s) { return s.fd.get() == fd; });
  if (socket == sockets_.end()) return std::nullopt;
  while (true) {
    std::array<std::uint8_t, 2048> buffer;
    alignas(::cmsghdr) std::array<char, 256> control;
    ::sockaddr_storage peer{};
    ::iovec vector{buffer.data(), buffer.size()};
    ::msghdr header{};
    header.msg_name = &peer;
    header.msg_namelen = sizeof peer;
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ::ssize_t count = ::recvmsg(fd, &header, MSG_ERRQUEUE);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      forget_error(fd);
      return std::nullopt;
    }
    const auto reported = extended_error(header);
    const auto kind = reported ? kind_of(*reported) : std::nullopt;
    if (!kind) continue;
    auto error =
        tunnel_error(local_, socket->protocol, ByteView(buffer).first(static_cast<std::size_t>(count)));
    error.peer = address_of(peer);
    error.kind = *kind;
    if (*kind == TunnelErrorKind::TooBig) error.path_mtu = reported->ee_info;
    return error;
  }
}

}  // namespace flowmob::platform
