// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/address.h"
#include "base/bytes.h"
#include "base/error.h"
#include "platform/mobility_socket.h"
#include "platform/unique_fd.h"

namespace flowmob::platform {

/// A relay agent's side towards DHCP servers (RFC 1542 section 4.1): UDP over IPv4, port 67 at both ends.
class DhcpRelaySocket {
 public:
  struct Received {
    Ipv4Address server;
    Bytes payload;
  };

  /// Errors: those of open_udp(); "address-in-use": a DHCP server of this machine has the port.
  static Result<DhcpRelaySocket> open(const Ipv4Address& local);

  int fd() const { return fd_.get(); }
  /// The next message, nothing when none waits. Those that are too long are dropped and counted.
  Result<std::optional<Received>> receive();
  Result<void> send(const Ipv4Address& server, ByteView payload);
  const MobilitySocket::Counters& counters() const { return counters_; }

 private:
  explicit DhcpRelaySocket(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
  MobilitySocket::Counters counters_;
};

}  // namespace flowmob::platform
