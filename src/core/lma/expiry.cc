// SPDX-License-Identifier: Apache-2.0
#include "core/lma/expiry.h"

#include "core/lma/events.h"
#include "core/lma/flow_settling.h"

namespace flowmob::core {

Change without_expired(const Policy& policy, const MobileNode& node, TimePoint now) {
  Change change;
  change.mn_id = node.mn_id;
  change.node = node.index;
  MobileNode next = node;
  std::erase_if(next.sessions, [&](const Session& s) { return s.deadline.monotonic <= now; });
  std::erase_if(next.former, [&](const FormerGateway& gateway) { return gateway.until <= now; });
  for (const auto& session : node.sessions) {
    if (next.find(session.id)) continue;
    next.flows.forget(session.id);
    change.events.push_back(
        session_event(session.in_delete_wait ? "binding-deleted" : "binding-expired", policy, node, session));
  }
  if (next.sessions.empty()) return change;
  change.cause.trigger = HandoverTrigger::HoldDownOver;
  for (auto& session : next.sessions)
    if (session.opens && *session.opens <= now) {
      session.opens.reset();
      change.cause = {HandoverTrigger::LinkOpen, {{"mag", policy.mag_name(session.mag)}}};
    }
  if (!change.events.empty())
    change.cause = {HandoverTrigger::Expiry, {{"event", change.events.front().event}}};
  next.drop_unregistered_families();
  settle_flows(policy, next);
  change.next = std::move(next);
  return change;
}

void expire(AnchorState& state, const MobileNode& node, TimePoint now) {
  state.changes.apply(state.policy, without_expired(state.policy, node, now));
}

void expire(AnchorState& state, Now now) {
  while (const auto* node = state.cache.due(now.monotonic)) expire(state, *node, now.monotonic);
}

}  // namespace flowmob::core
