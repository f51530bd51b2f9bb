// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "core/effect.h"
#include "platform/event_loop.h"
#include "platform/ipv4_socket.h"

namespace flowmob::daemon {

/// The sockets for ARP, DHCP and DHCPv6 on a MAG's accesses, in the event loop.
class Ipv4Ports {
 public:
  using OnFrame = std::function<void(InterfaceIndex, ByteView frame)>;

  Ipv4Ports(platform::EventLoop& loop, OnFrame on_frame) : loop_(loop), on_frame_(std::move(on_frame)) {}

  /// Once more for the same interface is success.
  Result<void> open(InterfaceIndex interface);
  /// The interface is gone; its index may become another's.
  void close(InterfaceIndex interface);
  Result<void> send(InterfaceIndex interface, ByteView frame);
  /// Over all interfaces, also those that are gone.
  core::Json statistics() const;

 private:
  struct Port {
    platform::Ipv4Socket socket;
    platform::FdWatch watch;
  };
  struct Ports {
    std::unique_ptr<Port> arp, dhcp, dhcp6;
  };
  Result<std::unique_ptr<Port>> watch(InterfaceIndex interface, platform::Ipv4Socket::Kind kind);
  void receive(Port& port);

  platform::EventLoop& loop_;
  OnFrame on_frame_;
  std::map<InterfaceIndex, Ports> ports_;
  platform::Ipv4Socket::Counters closed_;
};

}  // namespace flowmob::daemon
