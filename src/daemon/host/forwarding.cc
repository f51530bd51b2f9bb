// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/forwarding.h"

#include <spdlog/spdlog.h>

#include <filesystem>

#include "platform/sysctl.h"

namespace flowmob::daemon {

using platform::Ipv6Setting;
namespace {

/// A host that forwards no longer listens to its own routers unless it is told to: without this a management
/// interface configured by Router Advertisements would lose its address and default route.
Result<void> keep_listening(const std::string& interface) {
  const auto listens = platform::get_ipv6(interface, Ipv6Setting::AcceptRa);
  const auto forwards = platform::get_ipv6(interface, Ipv6Setting::Forwarding);
  if (!listens || !forwards || *listens != 1 || *forwards != 0) return {};
  return platform::set_ipv6(interface, Ipv6Setting::AcceptRa, 2);
}

Result<void> keep_all_listening() {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/sys/net/ipv6/conf", error)) {
    const auto name = entry.path().filename().string();
    if (name == "all" || name == "default") continue;
    if (auto done = keep_listening(name); !done) return done;
  }
  return {};
}

}  // namespace

Result<void> ensure_forwarding(const std::vector<std::string>& interfaces, bool over_ipv4) {
  // "all" switches every interface, so it is written only where it is off: a router's exceptions stay.
  const auto all = platform::get_ipv6("all", Ipv6Setting::Forwarding);
  if (!all) return tl::unexpected(all.error());
  if (*all == 0) {
    spdlog::warn("IPv6 forwarding was off on this host; it is on now");
    if (auto done = keep_all_listening(); !done) return done;
    if (auto done = platform::set_ipv6("all", Ipv6Setting::Forwarding, 1); !done) return done;
  }
  for (const std::string& name : interfaces) {
    if (auto done = keep_listening(name); !done) return done;
    if (auto done = platform::set_ipv6(name, Ipv6Setting::Forwarding, 1); !done) return done;
    if (!over_ipv4) continue;
    if (auto done = platform::write_net_sysctl("ipv4/conf/" + name + "/forwarding", "1"); !done) return done;
  }
  return {};
}

Result<void> ensure_ipv4_forwarding() {
  const auto now = platform::read_net_sysctl("ipv4/ip_forward");
  if (!now) return tl::unexpected(now.error());
  if (now->starts_with('1')) return {};
  spdlog::warn("IPv4 forwarding was off on this host; it is on now");
  return platform::write_net_sysctl("ipv4/ip_forward", "1");
}

}  // namespace flowmob::daemon
