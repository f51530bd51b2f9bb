// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/lma/local_mobility_anchor.h"
#include "core_pump.h"
#include "effect_faults.h"
#include "lma_orders.h"
#include "lma_tables.h"
#include "network.h"
#include "wire/mobility_header.h"

namespace flowmob::sim {

/// The anchor's machine: its daemon, its data plane and its state store.
class LmaNode {
 public:
  LmaNode(World& world, Network& network, core::LmaConfig config);

  void start();                  ///< the daemon; after a crash it takes over what there is
  void crash() { pump.kill(); }  ///< the daemon alone; rows and records stay
  void lose_state();             ///< whoever starts next knows nothing
  /// The whole machine with all it had; whoever starts it again knows nothing.
  void lose_everything();
  bool is_running() const { return pump.is_running(); }
  bool has_restarted() const { return starts_ > 1; }
  bool has_ever_lost_state() const { return has_ever_lost_state_; }

  /// The result of a command of the control socket, as its reader would see it.
  Result<core::Json> command(std::string_view name, const core::Json& arguments);
  Result<void> reconfigure(core::LmaConfig config);
  std::vector<core::NodeRecord> records() const;
  /// By MN-ID and number: a node has a record for each set of prefixes.
  using Store = std::map<std::pair<std::string, NodeIndex>, core::NodeRecord>;
  const Store& store() const { return store_; }
  std::vector<const core::NodeRecord*> records_of(const std::string& mn_id) const;
  std::vector<const core::NodeRecord*> records_of(std::size_t node) const;
  /// The first of them.
  const core::NodeRecord* record_of(const std::string& mn_id) const;

  const core::LmaConfig& config() const { return config_; }
  std::size_t notified(const std::string& event) const;
  /// The numbers that the rows of a node have or had.
  const std::set<NodeIndex>& indexes_of(std::size_t node) const;

  std::function<void()> on_start;  ///< the daemon has started
  /// An acknowledgement leaves that grants a prefix for a while, also to a liar.
  std::function<void(const wire::ProxyBindingAcknowledgement&, const Ipv6Address& mag)> on_grant;

  /// A session's row names another MAG than before, this one.
  std::function<void(SessionId, const Ipv6Address& mag)> on_handoff;

  CorePump<core::LocalMobilityAnchor, core::LmaEffect> pump;
  LmaTables tables;
  LmaOrders orders;
  EffectFaults faults;
  /// A packet by a session to its node and back; nothing: it does not come back.
  std::function<std::optional<Duration>(SessionId)> round_trip;

 private:
  void sweep_when_answered();
  template <class Row>
  bool needs_room(const Row& effect) const;
  Result<void> carry_out(const core::LmaEffect& effect);
  Result<void> apply(const core::SendMessage& effect);
  Result<void> apply(const core::SendIcmpv6& effect);
  Result<void> apply(const core::SendPacket& effect);
  Result<void> apply(const core::Notify& effect);
  Result<void> apply(const core::AdjustOrder& effect);
  Result<void> apply(const core::EndOrder& effect);
  Result<void> apply(const core::ReadOrder& effect);
  Result<void> apply(const core::SendBySession& effect);
  Result<void> apply(const core::PersistNode& effect);
  Result<void> apply(const core::ForgetNode& effect);
  template <class Row>
  Result<void> apply(const Row& effect);
  void check_promise(const wire::ProxyBindingAcknowledgement& pba, const Ipv6Address& mag) const;
  void check_granted(const wire::HomeNetworkPrefixOption& option, const Ipv6Address& mag,
                     const std::string& mn_id) const;
  void check_record(const core::NodeRecord& record) const;
  void learn(const core::NodeRecord& record);
  void touch(NodeIndex index);
  void check_handover(const core::Notify& effect);
  void check_json(const core::NodeRecord& record) const;

  World& world_;
  Network& network_;
  core::LmaConfig config_;
  Store store_;
  std::map<std::string, std::size_t> events_;
  std::set<std::uint64_t> told_handovers_, ended_handovers_;  ///< of this life
  std::uint64_t persisted_ = 0;
  unsigned starts_ = 0;
  std::uint32_t restarts_ = 1;  ///< RFC 5847 section 3.2
  bool has_lost_state_ = false, has_ever_lost_state_ = false;
  std::map<std::size_t, std::set<NodeIndex>> indexes_;
  std::map<NodeIndex, std::size_t> nodes_;
  std::map<Ipv6Prefix, Store::key_type> owners_;  ///< by the records
};

}  // namespace flowmob::sim
