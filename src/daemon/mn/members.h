// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/mn/config.h"
#include "daemon/mn/address_guard.h"
#include "platform/dataplane/vif_dataplane.h"
#include "platform/netlink.h"

namespace flowmob::daemon {

/// Fills in what only the system knows: the members' indices and link-layer addresses, the virtual
/// interface's where the file says "member", and the numbers that a predecessor's data plane has for them.
Result<void> resolve_members(platform::Netlink& netlink, core::MnConfig& config,
                             const std::vector<dataplane::Member>& predecessors);

/// Whether a member may be made of it while `interface` is in use, and its link. "no-such-interface",
/// "is-virtual-interface" (that or its other end), "has-master", what link_header() says, "mtu-too-small",
/// and "has-global-address" unless those may be removed.
Result<platform::Link> candidate(platform::Netlink& netlink, const std::string& name,
                                 const std::string& interface, bool take_over);

/// A link that cannot carry IPv6 (RFC 8200 section 5) is as one without a carrier.
constexpr std::uint32_t kSmallestMtu = 1280;

/// The interfaces of members, and of those that leave. Router discovery is ours, and the only global address
/// the virtual interface's (the draft's table 1): what a member had before is removed, which is logged, and
/// so is what it is given later. Link-local addresses stay.
class MemberInterfaces {
 public:
  MemberInterfaces(platform::Netlink& netlink, AddressGuard& guard) : netlink_(netlink), guard_(guard) {}
  /// Once more for one that came back.
  Result<void> take(const platform::Link& link);
  /// accept_ra is again what it was when we first took it.
  void give_back(const std::string& name, InterfaceIndex index);

 private:
  platform::Netlink& netlink_;
  AddressGuard& guard_;
  std::map<std::string, int> accept_ra_;  ///< before us; zero after a predecessor
};

}  // namespace flowmob::daemon
