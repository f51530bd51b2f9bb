// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "platform/frame_socket.h"

namespace flowmob::platform {

/// Whole Ethernet frames on one interface of what the router of a node with IPv4 has to see itself: ARP, or
/// UDP for port 67 (DHCP servers); and of IPv6 what a delegating router has to see: UDP for port 547. Bound
/// to one protocol it costs other packets nothing.
class Ipv4Socket {
 public:
  enum class Kind { Arp, Dhcp, Dhcp6 };
  struct Counters {
    std::uint64_t received{}, sent{};
    std::uint64_t truncated{};  ///< longer than the receive buffer
    std::uint64_t send_failures{};
  };

  static Result<Ipv4Socket> open(InterfaceIndex interface, Kind kind);

  int fd() const { return fd_.get(); }
  InterfaceIndex interface() const { return interface_; }
  /// The next frame, nothing when none waits. "interface-down" is reported once each time the link goes down.
  Result<std::optional<Bytes>> receive();
  Result<void> send(ByteView frame);
  const Counters& counters() const { return counters_; }

 private:
  Ipv4Socket(PacketFd fd, InterfaceIndex interface) : fd_(std::move(fd)), interface_(interface) {}
  PacketFd fd_;
  InterfaceIndex interface_;
  Counters counters_;
};

}  // namespace flowmob::platform
