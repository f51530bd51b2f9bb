// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/address.h"
#include "platform/mobility_socket.h"

namespace flowmob::platform {

/// Mobility Headers in UDP over IPv4 (RFC 5844 section 4.1.3). Addresses are IPv4-mapped on this side of it.
class UdpMobilitySocket {
 public:
  static constexpr std::uint16_t kPort = 5436;

  static Result<UdpMobilitySocket> open(const Ipv4Address& local);

  int fd() const { return fd_.get(); }
  /// As MobilitySocket; the source's port comes along.
  struct Received {
    ReceivedMessage message;
    std::uint16_t source_port{};
  };
  Result<std::optional<Received>> receive();
  /// From the address and port that the socket is bound to.
  Result<void> send(const Ipv6Address& destination, std::uint16_t port, ByteView mobility_header);
  const MobilitySocket::Counters& counters() const { return counters_; }

 private:
  UdpMobilitySocket(UniqueFd fd, const Ipv4Address& local) : fd_(std::move(fd)), local_(local) {}
  UniqueFd fd_;
  Ipv4Address local_;
  MobilitySocket::Counters counters_;
};

}  // namespace flowmob::platform
