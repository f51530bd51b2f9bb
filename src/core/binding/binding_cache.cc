// SPDX-License-Identifier: Apache-2.0
#include "core/binding/binding_cache.h"

namespace flowmob::core {

const MobileNode* BindingCache::find(std::string_view mn_id) const {
  const auto found = nodes_.find(mn_id);
  return found == nodes_.end() ? nullptr : &found->second;
}

const MobileNode* BindingCache::find(const Ipv6Prefix& prefix) const {
  const auto found = by_prefix_.find(prefix);
  return found == by_prefix_.end() ? nullptr : find(found->second);
}

void BindingCache::put(MobileNode node) {
  erase(node.mn_id);
  for (const auto& prefix : node.prefixes) by_prefix_[prefix] = node.mn_id;
  const std::string mn_id = node.mn_id;
  nodes_.insert_or_assign(mn_id, std::move(node));
  resume_deadlines(mn_id);
}

void BindingCache::erase(std::string_view mn_id) {
  suspend_deadlines(mn_id);
  const auto found = nodes_.find(mn_id);
  if (found == nodes_.end()) return;
  for (const auto& prefix : found->second.prefixes) by_prefix_.erase(prefix);
  nodes_.erase(found);
}

void BindingCache::suspend_deadlines(std::string_view mn_id) {
  const auto found = deadline_of_.find(mn_id);
  if (found == deadline_of_.end()) return;
  deadlines_.erase({found->second, found->first});
  deadline_of_.erase(found);
}

void BindingCache::resume_deadlines(std::string_view mn_id) {
  suspend_deadlines(mn_id);
  const auto* node = find(mn_id);
  const auto deadline = node ? node->next_deadline() : std::nullopt;
  if (!deadline) return;
  deadlines_.emplace(*deadline, node->mn_id);
  deadline_of_.emplace(node->mn_id, *deadline);
}

std::optional<TimePoint> BindingCache::next_deadline() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

const MobileNode* BindingCache::due(TimePoint now) const {
  if (deadlines_.empty() || deadlines_.begin()->first > now) return nullptr;
  return find(deadlines_.begin()->second);
}

}  // namespace flowmob::core
