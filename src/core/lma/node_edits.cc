// SPDX-License-Identifier: Apache-2.0
#include "core/lma/node_edits.h"

#include <algorithm>

#include "core/lma/events.h"
#include "core/lma/flow_settling.h"

namespace flowmob::core {
namespace {

Change change_of(const MobileNode& node) {
  Change change;
  change.mn_id = node.mn_id;
  change.node = node.index;
  return change;
}

void follow(const Policy& policy, MobileNode next, Change& change) {
  settle_flows(policy, next);
  change.next = std::move(next);
}

}  // namespace

std::optional<Change> in_delete_wait(const Policy& policy, const MobileNode& node, const SessionTest& these,
                                     const Deadline& deadline, const std::string& event) {
  Change change = change_of(node);
  MobileNode next = node;
  for (auto& session : next.sessions) {
    if (session.in_delete_wait || !these(session)) continue;
    session.in_delete_wait = true;
    session.opens.reset();
    session.deadline = deadline;
    change.events.push_back(session_event(event, policy, node, session));
  }
  if (change.events.empty()) return std::nullopt;
  follow(policy, std::move(next), change);
  return change;
}

std::optional<Change> without(const Policy& policy, const MobileNode& node, const SessionTest& these,
                              const std::string& event) {
  Change change = change_of(node);
  MobileNode next = node;
  std::erase_if(next.sessions, these);
  for (const auto& session : node.sessions) {
    if (next.find(session.id)) continue;
    next.flows.forget(session.id);
    change.events.push_back(session_event(event, policy, node, session));
  }
  if (change.events.empty()) return std::nullopt;
  next.drop_unregistered_families();
  if (!next.sessions.empty()) follow(policy, std::move(next), change);
  return change;
}

std::optional<Change> without_ipv4(const Policy& policy, const MobileNode& node, const SessionTest& these,
                                   const std::string& event) {
  Change change = change_of(node);
  MobileNode next = node;
  for (auto& session : next.sessions) {
    if (!these(session)) continue;
    session.ipv4 = false;
    change.events.push_back(session_event(event, policy, node, session));
  }
  if (change.events.empty()) return std::nullopt;
  next.drop_unregistered_families();
  follow(policy, std::move(next), change);
  return change;
}

std::optional<Change> with_reachable(const Policy& policy, const MobileNode& node, const Ipv6Address& mag,
                                     bool reachable) {
  Change change = change_of(node);
  MobileNode next = node;
  for (auto& session : next.sessions)
    if (session.mag == mag) session.unreachable = !reachable;
  if (next == node) return std::nullopt;
  follow(policy, std::move(next), change);
  return change;
}

std::optional<Change> with_permitted_delegated(const Policy& policy, const MobileNode& node) {
  const auto* profile = policy.profile(node.mn_id);
  Change change = change_of(node);
  MobileNode next = node;
  for (auto& session : next.sessions) {
    const auto gone = std::erase_if(session.delegated, [&](const Ipv6Prefix& prefix) {
      return !profile || !permits_delegated(*profile, prefix);
    });
    if (gone != 0)
      change.events.push_back(session_event("delegated-prefixes-withdrawn", policy, node, session));
  }
  if (change.events.empty()) return std::nullopt;
  std::erase_if(next.former, [](const FormerGateway& gateway) { return !gateway.delegated.empty(); });
  follow(policy, std::move(next), change);
  return change;
}

std::optional<Change> with_rules(const Policy& policy, const MobileNode& node, FlowNumbers& numbers,
                                 FlowTable::Follow kind, const std::set<FlowIndex>& pinned) {
  const auto rules = policy.flow_policy(node.mn_id);
  const bool obeys = policy.decider(node.mn_id) == Decider::Gateways;
  const bool disobeys = !obeys && node.flows.has_announced();
  if (!rules && !node.flows.policy() && !disobeys && !obeys) return std::nullopt;
  Change change = change_of(node);
  MobileNode next = node;
  if (disobeys) next.flows.drop_announced();
  next.flows.follow(rules, numbers, kind);
  for (const auto& flow : node.flows.bindings())
    if (!flow.rule && pinned.contains(flow.index)) next.flows.pin(flow.index);
  follow(policy, std::move(next), change);
  if (*change.next == node) return std::nullopt;
  return change;
}

void NodeEdits::apply(const MobileNode& node, HandoverCause cause, const Edit& edit) {
  const std::string mn_id = node.mn_id;
  auto change = edit(node);
  if (!change) return;
  change->cause = std::move(cause);
  state_.changes.apply(state_.policy, std::move(*change));
  changed_.push_back(mn_id);
}

void NodeEdits::make(const MobileNode& node, HandoverCause cause, Edit edit) {
  if (state_.changes.under_way(node.mn_id))
    waiting_.push_back({node.index, std::move(cause), std::move(edit)});
  else
    apply(node, std::move(cause), edit);
}

void NodeEdits::make_all(const HandoverCause& cause, const Edit& edit) {
  std::vector<NodeIndex> all;  // what goes must not be stepped from
  for (const auto& [index, node] : state_.cache.nodes()) all.push_back(index);
  std::ranges::sort(all);
  for (const auto index : all)
    if (const auto* node = state_.cache.find(index)) make(*node, cause, edit);
}

void NodeEdits::make_waiting() {
  if (waiting_.empty()) return;
  for (auto& one : std::exchange(waiting_, {}))
    if (const auto* node = state_.cache.find(one.node))
      make(*node, std::move(one.cause), std::move(one.edit));
}

}  // namespace flowmob::core
