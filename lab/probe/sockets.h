// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "lab/stats/arrivals.h"
#include "platform/unique_fd.h"

namespace flowmob::lab {

struct SocketAddress {
  ::sockaddr_storage storage{};
  ::socklen_t length{};
  const ::sockaddr* get() const { return reinterpret_cast<const ::sockaddr*>(&storage); }
  std::string key() const { return {reinterpret_cast<const char*>(&storage), length}; }
};

Result<SocketAddress> socket_address(const std::string& host, std::uint16_t port);

struct Datagram {
  SocketAddress from;
  Bytes octets;
  Nanoseconds arrived;  ///< when the kernel got it
};

/// Non-blocking sockets; `type` is SOCK_DGRAM or SOCK_STREAM. Datagram sockets tell arrival times.
Result<platform::UniqueFd> bound_socket(int type, const SocketAddress& local);
Result<platform::UniqueFd> connected_socket(int type, const SocketAddress& peer,
                                            const std::optional<SocketAddress>& local);
std::optional<Datagram> receive_datagram(int fd);
void send_datagram(int fd, const Bytes& octets, const SocketAddress* to);

}  // namespace flowmob::lab
