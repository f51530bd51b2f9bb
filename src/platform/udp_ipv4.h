// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>

#include "base/address.h"
#include "base/bytes.h"
#include "base/error.h"
#include "platform/mobility_socket.h"
#include "platform/unique_fd.h"

/// What sockets of UDP over IPv4 have in common. Ports in host byte order.
namespace flowmob::platform {

::sockaddr_in to_socket_address(const Ipv4Address& address, std::uint16_t port);

/// Errors: "address-unavailable" (no interface has it), "address-in-use", else `code`.
Result<UniqueFd> open_udp(const Ipv4Address& local, std::uint16_t port, const std::string& code);

/// Counts what becomes of it. Never blocks: "would-block" when the queues are full, else "send-failed".
Result<void> send_udp(int fd, const Ipv4Address& destination, std::uint16_t port, ByteView payload,
                      MobilitySocket::Counters& counters);

}  // namespace flowmob::platform
