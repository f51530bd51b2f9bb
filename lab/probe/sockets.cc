// SPDX-License-Identifier: Apache-2.0
#include "lab/probe/sockets.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "lab/host/clock.h"
#include "lab/probe/message.h"
#include "platform/errno_error.h"

namespace flowmob::lab {
namespace {

using platform::fail_errno;
using platform::UniqueFd;

void set_option(int fd, int level, int name, int value) {
  ::setsockopt(fd, level, name, &value, sizeof value);
}

Result<UniqueFd> make_socket(int type, const SocketAddress& family_of) {
  UniqueFd fd(::socket(family_of.storage.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("socket-failed", "socket");
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (type == SOCK_DGRAM) set_option(fd.get(), SOL_SOCKET, SO_TIMESTAMPNS, 1);
  if (type == SOCK_DGRAM) set_option(fd.get(), SOL_SOCKET, SO_RCVBUF, 4 << 20);
  if (type == SOCK_STREAM) set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  return fd;
}

Nanoseconds arrival_of(::msghdr& header) {
  for (::cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
    ::timespec t{};
    std::memcpy(&t, CMSG_DATA(c), sizeof t);
    return t.tv_sec * 1'000'000'000 + t.tv_nsec;
  }
  return wall_now().time_since_epoch().count();
}

}  // namespace

Result<SocketAddress> socket_address(const std::string& host, std::uint16_t port) {
  ::addrinfo hints{};
  hints.ai_flags = AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  ::addrinfo* found = nullptr;
  const int status = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (status != 0) return fail("bad-address", host + ": " + ::gai_strerror(status));
  SocketAddress address;
  std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
  address.length = found->ai_addrlen;
  ::freeaddrinfo(found);
  return address;
}

Result<UniqueFd> bound_socket(int type, const SocketAddress& local) {
  auto fd = make_socket(type, local);
  if (!fd) return fd;
  if (::bind(fd->get(), local.get(), local.length) != 0) return fail_errno("bind-failed", "bind");
  if (type == SOCK_STREAM && ::listen(fd->get(), 16) != 0) return fail_errno("bind-failed", "listen");
  return fd;
}

Result<UniqueFd> connected_socket(int type, const SocketAddress& peer,
                                  const std::optional<SocketAddress>& local) {
  auto fd = make_socket(type, peer);
  if (!fd) return fd;
  if (local && ::bind(fd->get(), local->get(), local->length) != 0) return fail_errno("bind-failed", "bind");
  if (::connect(fd->get(), peer.get(), peer.length) != 0 && errno != EINPROGRESS) {
    return fail_errno("connect-failed", "connect");
  }
  return fd;
}

std::optional<Datagram> receive_datagram(int fd) {
  Datagram datagram;
  datagram.octets.resize(ProbeMessage::kLongest);
  alignas(::cmsghdr) std::array<std::byte, 128> control;
  ::iovec piece{datagram.octets.data(), datagram.octets.size()};
  ::msghdr header{};
  header.msg_name = &datagram.from.storage;
  header.msg_namelen = sizeof datagram.from.storage;
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  ssize_t count = 0;
  // An ICMP error of an earlier packet is reported once and says nothing about this one.
  do count = ::recvmsg(fd, &header, MSG_DONTWAIT);
  while (count < 0 && errno != EAGAIN && errno != EBADF);
  if (count < 0) return {};
  datagram.octets.resize(static_cast<std::size_t>(count));
  datagram.from.length = header.msg_namelen;
  datagram.arrived = arrival_of(header);
  return datagram;
}

void send_datagram(int fd, const Bytes& octets, const SocketAddress* to) {
  // What cannot be sent is lost, and counted as such at the other end.
  ::sendto(fd, octets.data(), octets.size(), MSG_DONTWAIT, to ? to->get() : nullptr, to ? to->length : 0);
}

}  // namespace flowmob::lab
