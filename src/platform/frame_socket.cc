// SPDX-License-Identifier: Apache-2.0
#include "platform/frame_socket.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "platform/errno_error.h"

namespace flowmob::platform {
namespace {

tl::unexpected<Error> fail_at(InterfaceIndex interface) {
  return fail_errno("packet-socket-failed", "interface " + std::to_string(interface.value));
}

}  // namespace

PacketFd::~PacketFd() {
  if (!fd_) return;
  const int fd = fd_.release();
  try {
    std::thread([fd] { ::close(fd); }).detach();
  } catch (const std::system_error&) {  // there may be no more threads
    ::close(fd);
  }
}

Result<PacketFd> open_frame_socket(InterfaceIndex interface, std::span<const ::sock_filter> filter,
                                   int type) {
  // Protocol 0: nothing arrives before the filter is in place; bind() then starts reception.
  UniqueFd fd(::socket(AF_PACKET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd && errno == EPERM) return fail("not-permitted", "a packet socket needs root (CAP_NET_RAW)");
  if (!fd) return fail_errno("packet-socket-failed", "packet socket");
  std::vector<::sock_filter> steps(filter.begin(), filter.end());
  const ::sock_fprog program{static_cast<unsigned short>(steps.size()), steps.data()};
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0)
    return fail_at(interface);
  const int on = 1;
  if (auto set = set_packet_option(fd.get(), interface, PACKET_IGNORE_OUTGOING, &on, sizeof on); !set)
    return tl::unexpected(set.error());
  return PacketFd(std::move(fd));
}

Result<void> start_reception(int fd, InterfaceIndex interface, std::uint16_t protocol) {
  ::sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(protocol);
  address.sll_ifindex = static_cast<int>(interface.value);
  if (::bind(fd, reinterpret_cast<::sockaddr*>(&address), sizeof address) != 0) return fail_at(interface);
  return {};
}

Result<void> set_packet_option(int fd, InterfaceIndex interface, int option, const void* value,
                               ::socklen_t size) {
  if (::setsockopt(fd, SOL_PACKET, option, value, size) != 0) return fail_at(interface);
  return {};
}

Result<std::optional<std::size_t>> receive_frame(int fd, std::span<std::uint8_t> buffer, ::msghdr& control) {
  ::iovec vector{buffer.data(), buffer.size()};
  control.msg_iov = &vector;
  control.msg_iovlen = 1;
  ::ssize_t count = 0;
  do {
    count = ::recvmsg(fd, &control, MSG_TRUNC);  // which makes the kernel tell the true length
  } while (count < 0 && errno == EINTR);
  if (count >= 0) return static_cast<std::size_t>(count);
  if (errno == EAGAIN) return std::nullopt;
  if (errno == ENETDOWN) return fail("interface-down", "the interface went down");
  return fail_errno("receive-failed", "packet socket");
}

Result<void> send_frame(int fd, ByteView frame) {
  ::ssize_t count = 0;
  do {
    count = ::send(fd, frame.data(), frame.size(), 0);
  } while (count < 0 && errno == EINTR);
  if (count >= 0) return {};
  if (errno == ENETDOWN || errno == ENXIO) return fail_errno("interface-down", "packet socket");
  const bool full = errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM;
  return fail_errno(full ? "would-block" : "send-failed", "packet socket");
}

}  // namespace flowmob::platform
