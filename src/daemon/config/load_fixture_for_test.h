// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/config/load.h"

/// A small file of each kind, to be changed.
namespace flowmob::daemon::config::testing {

template <class T>
std::vector<std::string> errors_of(const Loaded<T>& loaded) {
  std::vector<std::string> lines;
  if (!loaded)
    for (const Diagnostic& diagnostic : loaded.error()) lines.push_back(diagnostic.to_string());
  return lines;
}

inline constexpr std::string_view kLma = R"([lma]
name = "lma"
address = "2001:db8:f::1"
core_interfaces = ["core0"]
access_interfaces = ["acc1", "acc2"]
pools = ["2001:db8:100::/48"]
tunnel_mtu = 1460
control = "/run/x/lma.sock"
state = "/run/x/lma.db"
bpf = "/sys/fs/bpf/x/lma"

[[mag]]
name = "mag1"
address = "2001:db8:a::1"
security = "none"

[[service]]
identifier = "video"
name = "video"

[[service.flow]]
name = "video"
priority = 10
protocol = "udp"
source = "2001:db8:c::/64"
source_port = "5004-5005"

[[service]]
identifier = "internet"
default = true

[[mobile_node]]
id = "mn1@example.net"
link_layer = ["02:00:00:00:01:01", "02:00:00:00:01:02"]
services = ["video", "internet"]
mags = ["mag1"]
prefixes = ["2001:db8:100:7::/64"]
)";

inline constexpr std::string_view kMag = R"([mag]
name = "mag2"
address = "2001:db8:b::1"
transport_interfaces = ["net0"]

[lma]
address = "2001:db8:f::1"
security = "none"

[[access]]
name = "wlan"
interface = "acc0"
technology = "802.11"
services = ["internet"]
handoff_indicator = "sharing"
attach_on = ["router-solicitation", "carrier"]

[[mobile_node]]
id = "mn1@example.net"
link_layer = ["02:00:00:00:01:01"]
)";

inline constexpr std::string_view kMn = R"([mn]
interface = "vif0"
mac = "member"
decider = "lma"

[[member]]
interface = "if1"
technology = "802.16e"

[[member]]
interface = "if2"
)";

inline std::string with(std::string_view text, std::string_view old, std::string_view replacement) {
  std::string changed(text);
  const auto at = changed.find(old);
  EXPECT_NE(at, std::string::npos) << old;
  return changed.replace(at, old.size(), replacement);
}

}  // namespace flowmob::daemon::config::testing
