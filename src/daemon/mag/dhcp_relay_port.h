// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "core/effect.h"
#include "platform/dhcp_relay_socket.h"
#include "platform/event_loop.h"

namespace flowmob::daemon {

/// The relay's socket in the event loop.
class DhcpRelayPort {
 public:
  using OnAnswer = std::function<void(const Ipv4Address& server, ByteView payload)>;

  static Result<std::unique_ptr<DhcpRelayPort>> open(platform::EventLoop& loop, const Ipv4Address& local,
                                                     OnAnswer on_answer);
  Result<void> send(const Ipv4Address& server, ByteView payload) { return socket_.send(server, payload); }
  core::Json statistics() const;

 private:
  DhcpRelayPort(platform::DhcpRelaySocket socket, OnAnswer on_answer)
      : socket_(std::move(socket)), on_answer_(std::move(on_answer)) {}
  void receive();

  platform::DhcpRelaySocket socket_;
  OnAnswer on_answer_;
  platform::FdWatch watch_;
};

}  // namespace flowmob::daemon
