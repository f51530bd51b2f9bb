// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/forwarding.h"

#include <spdlog/spdlog.h>

#include "platform/sysctl.h"

namespace flowmob::daemon {

using platform::Ipv6Setting;

Result<void> ensure_forwarding(const std::vector<std::string>& interfaces) {
  // "all" switches every interface, so it is written only where it is off: a router's exceptions stay.
  const auto all = platform::get_ipv6("all", Ipv6Setting::Forwarding);
  if (!all) return tl::unexpected(all.error());
  if (*all == 0) {
    spdlog::warn("IPv6 forwarding was off on this host; it is on now");
    if (auto done = platform::set_ipv6("all", Ipv6Setting::Forwarding, 1); !done) return done;
  }
  for (const std::string& name : interfaces) {
    if (auto done = platform::set_ipv6(name, Ipv6Setting::Forwarding, 1); !done) return done;
  }
  return {};
}

}  // namespace flowmob::daemon
