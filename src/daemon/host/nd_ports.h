// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "core/effect.h"
#include "platform/event_loop.h"
#include "platform/packet_socket.h"

namespace flowmob::daemon {

/// The Neighbor Discovery sockets of a MAG's accesses or a mobile node's members, one per interface, in the
/// event loop.
class NdPorts {
 public:
  using OnMessage = std::function<void(const core::PacketMeta&, ByteView icmpv6)>;

  NdPorts(platform::EventLoop& loop, OnMessage on_message,
          platform::PacketSocket::Hearing hearing = platform::PacketSocket::Hearing::AsTheStack)
      : loop_(loop), on_message_(std::move(on_message)), hearing_(hearing) {}

  /// Once more for the same interface is success.
  Result<void> open(InterfaceIndex interface, platform::LinkHeader header = platform::LinkHeader::Ethernet);
  /// The interface is gone; its index may become another's.
  void close(InterfaceIndex interface);
  Result<void> send(InterfaceIndex interface, const platform::NdFrame& frame);
  /// Over all interfaces, also those that are gone.
  core::Json statistics() const;

 private:
  struct Port {
    platform::PacketSocket socket;
    platform::FdWatch watch;
  };
  void receive(Port& port);

  platform::EventLoop& loop_;
  OnMessage on_message_;
  platform::PacketSocket::Hearing hearing_;
  std::map<InterfaceIndex, std::unique_ptr<Port>> ports_;
  platform::PacketSocket::Counters closed_;
};

}  // namespace flowmob::daemon
