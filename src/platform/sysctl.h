// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace flowmob::platform {

/// The per-interface IPv6 settings this project touches (/proc/sys/net/ipv6/conf/IF/...).
enum class Ipv6Setting {
  Forwarding,
  AcceptRa,
  AddrGenMode,
  DisableIpv6,
  AcceptDad,
  DadTransmits,
  RouterSolicitations,
  Mtu  ///< of IPv6, where it is smaller than the link's
};

/// `interface`: a name, "all" or "default". Acts on the calling thread's network namespace.
Result<void> set_ipv6(std::string_view interface, Ipv6Setting setting, int value);
Result<int> get_ipv6(std::string_view interface, Ipv6Setting setting);

/// Any other setting below /proc/sys/net, e.g. "ipv6/route/max_size".
Result<void> write_net_sysctl(std::string_view path, std::string_view value);
Result<std::string> read_net_sysctl(std::string_view path);

}  // namespace flowmob::platform
