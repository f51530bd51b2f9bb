// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/lma/effect.h"
#include "packet.h"

namespace flowmob::sim {

/// The anchor's data plane as plain tables. Rows outlive the daemon; sweep() removes what nobody asked for
/// since begin_restart().
class LmaTables {
 public:
  using UplinkKey = std::pair<Ipv6Address, Ipv6Prefix>;  ///< MAG and the node's prefix
  using TunnelKey = std::pair<Ipv6Address, Ipv6Address>;
  struct NodeRow {
    NodeIndex node;
    FlowIndex default_flow;
    std::vector<core::ClassifierRule> rules;
    bool fresh = true;
  };
  struct FlowRow {
    NodeIndex node;
    SessionId session;
    core::Spread spread{};
    bool fresh = true;
  };
  struct SessionRow {
    core::InstallSession session;
    bool fresh = true;
  };

  Result<void> apply(const core::EnsureTunnel& effect);
  Result<void> apply(const core::RemoveTunnel& effect);
  Result<void> apply(const core::InstallNode& effect);
  Result<void> apply(const core::RemoveNode& effect);
  Result<void> apply(const core::InstallSession& effect);
  Result<void> apply(const core::RemoveSession& effect);
  Result<void> apply(const core::InstallFlow& effect);
  Result<void> apply(const core::RemoveFlow& effect);
  /// Nothing is measured here: what is asked for stays unanswered.
  Result<void> apply(const core::WatchFlow&) { return {}; }
  Result<void> apply(const core::WatchSession&) { return {}; }
  Result<void> apply(const core::ReadWatch&) { return {}; }
  Result<void> apply(const core::EndWatch&) { return {}; }
  Result<void> apply(const core::EnsureRoute& effect);
  Result<void> apply(const core::RemoveRoute& effect);
  Result<void> apply(const core::EnsureIpv4Route& effect);
  Result<void> apply(const core::RemoveIpv4Route& effect);

  void begin_restart();
  void sweep();
  void lose_power();
  bool is_empty() const { return contents().empty(); }
  /// What there is, for people.
  std::string contents() const;

  /// The sessions that the packet goes by, or why it is dropped: several only where it is copied.
  Result<std::vector<SessionId>> ways(const Packet& packet) const;
  /// A packet has gone there: as long as its link takes part, its 5-tuple does not change it.
  void keep_share(const Packet& packet);
  /// What comes up by several links counts once.
  bool is_copied(const Packet& packet) const;
  /// The MAG at the other end of the session, or why there is none.
  Result<Ipv6Address> by_session(SessionId session) const;
  /// The MAG that the packet, or its first copy, is tunnelled to, or why it is dropped.
  Result<Ipv6Address> downlink(const Packet& packet) const;
  /// By another session than that of its flow, if it is alive.
  Result<Ipv6Address> downlink(const Packet& packet, SessionId session) const;
  Result<void> uplink(const Packet& packet, const Ipv6Address& mag) const;
  /// Zero: nobody's.
  FlowIndex flow_of(const Packet& packet) const;
  std::optional<SessionId> session_of(FlowIndex flow) const;
  /// Of one node.
  const std::set<FlowIndex>& flows_of(NodeIndex node) const;
  const std::set<SessionId>& sessions_of(NodeIndex node) const;
  const std::set<Ipv6Prefix>& prefixes_of(NodeIndex node) const;
  /// Packets of this session's node are taken from this MAG for its sake.
  bool may_send(SessionId session, const Ipv6Address& mag) const;
  bool has_session_via(const Ipv6Address& mag, const Ipv6Prefix& prefix) const;

  const std::map<Ipv6Prefix, NodeRow>& nodes() const { return nodes_; }
  const std::map<FlowIndex, FlowRow>& flows() const { return flows_; }
  const std::map<SessionId, SessionRow>& sessions() const { return sessions_; }
  const std::map<Ipv6Prefix, bool>& routes() const { return routes_; }
  const std::map<TunnelKey, bool>& tunnels() const { return tunnels_; }

 private:
  template <class Key>
  using ByNode = std::map<NodeIndex, std::set<Key>>;
  const FlowRow* row_for(const Packet& packet) const;
  SessionId share_of(const FlowRow& row, const Packet& packet) const;
  void release_uplink(const UplinkKey& key, SessionId session, bool keep);
  void erase_node(NodeIndex node);
  void erase_session(std::map<SessionId, SessionRow>::const_iterator row);
  void index_anew();

  std::map<Ipv6Prefix, NodeRow> nodes_;
  std::map<FlowIndex, FlowRow> flows_;
  std::map<std::pair<Flow, Ipv6Address>, SessionId> shares_;  ///< by flow and the node's address
  std::map<SessionId, SessionRow> sessions_;
  std::map<UplinkKey, std::map<SessionId, bool>> uplink_;
  std::map<SessionId, std::set<UplinkKey>> uplinks_of_;
  std::map<Ipv6Prefix, std::set<SessionId>> sessions_by_prefix_;
  ByNode<FlowIndex> flows_by_node_;
  ByNode<SessionId> sessions_by_node_;
  ByNode<Ipv6Prefix> prefixes_by_node_;
  std::map<TunnelKey, bool> tunnels_;
  std::map<Ipv6Prefix, bool> routes_;
  std::map<Ipv4Address, bool> ipv4_routes_;
};

}  // namespace flowmob::sim
