// SPDX-License-Identifier: Apache-2.0
#include "core/lma/node_changes.h"

#include "core/lma/identifier.h"

namespace flowmob::core {
namespace {

NodeRows wanted_rows(const Policy& policy, const Change& change, const NodeRows& before) {
  if (change.next) return rows_of(*change.next, policy.config().address, policy.config().tunnel_mtu, before);
  NodeRows none;
  none.node = before.node;
  return none;
}

}  // namespace

void NodeChanges::push(std::vector<LmaAction> actions, const std::string& owner, bool gates) {
  for (auto& action : actions) effects_.push_asking(std::move(action), owner, gates);
}

NodeRows NodeChanges::rows_in_place(NodeIndex node) const {
  const auto found = rows_.find(node);
  return found == rows_.end() ? NodeRows{} : found->second;
}

/// A registration that changes no row only moves a deadline: a record that is not written costs less than a
/// domain that is refused because a disk is full.
bool NodeChanges::extends(const Change& change, const std::vector<LmaAction>& rows) const {
  return change.answer && rows.empty() && cache_.find(change.node);
}

/// Asks for the new rows, then for the record. What goes, goes when the change takes effect.
NodeRows NodeChanges::establish(const Policy& policy, Change& change, const NodeRows& before, bool gates) {
  NodeRows rows = wanted_rows(policy, change, before);
  if (!change.next) return rows;
  if (rows.classifier != before.classifier) ++change.next->generation;
  auto actions = forwarding_.establish(before, rows, change.next->generation);
  const bool record_gates = gates && !extends(change, actions);
  push(std::move(actions), change.mn_id, gates);
  effects_.push_asking(PersistNode{change.next->to_record()}, change.mn_id, record_gates);
  return rows;
}

void NodeChanges::take_effect(Change& change, const NodeRows& before, NodeRows rows) {
  push(forwarding_.retire(before, rows), change.mn_id, false);
  if (change.next) {
    rows_.insert_or_assign(change.node, std::move(rows));
    cache_.put(*change.next);
    return;
  }
  if (const auto* gone = cache_.find(change.node)) prefixes_.release(gone->prefixes);
  rows_.erase(change.node);
  cache_.erase(change.node);
  effects_.push_asking(ForgetNode{change.node, change.mn_id}, change.mn_id, false);
}

std::optional<Finished> NodeChanges::begin(const Policy& policy, Change change) {
  const NodeRows before = rows_in_place(change.node);
  NodeRows rows = establish(policy, change, before, true);
  cache_.suspend_deadlines(change.node);
  const std::string mn_id = change.mn_id;
  under_way_.insert_or_assign(mn_id, UnderWay{std::move(change), std::move(rows)});
  if (effects_.awaits(mn_id)) return std::nullopt;
  return finish(mn_id);
}

void NodeChanges::apply(const Policy& policy, Change change) {
  const NodeRows before = rows_in_place(change.node);
  NodeRows rows = establish(policy, change, before, false);
  take_effect(change, before, std::move(rows));
  for (auto& event : change.events) effects_.push(std::move(event));
}

void NodeChanges::restore(const Policy& policy, const MobileNode& former, Change change) {
  const NodeRows left = rows_of(former, policy.config().address, policy.config().tunnel_mtu, {});
  NodeRows rows = establish(policy, change, {}, false);
  rows.node = former.index;
  take_effect(change, left, std::move(rows));
  for (auto& event : change.events) effects_.push(std::move(event));
}

Change* NodeChanges::under_way(std::string_view mn_id) {
  const auto found = under_way_.find(mn_id);
  return found == under_way_.end() ? nullptr : &found->second.change;
}

std::optional<Finished> NodeChanges::handle_result(EffectId id, const Result<void>& outcome) {
  const auto asked = effects_.answer(id);
  if (!asked) return std::nullopt;
  if (outcome && asked->tunnel) forwarding_.tunnel_stands(*asked->tunnel);
  if (!outcome)
    effects_.push(Notify{"effect-failed",
                         {{"effect", asked->name},
                          {"mn", escaped(asked->owner)},
                          {"code", outcome.error().code},
                          {"message", outcome.error().message}}});
  if (!asked->gates) return std::nullopt;
  if (!outcome) return roll_back(asked->owner, outcome.error());
  if (effects_.awaits(asked->owner)) return std::nullopt;
  return finish(asked->owner);
}

Finished NodeChanges::finish(const std::string& mn_id) {
  UnderWay done = std::move(under_way_.extract(mn_id).mapped());
  take_effect(done.change, rows_in_place(done.change.node), std::move(done.rows));
  return {std::move(done.change), std::nullopt};
}

/// Some of the rows may be in place, others not: all that differs is asked for as it was before.
Finished NodeChanges::roll_back(const std::string& mn_id, const Error& error) {
  UnderWay failed = std::move(under_way_.extract(mn_id).mapped());
  effects_.cancel_gating(mn_id);
  prefixes_.release(failed.change.allocated);
  const NodeIndex index = failed.change.node;
  const NodeRows before = rows_in_place(index);
  const std::uint32_t generation = failed.change.next ? failed.change.next->generation + 1 : 0;
  push(forwarding_.establish(failed.rows, before, generation), mn_id, false);
  push(forwarding_.retire(failed.rows, before), mn_id, false);
  const auto* former = cache_.find(index);
  if (former) {
    MobileNode node = *former;
    node.generation = generation;
    cache_.put(std::move(node));
    effects_.push_asking(PersistNode{cache_.find(index)->to_record()}, mn_id, false);
  } else {
    effects_.push_asking(ForgetNode{index, mn_id}, mn_id, false);
  }
  return {std::move(failed.change), error};
}

}  // namespace flowmob::core
