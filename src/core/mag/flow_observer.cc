// SPDX-License-Identifier: Apache-2.0
#include "core/mag/flow_observer.h"

namespace flowmob::core {

using Verdict = ObservedFlows::Verdict;

namespace {

/// A successor begins with other numbers than we did.
std::uint16_t number_by_clock(Now now) {
  return static_cast<std::uint16_t>(now.wall.time_since_epoch() / std::chrono::seconds(1));
}

}  // namespace

bool FlowObserver::may_observe(const Attachment& attachment) const {
  return attachment.state == AttachmentState::Registered && context_.observes_flows(attachment);
}

void FlowObserver::handle(Now now, const FlowSighting& sighting) {
  auto* attachment = context_.bindings.find(sighting.attachment);
  if (!attachment || !may_observe(*attachment)) return context_.statistics.drop("flow-not-observed");
  auto& observed = attachment->observed;
  const std::string name = name_of(sighting);
  attachment->flows.number_observed_from(number_by_clock(now));
  const auto verdict = observed.note(now.monotonic, sighting);
  if (verdict == Verdict::Ignored) context_.statistics.drop("observed-flow-ignored");
  if (verdict == Verdict::Again && !attachment->flows.renew(name)) return;
  if (verdict == Verdict::Told || verdict == Verdict::Again) {
    context_.statistics.message("flows_observed");
    context_.notify("flow-observed", *attachment, {{"flow", name}, {"again", verdict == Verdict::Again}});
    observed.ask_to_tell(now.monotonic);
  }
  context_.bindings.update(*attachment);
}

/// What is silent goes with the next update that tells of others, or in one of its own.
void FlowObserver::handle_due(Now now, Attachment& attachment) {
  auto& observed = attachment.observed;
  if (observed.expire(now.monotonic)) observed.ask_to_tell(now.monotonic);
  if (observed.take_due(now.monotonic)) registrar_.announce_flows(now, attachment, attachment.flows.is_due());
  if (attachment.flows.ask_again(now.monotonic)) registrar_.refresh_when_free(now, attachment);
  context_.bindings.update(attachment);
}

}  // namespace flowmob::core
