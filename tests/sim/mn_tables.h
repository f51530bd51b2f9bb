// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "core/mn/effect.h"
#include "packet.h"

namespace flowmob::sim {

/// A mobile node's system as plain tables: addresses, router, and the virtual interface's flow table with
/// reflection as vif.bpf.c does it.
class MnTables {
 public:
  struct Member {
    MacAddress mac;
    bool up = false;
    MacAddress router;
  };
  struct FlowRow {
    std::size_t member{};
    std::size_t previous{};
    Duration moved{};
    unsigned moves{};
    bool is_taught = false;  ///< by its downlink
  };

  Result<void> apply(const core::EnsureAddress& effect);
  Result<void> apply(const core::RemoveAddress& effect);
  Result<void> apply(const core::EnsureDefaultRouter& effect);
  Result<void> apply(const core::RemoveDefaultRouter& effect);
  Result<void> apply(const core::SetInterfaceMtu& effect);
  Result<void> apply(const core::InstallMember& effect);
  Result<void> apply(const core::InstallDefaultMember& effect);
  Result<void> apply(const core::RemoveMember& effect);
  Result<void> apply(const core::InstallSource& effect);

  /// The flow leaves by the first of these that is up, else by the default, whatever its downlink does.
  void prefer(const Flow& flow, std::vector<std::size_t> members) { preferences_[flow] = std::move(members); }
  bool prefers(const Flow& flow) const { return preferences_.contains(flow); }

  /// A rule of the node: the flow leaves by all members that are up, and what comes twice counts once.
  void copy(const Flow& flow) { copied_.insert(flow); }
  bool copies(const Flow& flow) const { return copied_.contains(flow); }

  /// The virtual interface takes the packet that came by the member, or says why not.
  Result<void> accepts(const Packet& packet) const;
  /// Takes it and learns the flow's link from it. True if the flow moved.
  bool learn(const Packet& packet, std::size_t member, Duration now);
  /// The member link on which an uplink packet would leave.
  Result<std::size_t> uplink(const Packet& packet) const;
  /// All of them.
  Result<std::vector<std::size_t>> uplinks(const Packet& packet) const;
  /// A flow first seen on its way up stays where it began until its downlink says otherwise.
  void note_uplink(const Packet& packet) {
    const auto home = default_for(packet);
    flows_.try_emplace({packet.flow, packet.node}, FlowRow{home, home, {}, 0, false});
  }
  /// The member link by which the flow's downlink last came, if that is what its uplink follows.
  std::optional<std::size_t> taught(const Packet& packet) const;

  std::optional<Ipv6Address> address() const;
  const std::map<Ipv6Address, core::EnsureAddress>& addresses() const { return addresses_; }
  const std::map<std::size_t, Member>& members() const { return members_; }
  std::uint32_t mtu() const { return mtu_; }

  static constexpr Duration kHold = std::chrono::milliseconds(100);

 private:
  bool is_up(std::size_t member) const;
  /// Whose gateway takes what is sent from the address.
  bool is_usable(const Packet& packet, std::size_t member) const;
  std::size_t default_for(const Packet& packet) const;

  std::map<Ipv6Address, core::EnsureAddress> addresses_;
  std::optional<core::EnsureDefaultRouter> router_;
  std::map<std::size_t, Member> members_;
  std::map<std::pair<Flow, Ipv6Address>, FlowRow> flows_;  ///< by the node's address too
  std::map<Flow, std::vector<std::size_t>> preferences_;
  std::set<Flow> copied_;
  std::size_t default_member_ = 0;
  std::map<Ipv6Prefix, std::uint32_t> sources_;
  std::uint32_t mtu_ = 0;
};

}  // namespace flowmob::sim
