// SPDX-License-Identifier: Apache-2.0
#include "core/lma/policy_trial.h"

namespace flowmob::core {

void PolicyTrial::bring_to_nodes() {
  edits_.make_all(
      [this](const MobileNode& node) { return with_rules(state_.policy, node, state_.numbers.flows); });
}

void PolicyTrial::apply(Now now, std::vector<Shared<FlowPolicy>> policies,
                        std::optional<Duration> unless_confirmed) {
  auto before = state_.policy.config().flow_policies;
  if (!unless_confirmed)
    former_.reset();
  else if (former_)
    former_->returns = now.monotonic + *unless_confirmed;
  else
    former_ = Former{std::move(before), now.monotonic + *unless_confirmed};
  state_.policy.use(std::move(policies));
  state_.notify("policies-applied", {{"policies", state_.policy.config().flow_policies.size()},
                                     {"to_be_confirmed", former_.has_value()}});
  bring_to_nodes();
}

Result<void> PolicyTrial::confirm() {
  if (!former_) return fail("no-trial", "no policies wait to be confirmed");
  former_.reset();
  state_.notify("policies-confirmed", {{"policies", state_.policy.config().flow_policies.size()}});
  return {};
}

void PolicyTrial::handle_configuration() {
  former_.reset();
  bring_to_nodes();
}

void PolicyTrial::handle_timeout(Now now) {
  if (!former_ || now.monotonic < former_->returns) return;
  state_.policy.use(std::move(former_->policies));
  former_.reset();
  state_.notify("policies-returned", {{"policies", state_.policy.config().flow_policies.size()}});
  bring_to_nodes();
}

}  // namespace flowmob::core
