// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>

#include "core/lma/node_edits.h"

namespace flowmob::core {

/// Brings the rules that hold to all nodes, and brings former ones back that nobody has confirmed to be
/// replaced.
class PolicyTrial {
 public:
  PolicyTrial(AnchorState& state, NodeEdits& edits) : state_(state), edits_(edits) {}

  /// These from now on; the former ones again after `unless_confirmed`, if it is given. While a trial goes on
  /// these take its place: what was there before it comes back.
  void apply(Now now, std::vector<Shared<FlowPolicy>> policies, std::optional<Duration> unless_confirmed);
  /// What is tried stays. "no-trial".
  Result<void> confirm();
  /// A new configuration has come, with rules of its own.
  void handle_configuration();
  void handle_timeout(Now now);
  std::optional<TimePoint> next_deadline() const {
    return former_ ? std::optional(former_->returns) : std::nullopt;
  }
  /// What has become of links matters to rules.
  void follow_links() { bring_to_nodes(HandoverTrigger::LinkQuality); }

 private:
  struct Former {
    std::vector<Shared<FlowPolicy>> policies;
    TimePoint returns;
    std::set<FlowIndex> pinned{};  ///< what commands had moved: without a rule that is forgotten
  };
  void bring_to_nodes(HandoverTrigger trigger, FlowTable::Follow kind = FlowTable::Follow::Lasting,
                      const std::set<FlowIndex>& pinned = {});
  std::set<FlowIndex> pinned_flows() const;

  AnchorState& state_;
  NodeEdits& edits_;
  std::optional<Former> former_;
};

}  // namespace flowmob::core
