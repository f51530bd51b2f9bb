// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/lma/local_mobility_anchor.h"
#include "core_pump.h"
#include "effect_faults.h"
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
  bool is_running() const { return pump.is_running(); }

  /// The result of a command of the control socket, as its reader would see it.
  Result<core::Json> command(std::string_view name, const core::Json& arguments);
  Result<void> reconfigure(core::LmaConfig config);
  std::vector<core::NodeRecord> records() const;
  /// By MN-ID and number: a node has a record for each set of prefixes.
  using Store = std::map<std::pair<std::string, NodeIndex>, core::NodeRecord>;
  const Store& store() const { return store_; }
  const core::NodeRecord* record_of(const std::string& mn_id) const;

  const core::LmaConfig& config() const { return config_; }
  std::size_t notified(const std::string& event) const;

  CorePump<core::LocalMobilityAnchor, core::LmaEffect> pump;
  LmaTables tables;
  EffectFaults faults;

 private:
  void sweep_when_answered();
  template <class Row>
  bool needs_room(const Row& effect) const;
  Result<void> carry_out(const core::LmaEffect& effect);
  Result<void> apply(const core::SendMessage& effect);
  Result<void> apply(const core::SendIcmpv6& effect);
  Result<void> apply(const core::Notify& effect);
  Result<void> apply(const core::PersistNode& effect);
  Result<void> apply(const core::ForgetNode& effect);
  template <class Row>
  Result<void> apply(const Row& effect);
  void check_promise(const wire::ProxyBindingAcknowledgement& pba, const Ipv6Address& mag) const;
  void check_granted(const Ipv6Prefix& prefix, const Ipv6Address& mag) const;
  void check_record(const core::NodeRecord& record) const;
  void check_json(const core::NodeRecord& record) const;

  World& world_;
  Network& network_;
  core::LmaConfig config_;
  Store store_;
  std::map<std::string, std::size_t> events_;
  std::uint64_t persisted_ = 0;
  std::uint32_t restarts_ = 1;  ///< RFC 5847 section 3.2
  bool has_lost_state_ = false;
};

}  // namespace flowmob::sim
