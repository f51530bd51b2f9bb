// SPDX-License-Identifier: Apache-2.0
#include "core/mn/vif_flow_table.h"

#include <algorithm>

namespace flowmob::core {

void VifFlowTable::set_member(std::uint32_t number, bool up) {
  if (number < kMembers) up_[number] = up;
}

VifFlowTable::Flow& VifFlowTable::flow_of(const VifFlowKey& key, std::uint32_t member) {
  if (const auto known = flows_.find(key); known != flows_.end()) {
    ages_.splice(ages_.begin(), ages_, known->second.age);
    return known->second.flow;
  }
  if (flows_.size() >= std::max<std::size_t>(options_.capacity, 1)) {
    flows_.erase(ages_.back());
    ages_.pop_back();
  }
  ages_.push_front(key);
  return flows_.emplace(key, Entry{{member, member, 0, {}}, ages_.begin()}).first->second.flow;
}

std::optional<std::uint32_t> VifFlowTable::send(TimePoint, const VifFlowKey& key) {
  const Flow& flow = flow_of(key, default_member_);
  if (is_up(flow.member)) return flow.member;
  // The entry stays: the flow is back on its own link as soon as that is.
  if (is_up(default_member_)) return default_member_;
  const auto any = std::ranges::find(up_, true);
  if (any == up_.end()) return std::nullopt;
  return static_cast<std::uint32_t>(any - up_.begin());
}

void VifFlowTable::receive(TimePoint now, const VifFlowKey& key, std::uint32_t member) {
  Flow& flow = flow_of(key, member);
  if (options_.reflect && flow.member != member) reflect(flow, now, member);
}

/// Packets that were under way when the flow left a slower link must not call it back: it returns to the
/// member it just left only after a while, or when the present one is down.
void VifFlowTable::reflect(Flow& flow, TimePoint now, std::uint32_t member) const {
  const bool straggler = flow.moves != 0 && member == flow.previous && now - flow.moved < options_.hold;
  if (straggler && is_up(flow.member)) return;
  flow = {member, flow.member, flow.moves + 1, now};
}

const VifFlowTable::Flow* VifFlowTable::find(const VifFlowKey& key) const {
  const auto found = flows_.find(key);
  return found == flows_.end() ? nullptr : &found->second.flow;
}

}  // namespace flowmob::core
