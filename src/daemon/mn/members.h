// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "core/mn/config.h"
#include "daemon/mn/address_guard.h"
#include "daemon/mn/former_states.h"
#include "daemon/mn/virtual_interface.h"
#include "platform/dataplane/vif_dataplane.h"
#include "platform/netlink.h"

namespace flowmob::daemon {

/// Fills in what only the system knows: the members' indices and link-layer addresses, the virtual
/// interface's where the file says "member", and the numbers that a predecessor's data plane has for them.
/// What fit_link() and check_distinct() say, and "mtu-too-small" unless it was a predecessor's.
Result<void> resolve_members(platform::Netlink& netlink, core::MnConfig& config,
                             const std::vector<dataplane::Member>& predecessors);

/// Those of a predecessor's that nobody has noted are assumed to have been as the kernel makes interfaces.
void assume_others(platform::Netlink& netlink, FormerStates& former,
                   const std::vector<dataplane::Member>& predecessors);

/// Whether a member may be made of it while that virtual interface is in use, and its link. What fit_link()
/// says, "mtu-too-small", and "has-global-address" unless those may be removed.
Result<platform::Link> candidate(platform::Netlink& netlink, const std::string& name,
                                 const core::MnConfig& config, bool take_over);

/// The interfaces of members, and of those that leave. Router discovery is ours, and the only global address
/// the virtual interface's (the draft's table 1): what a member had before is removed, which is logged, and
/// so is what it is given later. Link-local addresses stay.
class MemberInterfaces {
 public:
  MemberInterfaces(platform::Netlink& netlink, AddressGuard& guard, VirtualInterface& interface,
                   std::filesystem::path record)
      : netlink_(netlink), guard_(guard), interface_(interface), former_(netlink, std::move(record)) {}
  /// What a predecessor has noted of its members. What is not believed is told, and counts.
  void remember(const std::vector<dataplane::Member>& predecessors);
  /// Once more for one that came back.
  Result<void> take(const platform::Link& link);
  /// It is again what it was when it was first taken, by us or a predecessor, and no port of the virtual
  /// interface, whatever it was.
  void give_back(InterfaceIndex interface);
  /// Likewise, and a port if it was one: the virtual interface is not ours any more.
  void restore(InterfaceIndex interface);
  /// Those that a predecessor took and nobody wants any more.
  void give_back_others(const std::vector<core::MemberConfig>& members);
  /// Nothing has that name any more: what had it, if it goes on by another.
  std::optional<platform::Link> lost(const std::string& name);

  const FormerStates& former() const { return former_; }

 private:
  platform::Netlink& netlink_;
  AddressGuard& guard_;
  VirtualInterface& interface_;
  FormerStates former_;
};

}  // namespace flowmob::daemon
