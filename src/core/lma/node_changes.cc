// SPDX-License-Identifier: Apache-2.0
#include "core/lma/node_changes.h"

#include "core/lma/identifier.h"

namespace flowmob::core {
namespace {

NodeRows wanted_rows(const Policy& policy, const Change& change, const NodeRows& before) {
  if (change.next) return rows_of(*change.next, policy.own_address());
  NodeRows none;
  none.node = before.node;
  return none;
}

}  // namespace

void NodeChanges::push(std::vector<LmaAction> actions, const std::string& owner, bool gates) {
  for (auto& action : actions) {
    Handovers::Switch by;
    if (auto* flow = std::get_if<InstallFlow>(&action)) {
      by = handovers_.before_switch(flow->flow);
      flow->order = by.order;
    } else if (const auto* session = std::get_if<InstallSession>(&action)) {
      by.handover = handovers_.before_switch(session->session);
    }
    effects_.push_asking(std::move(action), owner, gates, by.handover);
  }
}

void NodeChanges::open_handovers(const Policy& policy, const MobileNode* before, Change& change) {
  if (!change.next) return;
  if (before)
    change.handovers = handovers_.open(policy, *before, *change.next, std::move(change.cause), change.events);
  change.next->flows.adopt_default();
}

/// What is in the cache is in place.
NodeRows NodeChanges::rows_in_place(const Policy& policy, NodeIndex index) const {
  const auto* node = cache_.find(index);
  return node ? rows_of(*node, policy.own_address()) : NodeRows{};
}

/// A registration that changes no row only moves a deadline, if the rows are there.
bool NodeChanges::extends(const Change& change) const {
  if (incomplete_.contains(change.node)) return false;
  const auto* known = change.answer && change.next ? cache_.find(change.node) : nullptr;
  return known && same_rows(*known, *change.next);
}

/// A record that is not written costs less than a domain that is refused because a disk is full.
Finished NodeChanges::extend(Change change) {
  effects_.push_asking(PersistNode{change.next->to_record()}, change.mn_id, false);
  cache_.put(std::move(*change.next));
  return {std::move(change), std::nullopt};
}

/// Asks for the new rows, then for the record. What goes, goes when the change takes effect.
NodeRows NodeChanges::establish(const Policy& policy, Change& change, const NodeRows& before, bool gates) {
  NodeRows rows = wanted_rows(policy, change, before);
  if (!change.next) return rows;
  if (rows.classifier != before.classifier) ++change.next->generation;
  push(forwarding_.establish(before, rows, change.next->generation), change.mn_id, gates);
  effects_.push_asking(PersistNode{change.next->to_record()}, change.mn_id, gates);
  return rows;
}

/// Addresses that a node has no more are free.
void NodeChanges::release_unless_kept(const MobileNode& former, const std::optional<MobileNode>& next) {
  if (!next || next->prefixes.empty()) prefixes_.release(former.prefixes);
  if (former.ipv4 && (!next || !next->ipv4)) ipv4_.release(former.ipv4->address.address);
}

void NodeChanges::take_effect(Change& change, const NodeRows& before, const NodeRows& rows) {
  push(forwarding_.retire(before, rows), change.mn_id, false);
  if (const auto* former = cache_.find(change.node)) release_unless_kept(*former, change.next);
  if (change.next) return cache_.put(std::move(*change.next));
  cache_.erase(change.node);
  incomplete_.erase(change.node);
  effects_.push_asking(ForgetNode{change.node, change.mn_id}, change.mn_id, false);
}

std::optional<Finished> NodeChanges::begin(const Policy& policy, Change change) {
  if (extends(change)) return extend(std::move(change));
  open_handovers(policy, cache_.find(change.node), change);
  NodeRows before = rows_in_place(policy, change.node);
  const bool asks_for_all = incomplete_.contains(change.node);
  NodeRows nothing;
  nothing.node = before.node;
  NodeRows rows = establish(policy, change, asks_for_all ? nothing : before, true);
  cache_.suspend_deadlines(change.node);
  const std::string mn_id = change.mn_id;
  under_way_.insert_or_assign(mn_id,
                              UnderWay{std::move(change), std::move(before), std::move(rows), asks_for_all});
  if (effects_.awaits(mn_id)) return std::nullopt;
  return finish(mn_id);
}

Handovers::Ids NodeChanges::apply(const Policy& policy, Change change) {
  open_handovers(policy, cache_.find(change.node), change);
  const NodeRows before = rows_in_place(policy, change.node);
  const NodeRows rows = establish(policy, change, before, false);
  take_effect(change, before, rows);
  for (auto& event : change.events) effects_.push(std::move(event));
  return std::move(change.handovers);
}

void NodeChanges::restore(const Policy& policy, const MobileNode& former, Change change) {
  change.cause = handovers_.cause(HandoverTrigger::Restart);
  open_handovers(policy, &former, change);
  const NodeRows left = rows_of(former, policy.own_address());
  NodeRows rows = establish(policy, change, {}, false);
  rows.node = former.index;
  release_unless_kept(former, change.next);
  take_effect(change, left, rows);
  for (auto& event : change.events) effects_.push(std::move(event));
}

Change* NodeChanges::under_way(std::string_view mn_id) {
  const auto found = under_way_.find(mn_id);
  return found == under_way_.end() ? nullptr : &found->second.change;
}

std::optional<Finished> NodeChanges::handle_result(EffectId id, const Result<void>& outcome) {
  const auto asked = effects_.answer(id);
  if (!asked) return std::nullopt;
  if (asked->handover) handovers_.handle_switched(asked->handover, outcome);
  if (outcome && asked->tunnel) forwarding_.tunnel_stands(*asked->tunnel);
  if (!outcome)
    effects_.push(Notify{"effect-failed",
                         {{"effect", asked->name},
                          {"mn", escaped(asked->owner)},
                          {"code", outcome.error().code},
                          {"message", outcome.error().message}}});
  if (!outcome && !asked->gates) note_failure(*asked);
  if (!asked->gates) return std::nullopt;
  if (!outcome) return roll_back(asked->owner, outcome.error());
  if (effects_.awaits(asked->owner)) return std::nullopt;
  return finish(asked->owner);
}

/// Nobody was promised it; whoever asks next has to get it. What is not written is written with the next
/// change.
void NodeChanges::note_failure(const EffectQueue::Asked& asked) {
  if (asked.name == "persist-node" || asked.name == "forget-node") return;
  for (const auto* node : cache_.find_all(asked.owner)) incomplete_.insert(node->index);
}

Finished NodeChanges::finish(const std::string& mn_id) {
  UnderWay done = std::move(under_way_.extract(mn_id).mapped());
  if (done.asks_for_all) incomplete_.erase(done.change.node);
  take_effect(done.change, done.before, done.rows);
  return {std::move(done.change), std::nullopt};
}

/// Some of the rows may be in place, others not: all that differs is asked for as it was before.
Finished NodeChanges::roll_back(const std::string& mn_id, const Error& error) {
  UnderWay failed = std::move(under_way_.extract(mn_id).mapped());
  handovers_.fail(failed.change.handovers, error);
  effects_.cancel_gating(mn_id);
  prefixes_.release(failed.change.allocated);
  if (failed.change.allocated_ipv4) ipv4_.release(*failed.change.allocated_ipv4);
  const NodeIndex index = failed.change.node;
  const NodeRows& before = failed.before;
  const std::uint32_t generation = failed.change.next ? failed.change.next->generation + 1 : 0;
  push(forwarding_.establish(failed.rows, before, generation), mn_id, false);
  push(forwarding_.retire(failed.rows, before), mn_id, false);
  const auto* former = cache_.find(index);
  if (former) {
    MobileNode node = *former;
    node.generation = generation;
    effects_.push_asking(PersistNode{node.to_record()}, mn_id, false);
    cache_.put(std::move(node));
  } else {
    effects_.push_asking(ForgetNode{index, mn_id}, mn_id, false);
  }
  return {std::move(failed.change), error};
}

}  // namespace flowmob::core
