// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "platform/netlink_types.h"

namespace flowmob::daemon {

/// An interface that a device had as its port.
struct FormerPort {
  InterfaceIndex index;
  MacAddress mac;  ///< as of FormerSettings
  friend bool operator==(const FormerPort&, const FormerPort&) = default;
};

/// What is changed of a device that becomes the virtual interface, and of no member.
struct FormerDeviceSettings {
  std::uint32_t mtu{};
  int ipv6_mtu = 0, router_solicitations = 0, accept_dad = 0, dad_transmits = 0, addr_gen_mode = 0;
  std::vector<FormerPort> ports{};  ///< members leave it while it is the virtual interface
  friend bool operator==(const FormerDeviceSettings&, const FormerDeviceSettings&) = default;
};

/// How an interface was before we changed it. An interface is known by its index and its hardware's address
/// (where it has none of its own, the address it uses): another one that has got its index is not it.
struct FormerSettings {
  InterfaceIndex index;
  MacAddress mac;
  std::string name;  ///< it may be renamed later
  int accept_ra = 0;
  int disable_ipv6 = 0;
  bool up = true;
  InterfaceIndex master{};  ///< none: it was nobody's port
  bool has_clsact = true;   ///< or an ingress qdisc
  /// Those without an end that were removed. The others come again from whoever gave them.
  std::vector<platform::InterfaceAddress> addresses{};
  std::optional<FormerDeviceSettings> device{};
  /// All that somebody has set and that has no end: the kernel forgets them when IPv6 is off, or the link
  /// down.
  std::vector<platform::ForeignRoute> routes{};
  /// How it was is lost, for it was ours already: the kernel's defaults are in place of what is our own.
  bool is_assumed = false;
  /// Of the virtual interface what the kernel calls it ("veth"); one without `device` was made by us.
  std::string kind{};
  friend bool operator==(const FormerSettings&, const FormerSettings&) = default;
};

/// Its hardware's, or else its own.
MacAddress identity_of(const platform::Link& link);

/// Where and when it was written: interface indices mean nothing after a reboot, nor in another namespace.
struct FormerWorld {
  std::string boot;
  std::uint64_t network_namespace{};
};

/// The file's text.
std::string write_former_settings(const FormerWorld& world, const std::vector<FormerSettings>& all);
/// "bad-record": not that, or of another world; all of it is believed, or nothing. Keys that are not known
/// are those of another version.
Result<std::vector<FormerSettings>> read_former_settings(std::string_view text, const FormerWorld& world);

}  // namespace flowmob::daemon
