// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/strong_id.h"
#include "base/time.h"
#include "wire/enums.h"

namespace flowmob::core {

/// What the virtual interface takes for the address of a router behind a raw-IP member, which has none: RFC
/// 6543's, locally administered.
inline constexpr MacAddress kMadeUpRouterMac{{0x02, 0x00, 0x5e, 0x00, 0x52, 0x13}};

/// One physical interface under the logical one (RFC 7847 section 5.1).
struct MemberConfig {
  std::string interface;  ///< its name
  wire::AccessTechnology technology = wire::AccessTechnology::Ethernet;
  InterfaceIndex index;  ///< filled in by whoever knows the system
  MacAddress mac;        ///< likewise
  /// Of its rows in the data plane: its own from its first day to its last, also over a restart. None: the
  /// lowest that is free.
  std::optional<std::uint32_t> number = {};
  bool raw_ip = false;  ///< a point-to-point link without link-layer addresses: `mac` is made up
  friend bool operator==(const MemberConfig&, const MemberConfig&) = default;
};

/// Protocol configuration of a mobile node: its logical interface. The order of members is their preference.
struct MnConfig {
  std::string name = "mn";
  std::string interface = "vif0";
  MacAddress mac;  ///< of the virtual interface; zero: the first member's (the draft's table 1)
  /// Of the virtual interface: the kernel gives them no link-local address then. Each has one from its
  /// link-layer address, and the core speaks and answers for it.
  bool members_are_ports = false;
  std::vector<MemberConfig> members;
  Duration solicitation_interval = std::chrono::seconds(4);  ///< RFC 4861 section 10
  Duration router_probe_interval = std::chrono::seconds(1);  ///< zero: routers are not asked
  unsigned router_probes = 2;                                ///< unanswered: silent
  friend bool operator==(const MnConfig&, const MnConfig&) = default;
};

}  // namespace flowmob::core
