// SPDX-License-Identifier: Apache-2.0
#include "platform/udp_ipv4.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <cstring>

#include "platform/errno_error.h"

namespace flowmob::platform {
namespace {

std::string bind_error(const std::string& code) {
  if (errno == EADDRNOTAVAIL) return "address-unavailable";
  return errno == EADDRINUSE ? "address-in-use" : code;
}

}  // namespace

::sockaddr_in to_socket_address(const Ipv4Address& address, std::uint16_t port) {
  ::sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(port);
  std::memcpy(&result.sin_addr, address.octets.data(), sizeof result.sin_addr);
  return result;
}

Result<UniqueFd> open_udp(const Ipv4Address& local, std::uint16_t port, const std::string& code) {
  UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fail_errno(code, "UDP socket");
  const auto address = to_socket_address(local, port);
  if (::bind(fd.get(), reinterpret_cast<const ::sockaddr*>(&address), sizeof address) != 0)
    return fail_errno(bind_error(code), "bind to " + local.to_string() + " port " + std::to_string(port));
  return fd;
}

Result<void> send_udp(int fd, const Ipv4Address& destination, std::uint16_t port, ByteView payload,
                      MobilitySocket::Counters& counters) {
  const auto to = to_socket_address(destination, port);
  ::ssize_t count = 0;
  do {
    count =
        ::sendto(fd, payload.data(), payload.size(), 0, reinterpret_cast<const ::sockaddr*>(&to), sizeof to);
  } while (count < 0 && errno == EINTR);
  ++(count >= 0 ? counters.sent : counters.send_failures);
  if (count >= 0) return {};
  const bool full = errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM;
  return fail_errno(full ? "would-block" : "send-failed", "to " + destination.to_string());
}

}  // namespace flowmob::platform
