// SPDX-License-Identifier: Apache-2.0
#include "lma_orders.h"

#include <algorithm>

namespace flowmob::sim {

void LmaOrders::apply(TimePoint now, const core::InstallFlow& effect) {
  rows_.erase(effect.flow);
  if (effect.order) rows_[effect.flow] = {*effect.order, now, {}, {}, {}, {}};
}

void LmaOrders::apply(const core::AdjustOrder& effect) {
  const auto row = rows_.find(effect.flow);
  if (row == rows_.end()) return;
  row->second.order.gap = effect.gap;
  row->second.up_gap = effect.gap;
}

LmaOrders::Way LmaOrders::down(TimePoint now, FlowIndex flow, const Packet& packet) {
  const auto found = rows_.find(flow);
  if (found == rows_.end()) return {};
  auto& [order, begun, up_gap, turns, up, seen] = found->second;
  auto& turn = turns.try_emplace({packet.flow, packet.node}, Turn{begun, {}}).first->second;
  seen.node = packet.node;
  if (!turn.release && now - turn.last > order.gap) {
    turn.release = now;
    ++seen.at_gaps;
  } else if (!turn.release && now < order.deadline) {
    turn.last = now;
    return {order.from, {}};
  } else if (!turn.release) {
    turn.release = turn.last + order.gap;
    ++seen.held;
  }
  return {{}, std::max(*turn.release - now, Duration{})};
}

Duration LmaOrders::up(TimePoint now, FlowIndex flow, const Packet& packet) {
  const auto found = rows_.find(flow);
  if (found == rows_.end()) return {};
  auto& row = found->second;
  const auto release = row.up.try_emplace({packet.flow, packet.node}, now + row.up_gap).first->second;
  return std::max(release - now, Duration{});
}

std::optional<core::OrderSeen> LmaOrders::seen(FlowIndex flow) const {
  const auto row = rows_.find(flow);
  return row == rows_.end() ? std::nullopt : std::optional(row->second.seen);
}

}  // namespace flowmob::sim
