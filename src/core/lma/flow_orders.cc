// SPDX-License-Identifier: Apache-2.0
#include "core/lma/flow_orders.h"

#include <algorithm>
#include <utility>

namespace flowmob::core {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFirstLook = 4ms;
constexpr std::size_t kMostNodes = 4096;

/// Delays change, and a timer is not exact.
Duration with_margin(Duration difference) { return difference + difference / 4 + 2ms; }

}  // namespace

/// To a path that is not faster everything has turned as soon as that was known.
bool FlowOrders::may_have_packets_on_old_path(TimePoint now, const Ordered& former) {
  const bool is_slower = former.plan.difference && former.plan.gap == Duration{};
  return now < former.deadline && !is_slower;
}

/// From the earlier of two moves that has not finished: its packets may still be on the way by that path, and
/// what has turned goes back to it in order, for it is the slower one.
std::optional<FlowOrder> FlowOrders::begin(TimePoint now, const Move& move) {
  const auto former = moves_.find(move.flow);
  SessionId from = move.from;
  if (former != moves_.end() && may_have_packets_on_old_path(now, former->second) &&
      former->second.move.from != move.to)
    from = former->second.move.from;
  if (former == moves_.end() && moves_.size() >= kMost) return std::nullopt;
  const TimePoint deadline = now + move.order.deadline;
  auto& ordered = moves_[move.flow];
  ordered = {move, {move.order, {}, {}, kAssumed}, now, deadline, now + kFirstLook, std::nullopt};
  ordered.move.from = from;
  if (nodes_.contains(move.node)) measure(now, ordered);
  return FlowOrder{from, now, ordered.plan.gap, deadline};
}

void FlowOrders::follow(const MobileNode& after) {
  const auto live = after.live();
  std::vector<FlowIndex> ended;
  for (const auto& [flow, ordered] : moves_)
    if (ordered.move.node == after.index && std::ranges::count(live, ordered.move.from) == 0)
      ended.push_back(flow);
  for (const auto flow : ended) end(flow);
}

void FlowOrders::end(FlowIndex flow) {
  if (moves_.erase(flow) != 0) effects_.push(EndOrder{flow});
}

const OrderPlan* FlowOrders::plan(FlowIndex flow) const {
  const auto found = moves_.find(flow);
  return found == moves_.end() ? nullptr : &found->second.plan;
}

void FlowOrders::measure(TimePoint now, Ordered& ordered) {
  ordered.measure.reset();
  const auto known = nodes_.find(ordered.move.node);
  if (known == nodes_.end()) return;  // forgotten: it is assumed
  delays_.measure(now, ordered.move.from, ordered.move.anchor, known->second);
  delays_.measure(now, ordered.move.to, ordered.move.anchor, known->second);
  const TimePoint again = ordered.deadline - kMeasureAgain;
  ordered.measure = again > now + kMeasureAgain / 2 ? std::optional(again) : std::nullopt;
}

void FlowOrders::look(TimePoint now, Ordered& ordered) {
  effects_.push(ReadOrder{ordered.move.flow});
  const TimePoint next = now + (now - ordered.began);
  ordered.look = next < ordered.deadline ? std::optional(next) : std::nullopt;
}

void FlowOrders::handle_seen(TimePoint now, FlowIndex flow, const OrderSeen& seen) {
  const auto found = moves_.find(flow);
  if (found == moves_.end() || !seen.node) return;
  if (nodes_.size() >= kMostNodes && !nodes_.contains(found->second.move.node)) nodes_.erase(nodes_.begin());
  found->second.look.reset();
  auto& known = nodes_[found->second.move.node];
  if (std::exchange(known, *seen.node) != *seen.node) measure(now, found->second);
}

/// Both ways together: which of them takes longer cannot be told from one end. So it is no less than the
/// difference on the way down, unless the old path is the faster one upwards.
bool FlowOrders::adjust(Ordered& ordered) {
  const auto* from = delays_.of(ordered.move.from);
  const auto* to = delays_.of(ordered.move.to);
  if (!from || !to || from->latest < ordered.began || to->latest < ordered.began) return false;
  const Duration difference = from->most - to->least;
  const Duration gap = difference > Duration{} ? with_margin(difference) : Duration{};
  if (ordered.plan.difference == difference) return false;
  ordered.plan.difference = difference;
  ordered.plan.gap = gap;
  effects_.push(AdjustOrder{ordered.move.flow, gap});
  return true;
}

std::vector<FlowIndex> FlowOrders::handle_echo_reply(TimePoint now, const Ipv6Address& source,
                                                     ByteView message) {
  std::vector<FlowIndex> changed;
  const auto session = delays_.handle_echo_reply(now, source, message);
  if (!session) return changed;
  for (auto& [flow, ordered] : moves_) {
    const bool is_concerned = ordered.move.from == *session || ordered.move.to == *session;
    if (is_concerned && now < ordered.deadline && adjust(ordered)) changed.push_back(flow);
  }
  return changed;
}

void FlowOrders::handle_timeout(TimePoint now) {
  delays_.handle_timeout(now);
  for (auto& [flow, ordered] : moves_) {
    if (ordered.look && *ordered.look <= now) look(now, ordered);
    if (ordered.measure && *ordered.measure <= now) measure(now, ordered);
  }
}

std::optional<TimePoint> FlowOrders::next_deadline() const {
  std::optional<TimePoint> next = delays_.next_deadline();
  for (const auto& [flow, ordered] : moves_)
    for (const auto& due : {ordered.look, ordered.measure})
      if (due && (!next || *due < *next)) next = due;
  return next;
}

}  // namespace flowmob::core
