// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "platform/netlink.h"

namespace flowmob::daemon {

/// The virtual interface: one end of a veth pair. Its program takes every packet that leaves it, and what
/// arrives on members is put into it, so that nothing ever reaches the other end, NAME-peer; that one only
/// keeps the carrier up. It has no link-local address: those are the members'.
struct VirtualInterface {
  /// Makes it, or takes over an earlier run's. "interface-in-use" when the name is somebody else's.
  static Result<platform::Link> ensure(platform::Netlink& netlink, const std::string& name,
                                       const MacAddress& mac);
  /// The other end's name.
  static std::string peer_of(const std::string& name);
  static Result<void> remove(platform::Netlink& netlink, const std::string& name);
};

}  // namespace flowmob::daemon
