// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/lma/anchor_state.h"

/// Changes of nodes that no Proxy Binding Update asked for: a gateway was lost, or sessions are revoked.
namespace flowmob::core {

using SessionTest = std::function<bool(const Session&)>;

/// As if the gateway had de-registered these sessions (RFC 5213 section 5.3.5). Nothing if there are none.
std::optional<Change> in_delete_wait(const Policy& policy, const MobileNode& node, const SessionTest& these,
                                     const Deadline& deadline, const std::string& event);
/// Without these sessions; without any the node goes.
std::optional<Change> without(const Policy& policy, const MobileNode& node, const SessionTest& these,
                              const std::string& event);
/// These sessions keep the prefixes and lose the IPv4 home address.
std::optional<Change> without_ipv4(const Policy& policy, const MobileNode& node, const SessionTest& these,
                                   const std::string& event);
/// Without delegated prefixes that the policy does not give it any more (RFC 7148).
std::optional<Change> with_permitted_delegated(const Policy& policy, const MobileNode& node);
/// Flows leave the sessions of an unreachable gateway for others, and return to them.
std::optional<Change> with_reachable(const Policy& policy, const MobileNode& node, const Ipv6Address& mag,
                                     bool reachable);

/// The node with the rules that the policy has for it, and its flows where these have them; without what was
/// announced if that is not to be obeyed any more. Nothing if that
/// is how it is. `pinned` are those that a command had moved.
std::optional<Change> with_rules(const Policy& policy, const MobileNode& node, FlowNumbers& numbers,
                                 FlowTable::Follow kind = FlowTable::Follow::Lasting,
                                 const std::set<FlowIndex>& pinned = {});

/// Makes such changes at once, or as soon as what is under way for the node has ended.
class NodeEdits {
 public:
  /// None: there is nothing to change any more.
  using Edit = std::function<std::optional<Change>(const MobileNode&)>;
  explicit NodeEdits(AnchorState& state) : state_(state) {}

  void make(const MobileNode& node, HandoverCause cause, Edit edit);
  void make_all(const HandoverCause& cause, const Edit& edit);
  /// What waited, for nodes that are busy no more.
  void make_waiting();
  /// MN-IDs of nodes that were changed since this was last asked.
  std::vector<std::string> take_changed() { return std::exchange(changed_, {}); }

 private:
  struct Waiting {
    NodeIndex node;
    HandoverCause cause;
    Edit edit;
  };
  void apply(const MobileNode& node, HandoverCause cause, const Edit& edit);

  AnchorState& state_;
  std::vector<Waiting> waiting_;
  std::vector<std::string> changed_;
};

}  // namespace flowmob::core
