// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/binding/mobile_node.h"

namespace flowmob::core {

/// All mobile nodes with a session, found by MN-ID, by number and by prefix; and which deadline is next.
class BindingCache {
 public:
  using Nodes = std::map<std::string, MobileNode, std::less<>>;

  const Nodes& nodes() const { return nodes_; }
  const MobileNode* find(std::string_view mn_id) const;
  const MobileNode* find(const Ipv6Prefix& prefix) const;

  /// Takes the place of what was known of this MN-ID.
  void put(MobileNode node);
  void erase(std::string_view mn_id);

  /// While a node's change is under way its deadlines wait.
  void suspend_deadlines(std::string_view mn_id);
  void resume_deadlines(std::string_view mn_id);
  std::optional<TimePoint> next_deadline() const;
  /// A node with a deadline not later than `now`.
  const MobileNode* due(TimePoint now) const;

 private:
  Nodes nodes_;
  std::unordered_map<Ipv6Prefix, std::string> by_prefix_;
  std::set<std::pair<TimePoint, std::string>> deadlines_;
  std::map<std::string, TimePoint, std::less<>> deadline_of_;
};

}  // namespace flowmob::core
