// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "core/mag/effect.h"
#include "packet.h"

namespace flowmob::sim {

/// A gateway's data plane as plain tables. Rows outlive the daemon; sweep() removes what nobody asked for
/// since begin_restart().
class MagTables {
 public:
  using TunnelKey = std::pair<Ipv6Address, Ipv6Address>;
  struct HostRow {
    core::InstallHost host;
    bool fresh = true;
  };
  struct NextHop {
    InterfaceIndex interface;
    MacAddress node;
  };

  Result<void> apply(const core::EnsureTunnel& effect);
  Result<void> apply(const core::RemoveTunnel& effect);
  Result<void> apply(const core::InstallHost& effect);
  Result<void> apply(const core::RemoveHost& effect);

  void begin_restart();
  void sweep();
  void lose_power();
  bool is_empty() const { return hosts_.empty() && tunnels_.empty(); }
  std::string contents() const;

  Result<NextHop> downlink(const Packet& packet) const;
  /// A frame from the access link; the LMA it is tunnelled to is the only one there is.
  Result<void> uplink(const Packet& packet, InterfaceIndex interface, const MacAddress& from) const;
  const core::InstallHost* find_host(InterfaceIndex interface, const MacAddress& node) const;

  const std::map<SessionId, HostRow>& hosts() const { return hosts_; }
  bool serves(const Ipv6Prefix& prefix) const { return by_prefix_.contains(prefix); }
  const std::set<SessionId>& holders(const Ipv6Prefix& prefix) const {
    static const std::set<SessionId> none;
    const auto row = by_prefix_.find(prefix);
    return row == by_prefix_.end() ? none : row->second;
  }

 private:
  using Link = std::pair<InterfaceIndex, MacAddress>;
  void erase(std::map<SessionId, HostRow>::const_iterator row);

  std::map<SessionId, HostRow> hosts_;
  std::map<Link, SessionId> by_link_;
  std::map<Ipv6Prefix, std::set<SessionId>> by_prefix_;
  std::map<TunnelKey, bool> tunnels_;
};

}  // namespace flowmob::sim
