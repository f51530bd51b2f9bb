// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/shared.h"
#include "core/binding/binding_cache.h"
#include "core/binding/ipv4_allocator.h"
#include "core/binding/prefix_allocator.h"
#include "core/lma/command_answer.h"
#include "core/lma/effect_queue.h"
#include "core/lma/flow_announcements.h"
#include "core/lma/forwarding.h"
#include "core/lma/handovers.h"
#include "core/lma/pbu_request.h"
#include "core/lma/policy.h"

namespace flowmob::core {

/// Whom to tell when a change is in place.
struct Answer {
  Shared<PbuRequest> request;
  std::uint16_t granted{};  ///< units of 4 seconds
  SessionId session;
  FlowOutcome flows = {};
};

/// One mobile node's next state.
struct Change {
  std::string mn_id;
  NodeIndex node;
  std::optional<MobileNode> next;  ///< none: the node goes; moves into the cache as it takes effect
  std::optional<Answer> answer;
  std::optional<CommandAnswer> command;  ///< given when it is in place
  std::vector<Notify> events;            ///< told when it is in place
  std::vector<Ipv6Prefix> allocated;     ///< for this change; free again if it fails
  SessionId registered = {};             ///< by this change; none if it registers nothing
  Ipv6Address left_mag = {};             ///< where the session was, if that MAG has not de-registered it
  wire::AccessTechnology left_technology = {};
  std::optional<Ipv4Address> allocated_ipv4 = {};
  HandoverCause cause = {};       ///< why its flows move, if they do
  Handovers::Ids handovers = {};  ///< of those that do, once it has begun
};

/// How a change that was begun ended.
struct Finished {
  Change change;
  std::optional<Error> error;
};

/// Brings changes into the data plane and the state store, one an MN-ID at a time, and then into the binding
/// cache. A change that was begun takes effect when everything it promises has been confirmed; if anything
/// fails, the former rows are asked for again. A change that is applied takes effect at once.
class NodeChanges {
 public:
  NodeChanges(BindingCache& cache, PrefixAllocator& prefixes, Ipv4Allocator& ipv4, EffectQueue& effects,
              Handovers& handovers)
      : cache_(cache), prefixes_(prefixes), ipv4_(ipv4), effects_(effects), handovers_(handovers) {}

  /// Ends at once if it waits for nothing: a mere extension does not depend on the state store.
  std::optional<Finished> begin(const Policy& policy, Change change);
  Handovers::Ids apply(const Policy& policy, Change change);
  /// For a node that was restored: rows that a predecessor may have left for `former` go, all others are
  /// asked for.
  void restore(const Policy& policy, const MobileNode& former, Change change);

  /// The change under way for an MN-ID; nullptr when there is none.
  Change* under_way(std::string_view mn_id);
  /// What ended by this answer. Failures that end nothing are notified.
  std::optional<Finished> handle_result(EffectId id, const Result<void>& outcome);

  const Forwarding& forwarding() const { return forwarding_; }

 private:
  struct UnderWay {
    Change change;
    NodeRows before, rows;
    bool asks_for_all = false;
  };
  void open_handovers(const Policy& policy, const MobileNode* before, Change& change);
  bool extends(const Change& change) const;
  Finished extend(Change change);
  NodeRows rows_in_place(const Policy& policy, NodeIndex index) const;
  NodeRows establish(const Policy& policy, Change& change, const NodeRows& before, bool gates);
  void take_effect(Change& change, const NodeRows& before, const NodeRows& rows);
  void release_unless_kept(const MobileNode& former, const std::optional<MobileNode>& next);
  Finished finish(const std::string& mn_id);
  Finished roll_back(const std::string& mn_id, const Error& error);
  void note_failure(const EffectQueue::Asked& asked);
  void push(std::vector<LmaAction> actions, const std::string& owner, bool gates);

  BindingCache& cache_;
  PrefixAllocator& prefixes_;
  Ipv4Allocator& ipv4_;
  EffectQueue& effects_;
  Handovers& handovers_;
  Forwarding forwarding_;
  TextMap<UnderWay> under_way_;
  std::set<NodeIndex>
      incomplete_;  ///< a row that nothing waited for has failed: the next change asks for all
};

}  // namespace flowmob::core
