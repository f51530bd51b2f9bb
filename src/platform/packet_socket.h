// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/address.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "platform/frame_socket.h"

namespace flowmob::platform {

/// What stands before IP on a link. None: a point-to-point link without addresses.
enum class LinkHeader : std::uint8_t { Ethernet, None };

/// One Neighbor Discovery packet, both headers included as values; without LinkHeader::Ethernet the first has
/// none: zeros are read, and what is written is not sent.
struct NdFrame {
  MacAddress link_source;
  MacAddress link_destination;
  Ipv6Address source;
  Ipv6Address destination;
  std::uint8_t hop_limit = 255;  ///< RFC 4861: anything else on receipt is for the core to discard
  Bytes icmpv6;
  bool router_alert = false;  ///< of RFC 2711, value 0, before ICMPv6: as group reports and queries have it
};

/// Sends and receives ICMPv6 types 133 to 136 (whoever hears first also 130, with a Router Alert) on one
/// interface below the kernel's own IPv6, so that a router advertisement goes to one link-layer address (RFC
/// 6085) and a solicitation arrives with its sender's.
class PacketSocket {
 public:
  struct Counters {
    std::uint64_t received{}, sent{};
    std::uint64_t malformed{};  ///< shorter than its headers say
    std::uint64_t truncated{};  ///< longer than the receive buffer
    std::uint64_t send_failures{};
  };

  /// When messages are heard: before anything else takes them, which costs a look at every packet of the
  /// link, or where the link's stack of IPv6 gets them.
  enum class Hearing { First, AsTheStack };

  static Result<PacketSocket> open(InterfaceIndex interface, LinkHeader header = LinkHeader::Ethernet,
                                   Hearing hearing = Hearing::AsTheStack);

  int fd() const { return fd_.get(); }
  InterfaceIndex interface() const { return interface_; }
  /// The next frame, nothing when none waits. "interface-down" is reported once each time the link goes down.
  Result<std::optional<NdFrame>> receive();
  Result<void> send(const NdFrame& frame);
  const Counters& counters() const { return counters_; }

 private:
  PacketSocket(PacketFd fd, InterfaceIndex interface, LinkHeader header)
      : fd_(std::move(fd)), interface_(interface), header_(header) {}
  PacketFd fd_;
  InterfaceIndex interface_;
  LinkHeader header_;
  Counters counters_;
};

}  // namespace flowmob::platform
