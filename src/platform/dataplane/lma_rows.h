// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <unordered_map>
#include <vector>

#include "core/lma/effect.h"
#include "dataplane/abi/lma.h"
#include "platform/dataplane/flow_watches.h"
#include "platform/dataplane/order_rows.h"
#include "platform/dataplane/tracked_map.h"

namespace flowmob::dataplane {

/// The anchor's rows. Every write is idempotent, and new rows stand before old ones go.
class LmaRows {
 public:
  explicit LmaRows(const BpfObject& object);

  Result<void> set_local(const Ipv6Address& local, const std::optional<Ipv4Address>& ipv4);
  /// Where copies of packets go out; see fm_lma_config.
  Result<void> set_copy_interface(InterfaceIndex interface);

  Result<void> ensure_tunnel(const core::EnsureTunnel& tunnel);
  Result<void> remove_tunnel(const core::RemoveTunnel& tunnel);
  /// Its generation is chosen here: one that no cached flow can have, whoever ran before.
  Result<void> install_node(const core::InstallNode& node);
  Result<void> remove_node(const core::RemoveNode& node);
  Result<void> install_session(const core::InstallSession& session);
  Result<void> remove_session(const core::RemoveSession& session);
  Result<void> install_flow(const core::InstallFlow& flow);
  Result<void> remove_flow(const core::RemoveFlow& flow);

  Result<void> watch_flow(const core::WatchFlow& watch);
  Result<void> watch_session(const core::WatchSession& watch);
  std::optional<core::FlowWatch> read_watch(const core::Watched& what) const;
  Result<void> end_watch(const core::Watched& what) { return watches_.end(what); }
  /// Nobody waits for what a predecessor wanted to see.
  Result<void> end_watches() { return watches_.end_all(); }

  /// Where packets of flows that move in order wait for a gap.
  void set_hold_interface(std::optional<InterfaceIndex> interface) { orders_.set_hold_interface(interface); }
  Result<void> adjust_order(const core::AdjustOrder& order) { return orders_.adjust(order.flow, order.gap); }
  std::optional<core::OrderSeen> read_order(FlowIndex flow) const { return orders_.read(flow); }
  Result<void> end_order(FlowIndex flow);
  /// What a predecessor was moving has moved.
  Result<void> end_orders();

  Result<std::size_t> sweep();

  /// Packets of these nodes are captured, and of no other.
  Result<void> set_captured(std::set<NodeIndex> nodes);
  std::optional<NodeIndex> node_of(SessionId session) const;

  std::optional<std::vector<fm_flow_traffic>> flow_traffic(FlowIndex flow) const;
  std::optional<std::vector<fm_traffic>> session_traffic(SessionId session) const;

 private:
  using RuleSet = fm_node_row;  // what of a node's row names its rules

  void note_last_packets(FlowIndex flow, fm_watch_row& row) const;
  Result<std::uint32_t> next_generation();
  Result<void> mark_captured(NodeIndex node, bool is_captured);
  Result<void> write_rules(const fm_node_row& row, const std::vector<fm_rule>& rules);
  Result<void> erase_rules(const RuleSet& rules);
  Result<void> write_prefixes(const std::vector<std::uint64_t>& prefixes, const fm_node_row& row);

  Result<void> hold_uplink(const fm_uplink_key& key, const fm_uplink_row& row);
  /// `keep`: the row stays even when no session we know of needs it.
  Result<void> release_uplink(const fm_uplink_key& key, SessionId session, bool keep = false);
  std::vector<fm_uplink_key> uplinks_to_release(SessionId session, const fm_address& mag,
                                                std::uint64_t prefix);

  BpfMap<std::uint32_t, fm_lma_config> config_;
  TrackedHash<std::uint64_t, fm_node_row> nodes_;
  TrackedHash<fm_rule_key, fm_rule> rules_;
  Result<void> set_spread(const core::InstallFlow& flow);

  TrackedHash<std::uint32_t, fm_flow_row> flows_;
  TrackedHash<std::uint32_t, fm_spread> spreads_;
  TrackedHash<std::uint32_t, fm_session_row> sessions_;
  TrackedHash<fm_uplink_key, fm_uplink_row> uplink_;
  TrackedHash<fm_tunnel_key, std::uint32_t> tunnels_;
  TrackedCounters<std::uint32_t, fm_flow_traffic> flow_counters_;
  TrackedCounters<std::uint32_t, fm_traffic> session_counters_;
  FlowWatches watches_;
  OrderRows orders_;

  std::uint32_t last_generation_ = 0, last_reserved_generation_ = 0;
  std::unordered_map<NodeIndex, std::set<std::uint64_t>> prefixes_of_;
  std::set<NodeIndex> captured_;
  std::unordered_map<SessionId, std::set<fm_uplink_key, ByOctets>> uplinks_of_;
  std::unordered_map<fm_uplink_key, std::map<SessionId, fm_uplink_row>, HashOfOctets, SameOctets> holders_;
};

}  // namespace flowmob::dataplane
