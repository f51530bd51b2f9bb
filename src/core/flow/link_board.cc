// SPDX-License-Identifier: Apache-2.0
#include "core/flow/link_board.h"

#include <algorithm>

namespace flowmob::core {
namespace {

template <class T>
bool is_worse(const std::optional<T>& limit, const std::optional<T>& value, unsigned margin, bool was_worse) {
  if (!limit || !value) return false;
  return was_worse ? *value > *limit / 100 * (100 - std::min(margin, 100u)) : *value > *limit;
}

std::optional<std::uint64_t> hundredfold(const std::optional<unsigned>& value) {
  return value ? std::optional(std::uint64_t{*value} * 100) : std::nullopt;
}

}  // namespace

Excess excess(const LinkLimits& limits, const LinkQuality& quality, bool was_worse) {
  if (is_worse(limits.round_trip, quality.round_trip, limits.margin, was_worse)) return Excess::RoundTrip;
  if (is_worse(hundredfold(limits.loss), hundredfold(quality.loss), limits.margin, was_worse))
    return Excess::Loss;
  if (is_worse(limits.load, quality.load, limits.margin, was_worse)) return Excess::Load;
  return Excess::None;
}

void LinkBoard::set_policies(const std::vector<Shared<FlowPolicy>>& policies) {
  std::map<RuleId, LinkLimits> rules;
  for (const auto& policy : policies)
    for (const auto& rule : policy->rules)
      if (rule->limits.any()) rules.emplace(RuleId{rule->policy, rule->name}, rule->limits);
  rules_ = std::move(rules);
  std::erase_if(worse_, [&](const auto& row) { return !rules_.contains(row.first.first); });
  if (!asks_for_load())  // nobody measures it any more
    for (auto& [mag, quality] : qualities_) quality.load.reset();
  for (const auto& [id, limits] : rules_)
    for (const auto& [mag, quality] : qualities_) judge(id, limits, mag);
}

bool LinkBoard::judge(const RuleId& id, const LinkLimits& limits, const Ipv6Address& mag) {
  const auto known = worse_.find({id, mag});
  const bool was_worse = known != worse_.end();
  const auto now = excess(limits, qualities_.at(mag), was_worse);
  if (now == Excess::None && was_worse) worse_.erase(known);
  if (now != Excess::None) worse_[{id, mag}] = now;
  return was_worse != (now != Excess::None);
}

bool LinkBoard::set_quality(const Ipv6Address& mag, const LinkQuality& quality) {
  qualities_[mag] = quality;
  bool has_turned = false;
  for (const auto& [id, limits] : rules_) has_turned = judge(id, limits, mag) || has_turned;
  if (quality == LinkQuality{}) qualities_.erase(mag);
  return has_turned;
}

bool LinkBoard::asks_for_load() const {
  return std::ranges::any_of(rules_, [](const auto& rule) { return rule.second.load.has_value(); });
}

std::vector<Ipv6Address> LinkBoard::mags() const {
  std::vector<Ipv6Address> all;
  for (const auto& row : qualities_) all.push_back(row.first);
  return all;
}

LinkQuality LinkBoard::quality(const Ipv6Address& mag) const {
  const auto found = qualities_.find(mag);
  return found == qualities_.end() ? LinkQuality{} : found->second;
}

Excess LinkBoard::excess_of(const FlowRule& rule, const Ipv6Address& mag) const {
  const auto found = worse_.find({RuleId{rule.policy, rule.name}, mag});
  return found == worse_.end() ? Excess::None : found->second;
}

}  // namespace flowmob::core
