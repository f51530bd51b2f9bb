// SPDX-License-Identifier: Apache-2.0
#include "core/binding/binding_cache.h"

#include <algorithm>

namespace flowmob::core {
namespace {

std::size_t hash(std::string_view mn_id) { return std::hash<std::string_view>{}(mn_id); }

bool delegates(const MobileNode& node) {
  return std::ranges::any_of(node.sessions, [](const Session& s) { return !s.delegated.empty(); });
}

Ipv6Prefix bucket_of(const Ipv6Address& address) {
  return Ipv6Prefix::truncated(address, kShortestDelegated);
}

}  // namespace

const MobileNode* BindingCache::find(NodeIndex node) const {
  const auto found = nodes_.find(node);
  return found == nodes_.end() ? nullptr : &found->second;
}

const MobileNode* BindingCache::find(const Ipv6Prefix& prefix) const {
  const auto found = by_prefix_.find(prefix);
  return found == by_prefix_.end() ? nullptr : find(found->second);
}

const MobileNode* BindingCache::find(const Ipv4Address& home_address) const {
  const auto found = by_ipv4_.find(to_number(home_address));
  return found == by_ipv4_.end() ? nullptr : find(found->second);
}

const MobileNode* BindingCache::find_by_address(const Ipv6Address& address) const {
  if (const auto* node = find(Ipv6Prefix::truncated(address, 64))) return node;
  const auto [first, last] = by_delegated_.equal_range(bucket_of(address));
  const auto found =
      std::find_if(first, last, [&](const auto& row) { return row.second.prefix.contains(address); });
  return found == last ? nullptr : find(found->second.node);
}

std::vector<NodeIndex> BindingCache::holders_of(const Ipv6Prefix& prefix) const {
  std::vector<NodeIndex> holders;
  const auto [first, last] = by_delegated_.equal_range(bucket_of(prefix.address));
  for (auto row = first; row != last; ++row)
    if (row->second.prefix.overlaps(prefix)) holders.push_back(row->second.node);
  return holders;
}

void BindingCache::unindex_delegated(const MobileNode& node) {
  for (const auto& prefix : node.delegated()) {
    const auto [first, last] = by_delegated_.equal_range(bucket_of(prefix.address));
    for (auto row = first; row != last;)
      row = row->second.node == node.index ? by_delegated_.erase(row) : std::next(row);
  }
}

std::vector<const MobileNode*> BindingCache::find_all(std::string_view mn_id) const {
  std::vector<const MobileNode*> all;
  const auto [first, last] = by_mn_id_.equal_range(hash(mn_id));
  for (auto it = first; it != last; ++it)
    if (const auto* node = find(it->second); node->mn_id == mn_id) all.push_back(node);
  std::ranges::sort(all, {}, &MobileNode::index);
  return all;
}

void BindingCache::note_change(const std::string& mn_id) {
  const bool is_watched = !watched_.empty() && watched_.contains(mn_id);
  if (is_watched || by_mn_id_.count(hash(mn_id)) > 1) changed_.insert(mn_id);
}

void BindingCache::put(MobileNode node) {
  const NodeIndex index = node.index;
  const auto* known = find(index);
  if (!known || known->prefixes != node.prefixes || known->ipv4 != node.ipv4 || known->mn_id != node.mn_id) {
    erase(index);
    by_mn_id_.emplace(hash(node.mn_id), index);
    for (const auto& prefix : node.prefixes) by_prefix_[prefix] = index;
    if (node.ipv4) by_ipv4_[to_number(node.ipv4->address.address)] = index;
  }
  if (const auto* former = find(index); former && delegates(*former)) unindex_delegated(*former);
  if (delegates(node))
    for (const auto& prefix : node.delegated())
      by_delegated_.emplace(bucket_of(prefix.address), Delegated{prefix, index});
  note_change(node.mn_id);
  static_cast<MobileNode&>(nodes_[index]) = std::move(node);
  resume_deadlines(index);
}

void BindingCache::erase(NodeIndex index) {
  const auto found = nodes_.find(index);
  if (found == nodes_.end()) return;
  note_change(found->second.mn_id);
  for (const auto& prefix : found->second.prefixes) by_prefix_.erase(prefix);
  if (delegates(found->second)) unindex_delegated(found->second);
  if (found->second.ipv4) by_ipv4_.erase(to_number(found->second.ipv4->address.address));
  const auto [first, last] = by_mn_id_.equal_range(hash(found->second.mn_id));
  by_mn_id_.erase(std::find_if(first, last, [&](const auto& row) { return row.second == index; }));
  nodes_.erase(found);
  settle();
}

void BindingCache::suspend_deadlines(NodeIndex index) {
  const auto found = nodes_.find(index);
  if (found != nodes_.end()) set_timer(found->second, std::nullopt);
}

void BindingCache::resume_deadlines(NodeIndex index) {
  const auto found = nodes_.find(index);
  if (found != nodes_.end()) set_timer(found->second, found->second.next_deadline());
}

void BindingCache::set_timer(Row& row, std::optional<TimePoint> deadline) {
  deadlines_.set(row.index, row.timer, deadline.value_or(DeadlineQueue::kNone));
  settle();
}

void BindingCache::settle() {
  deadlines_.settle(nodes_.size(), [this](NodeIndex index) {
    const auto found = nodes_.find(index);
    return found == nodes_.end() ? nullptr : &found->second.timer;
  });
}

std::optional<TimePoint> BindingCache::next_deadline() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.front().deadline;
}

const MobileNode* BindingCache::due(TimePoint now) const {
  if (deadlines_.empty() || deadlines_.front().deadline > now) return nullptr;
  return find(deadlines_.front().node);
}

}  // namespace flowmob::core
