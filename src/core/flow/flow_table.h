// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/flow/flow_decider.h"
#include "core/lma/config.h"

namespace flowmob::core {

/// Gives every new flow its number. Numbers are not used again.
class FlowNumbers {
 public:
  FlowIndex next() { return FlowIndex{++last_}; }
  void skip_to(FlowIndex used) { last_ = last_ > used.value ? last_ : used.value; }

 private:
  std::uint32_t last_ = 0;
};

/// What a Flow Identification option asks for (RFC 6089 section 5.3.2). What it leaves out stays as it is.
struct Announcement {
  SessionId by;
  std::uint16_t flow_id{};
  std::uint16_t priority{};
  std::optional<wire::TrafficSelector6> selector{};
  std::optional<std::vector<std::uint16_t>> binding_ids{};
};

/// The flow bindings of one mobile node (RFC 6089 section 4.3 is its ancestor). A plain value: a change is
/// made on a copy, and the copy takes the original's place when the data plane has followed.
class FlowTable {
 public:
  FlowTable() = default;
  explicit FlowTable(FlowBinding default_flow) : bindings_{std::move(default_flow)} {}
  static FlowTable with_default(FlowIndex index);

  /// In the order of matching: flows that a rule governs in the order of the rules, then those that gateways
  /// have announced and then those of services, in ascending priority; the default flow is the last.
  const std::vector<FlowBinding>& bindings() const { return bindings_; }
  const FlowBinding& default_flow() const { return bindings_.back(); }
  const FlowBinding* find(std::string_view name) const;
  const FlowBinding* find(FlowIndex index) const;
  bool has_several(std::string_view name) const;

  /// A binding as it was kept; its place follows from its priority.
  void insert(FlowBinding flow);
  /// The service's flows, as its profile has them now, follow this session (RFC 5149; the latest PBU wins).
  void bind(const ServiceProfile& service, SessionId session, FlowNumbers& numbers);
  void bind_default(SessionId session);

  const FlowBinding* find_announced(SessionId by, std::uint16_t flow_id) const;
  /// A new flow has a selector and bindings. Which of several with the same packets is matched, and where it
  /// goes, follows with reselect().
  void announce(const Announcement& announcement, FlowNumbers& numbers);
  /// What the session has announced and is not among these goes; the numbers of what went.
  std::vector<std::uint16_t> keep_announced(SessionId by, const std::set<std::uint16_t>& flow_ids);
  /// All but so many go, those behind the others by priority first, of equals the latest; what went.
  std::vector<Announced> shed_announced(std::size_t most);
  void drop_announced();
  bool has_announced() const;
  /// How many a classifier of these bindings has.
  std::size_t selectors() const;

  /// By a command. A rule waits until the session is gone for good, or release().
  void move(FlowIndex flow, SessionId session);
  void release(FlowIndex flow);
  /// The rules that hold for the node; empty: none. Flows of rules that are gone go, but for their numbers
  /// nothing changes for those that stay. A flow whose rule is gone stays where it is; if that rule was only
  /// tried, it is bound to what it would be without. What is decided follows with reselect().
  enum class Follow { Lasting, Undoing };
  void follow(const Shared<FlowPolicy>& policy, FlowNumbers& numbers, Follow kind = Follow::Lasting);
  /// A command's word, which a trial took away with the rule that it went before.
  void pin(FlowIndex flow);
  const Shared<FlowPolicy>& policy() const { return policy_; }
  /// A session is gone for good: what was bound to it stays where it fell back to, what it has announced
  /// goes.
  void forget(SessionId session);
  /// What was bound to one is bound to the other: they end at the same MAG.
  void replace(SessionId session, SessionId by);
  /// Every flow to where decide() has it.
  void reselect(const std::vector<LinkState>& links, const LinkBoard& board, SessionId leaving = {},
                SeveralBindings several = {});
  /// When a link that is held down may take a flow.
  std::optional<TimePoint> revisit() const;
  /// The default flow is bound to what it uses, if it is bound to none, and that is of its own set.
  void adopt_default();

  /// Whose else a policy is does not matter to one node: that may be a list of a million.
  friend bool operator==(const FlowTable& a, const FlowTable& b) {
    return a.bindings_ == b.bindings_ && has_rules_of(a.policy_, b.policy_);
  }

 private:
  void follow_priorities(const std::vector<LinkState>& links);
  void supersede();
  FlowBinding* find_in(std::string_view service, std::string_view name);
  FlowBinding* find_mutable(FlowIndex index);
  void govern(Follow kind = Follow::Lasting);
  static bool has_rules_of(const Shared<FlowPolicy>& a, const Shared<FlowPolicy>& b);

  std::vector<FlowBinding> bindings_;
  Shared<FlowPolicy> policy_;
};

/// How a flow's path differs between two states of a table. A flow that was announced is compared with the
/// one that had its packets.
struct FlowEvent {
  enum class Kind { Moved, Fallback, Returned } kind;
  FlowBinding before;
  FlowBinding after;
};
std::vector<FlowEvent> differences(const FlowTable& before, const FlowTable& after);

}  // namespace flowmob::core
