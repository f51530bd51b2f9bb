// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "daemon/config/policy_file.h"
#include "daemon/config/selectors.h"

namespace flowmob::daemon::config {
namespace {

core::LinkPattern pattern_of(const std::string& word, const std::vector<std::string>& mags) {
  if (std::ranges::count(mags, word) != 0) return {word, {}};
  for (const auto& technology : Words<wire::AccessTechnology>::all())
    if (technology.text == word) return {{}, technology.value};
  return {word, {}};
}

core::FlowRule rule_of(const RuleRow& row, const std::string& policy, std::size_t position,
                       const NamedPrefixes& names, const std::vector<std::string>& mags) {
  core::FlowRule rule = row.rule;
  rule.policy = policy;
  rule.position = static_cast<std::uint16_t>(position);
  rule.service = row.match.value.service;
  for (const auto& word : row.prefer) rule.prefer.push_back(pattern_of(word, mags));
  for (const auto share : row.split) rule.shares.push_back(static_cast<std::uint16_t>(share));
  if (row.redundant) rule.spread = core::SpreadKind::Copies;
  if (!rule.shares.empty()) rule.spread = core::SpreadKind::Shares;
  if (row.match.node == nullptr || !rule.service.empty()) return rule;
  const auto selectors = make_selectors(row.match.value, names);  // at least one: that was checked
  core::FlowTemplate flow{rule.name, 0, selectors.at(0), {}};
  flow.alternatives.assign(selectors.begin() + 1, selectors.end());
  rule.flow = std::move(flow);
  return rule;
}

}  // namespace

std::vector<Shared<core::FlowPolicy>> assemble_policies(const std::vector<Element<PolicyRow>>& policies,
                                                        const std::vector<std::string>& mags) {
  std::vector<Shared<core::FlowPolicy>> all;
  for (const auto& row : policies) {
    core::FlowPolicy policy = row.value.policy;
    for (const auto& rule : row.value.rules)
      policy.rules.emplace_back(
          rule_of(rule.value, policy.name, policy.rules.size(), row.value.prefixes, mags));
    all.emplace_back(std::move(policy));
  }
  return all;
}

}  // namespace flowmob::daemon::config
