// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "platform/event_loop.h"
#include "platform/netlink.h"

namespace flowmob::daemon {

/// Follows what the path to a tunnel's other end carries (RFC 5213 section 6.9.5): the kernel learns it from
/// errors (platform::TunnelErrors), and is asked every second.
class PathMtuWatch {
 public:
  /// The MTU of the path; nothing while there is no path.
  using OnMtu = std::function<void(std::optional<std::uint32_t> path_mtu)>;

  PathMtuWatch(platform::EventLoop& loop, platform::Netlink& netlink, const Ipv6Address& local,
               const Ipv6Address& remote, OnMtu on_mtu);
  PathMtuWatch(const PathMtuWatch&) = delete;
  PathMtuWatch& operator=(const PathMtuWatch&) = delete;

  /// Tells it now, and from now on every change.
  void start() { ask(); }
  /// Something was heard of the path: asks at once.
  void ask();

 private:
  platform::Netlink& netlink_;
  Ipv6Address local_, remote_;
  OnMtu on_mtu_;
  std::optional<std::optional<std::uint32_t>> told_;
  platform::DeadlineTimer timer_;
};

/// Of the tunnel over such a path with so many octets of outer header (RFC 2473 section 6.7, RFC 4213 section
/// 3.2.2), at most as configured, which also holds where the path's is not known, and at least what IPv6
/// needs.
std::uint16_t tunnel_mtu(std::uint16_t configured, std::optional<std::uint32_t> path_mtu,
                         std::uint16_t outer_header);

}  // namespace flowmob::daemon
