// SPDX-License-Identifier: Apache-2.0
#include "core/lma/policy_trial.h"

namespace flowmob::core {

void PolicyTrial::bring_to_nodes(HandoverTrigger trigger, FlowTable::Follow kind,
                                 const std::set<FlowIndex>& pinned) {
  edits_.make_all(state_.handovers.cause(trigger), [this, kind, pinned](const MobileNode& node) {
    return with_rules(state_.policy, node, state_.numbers.flows, kind, pinned);
  });
}

std::set<FlowIndex> PolicyTrial::pinned_flows() const {
  std::set<FlowIndex> all;
  for (const auto& entry : state_.cache.nodes())
    for (const auto& flow : entry.second.flows.bindings())
      if (flow.is_pinned) all.insert(flow.index);
  return all;
}

void PolicyTrial::apply(Now now, std::vector<Shared<FlowPolicy>> policies,
                        std::optional<Duration> unless_confirmed) {
  auto before = state_.policy.config().flow_policies;
  // what the trial did that went on until now: there was no rule before it
  const bool undoes = former_ && unless_confirmed && former_->policies.empty();
  if (!unless_confirmed)
    former_.reset();
  else if (former_)
    former_->returns = now.monotonic + *unless_confirmed;
  else
    former_ = Former{std::move(before), now.monotonic + *unless_confirmed, pinned_flows()};
  state_.policy.use(std::move(policies));
  state_.notify("policies-applied", {{"policies", state_.policy.config().flow_policies.size()},
                                     {"to_be_confirmed", former_.has_value()}});
  bring_to_nodes(HandoverTrigger::Policies, undoes ? FlowTable::Follow::Undoing : FlowTable::Follow::Lasting);
}

Result<void> PolicyTrial::confirm() {
  if (!former_) return fail("no-trial", "no policies wait to be confirmed");
  former_.reset();
  state_.notify("policies-confirmed", {{"policies", state_.policy.config().flow_policies.size()}});
  return {};
}

void PolicyTrial::handle_configuration() {
  former_.reset();
  bring_to_nodes(HandoverTrigger::Policies);
}

void PolicyTrial::handle_timeout(Now now) {
  if (!former_ || now.monotonic < former_->returns) return;
  const Former former = *std::exchange(former_, std::nullopt);
  state_.policy.use(former.policies);
  state_.notify("policies-returned", {{"policies", state_.policy.config().flow_policies.size()}});
  bring_to_nodes(HandoverTrigger::PoliciesReturned, FlowTable::Follow::Undoing, former.pinned);
}

}  // namespace flowmob::core
