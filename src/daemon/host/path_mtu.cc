// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/path_mtu.h"

#include <algorithm>

#include "platform/clock.h"

namespace flowmob::daemon {
namespace {

constexpr auto kInterval = std::chrono::seconds(1);
constexpr std::uint32_t kMinimumMtu = 1280;

}  // namespace

std::uint16_t tunnel_mtu(std::uint16_t configured, std::optional<std::uint32_t> path_mtu,
                         std::uint16_t outer_header) {
  if (!path_mtu || *path_mtu >= std::uint32_t{configured} + outer_header) return configured;
  return static_cast<std::uint16_t>(std::max(*path_mtu, kMinimumMtu + outer_header) - outer_header);
}

PathMtuWatch::PathMtuWatch(platform::EventLoop& loop, platform::Netlink& netlink, const Ipv6Address& local,
                           const Ipv6Address& remote, OnMtu on_mtu)
    : netlink_(netlink),
      local_(local),
      remote_(remote),
      on_mtu_(std::move(on_mtu)),
      timer_(loop.make_timer([this] { ask(); })) {}

void PathMtuWatch::ask() {
  timer_.arm(platform::SystemClock::now().monotonic + kInterval);
  const auto path = netlink_.path_to(remote_, local_);
  const auto mtu = path && path->mtu != 0 ? std::optional(path->mtu) : std::nullopt;
  if (told_ && *told_ == mtu) return;
  told_ = mtu;
  on_mtu_(mtu);
}

}  // namespace flowmob::daemon
