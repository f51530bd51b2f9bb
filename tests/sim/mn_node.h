// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "access.h"
#include "core/mn/logical_interface.h"
#include "core_pump.h"
#include "mn_tables.h"

namespace flowmob::sim {

/// A mobile node's machine: its daemon, its virtual interface and its physical ones.
class MnNode {
 public:
  MnNode(World& world, AccessNetwork& access, std::size_t number, core::MnConfig config);

  void start();  ///< the daemon; after a crash it takes over what there is
  void crash() { pump.kill(); }
  bool is_running() const { return pump.is_running(); }

  void set_link(std::size_t member, bool up);
  /// Until the daemon starts anew; its links stay as they are.
  void use_members(const std::vector<std::size_t>& members);
  void receive(std::size_t member, const core::PacketMeta& meta, const Bytes& icmpv6);
  /// Whether an advertisement came since the link did: before that it cannot know whether a gateway serves
  /// it.
  bool has_heard(std::size_t member) const { return heard_.at(member); }
  const core::MnConfig& config() const { return config_; }

  CorePump<core::LogicalInterface, core::MnEffect> pump;
  MnTables tables;

 private:
  Result<void> carry_out(const core::MnEffect& effect);
  Result<void> apply(const core::Notify& effect);
  Result<void> apply(const core::SendSolicitation& effect);
  Result<void> apply(const core::AskRouter& effect);
  Result<void> apply(const core::AnswerNeighbor& effect);
  Result<void> apply(const core::SendFromPort& effect);
  template <class Row>
  Result<void> apply(const Row& effect);

  World& world_;
  AccessNetwork& access_;
  std::size_t number_;
  core::MnConfig config_;
  std::vector<bool> links_;
  std::vector<bool> heard_;
};

}  // namespace flowmob::sim
