// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/binding/deadline_queue.h"
#include "core/binding/mobile_node.h"

namespace flowmob::core {

/// All mobile nodes with a session, found by MN-ID, by number, by prefix and by IPv4 home address; and which
/// deadline is next. A node has one entry for each set of prefixes (docs/adr/0014).
class BindingCache {
 public:
  struct Row : MobileNode {
    DeadlineQueue::Timer timer;
  };
  using Nodes = std::unordered_map<NodeIndex, Row>;

  const Nodes& nodes() const { return nodes_; }
  const MobileNode* find(NodeIndex node) const;
  const MobileNode* find(const Ipv6Prefix& prefix) const;
  const MobileNode* find(const Ipv4Address& home_address) const;
  /// With this address, or with one of the network behind it.
  const MobileNode* find_by_address(const Ipv6Address& address) const;
  /// To whose network this prefix, or a part of it, is delegated (RFC 7148).
  std::vector<NodeIndex> holders_of(const Ipv6Prefix& prefix) const;
  /// Of this MN-ID, in the order of their numbers.
  std::vector<const MobileNode*> find_all(std::string_view mn_id) const;

  /// Takes the place of what was known under its number.
  void put(MobileNode node);
  void erase(NodeIndex node);

  /// Whoever follows the nodes of an MN-ID is told when one of them was put or erased; of one that has
  /// several in any case.
  void watch(const std::string& mn_id) { watched_.insert(mn_id); }
  void unwatch(const std::string& mn_id) { watched_.erase(mn_id); }
  std::set<std::string> take_changed() { return std::exchange(changed_, {}); }

  /// While a node's change is under way its deadlines wait.
  void suspend_deadlines(NodeIndex node);
  void resume_deadlines(NodeIndex node);
  std::optional<TimePoint> next_deadline() const;
  /// A node with a deadline not later than `now`.
  const MobileNode* due(TimePoint now) const;

 private:
  void set_timer(Row& row, std::optional<TimePoint> deadline);
  void settle();
  void unindex_delegated(const MobileNode& node);
  void note_change(const std::string& mn_id);

  Nodes nodes_;
  std::unordered_multimap<std::size_t, NodeIndex> by_mn_id_;  ///< by the hash of it: the nodes have the text
  std::unordered_map<Ipv6Prefix, NodeIndex> by_prefix_;
  std::unordered_map<std::uint32_t, NodeIndex> by_ipv4_;
  struct Delegated {
    Ipv6Prefix prefix;
    NodeIndex node;
  };
  std::unordered_multimap<Ipv6Prefix, Delegated> by_delegated_;  ///< by the shortest that holds it
  DeadlineQueue deadlines_;
  std::set<std::string> watched_, changed_;
};

}  // namespace flowmob::core
