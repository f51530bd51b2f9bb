// SPDX-License-Identifier: Apache-2.0
#include "platform/dataplane/order_rows.h"

#include <random>

#include "base/ipv4.h"
#include "platform/dataplane/convert.h"

namespace flowmob::dataplane {
namespace {

/// The kernel's ktime is our monotonic clock.
std::uint64_t ktime(TimePoint at) { return static_cast<std::uint64_t>(at.time_since_epoch().count()); }

std::optional<Ipv6Address> ipv6_of(const fm_address_number& number) {
  const auto address = from_number(number);
  return address.is_routable_unicast() && !is_mapped(address) ? std::optional(address) : std::nullopt;
}

}  // namespace

/// A predecessor's numbers may still stand beside 5-tuples.
OrderRows::OrderRows(const BpfObject& object)
    : rows_(object, "orders"), seen_(object, "order_seen"), last_number_(std::random_device{}()) {}

Result<void> OrderRows::begin(FlowIndex flow, const core::FlowOrder& order) {
  if (++last_number_ == 0) ++last_number_;
  fm_order_row row{};
  row.begun = ktime(order.begun);
  row.gap = static_cast<std::uint64_t>(order.gap.count());
  row.deadline = ktime(order.deadline);
  row.old_session = order.from.value;
  row.number = last_number_;
  if (order.makes_gaps && hold_interface_) row.hold_interface = hold_interface_->value;
  begun_.insert(flow);
  return seen_.set(flow.value, fm_order_seen{}).and_then([&] { return rows_.set(flow.value, row); });
}

Result<void> OrderRows::adjust(FlowIndex flow, Duration gap) {
  auto row = rows_.get(flow.value);
  if (!row) return {};
  row->gap = static_cast<std::uint64_t>(gap.count());
  row->up_gap = static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::microseconds>(gap).count());
  return rows_.set(flow.value, *row);
}

std::optional<core::OrderSeen> OrderRows::read(FlowIndex flow) const {
  const auto row = seen_.get(flow.value);
  if (!row) return std::nullopt;
  core::OrderSeen seen{ipv6_of(row->node), row->at_gaps, row->at_deadline,     row->held, row->held_packets,
                       row->early,         row->up_held, row->up_held_packets, {}};
  if (row->last_turn != 0) seen.last_turn = TimePoint(std::chrono::nanoseconds(row->last_turn));
  return seen;
}

Result<void> OrderRows::end_begun(FlowIndex flow) {
  return begun_.contains(flow) ? end(flow) : Result<void>{};
}

Result<void> OrderRows::end(FlowIndex flow) {
  return rows_.erase(flow.value).and_then([&] { return seen_.erase(flow.value); }).map([&] {
    begun_.erase(flow);
  });
}

std::vector<FlowIndex> OrderRows::all() const {
  std::vector<FlowIndex> flows;
  for (const auto flow : rows_.keys()) flows.push_back(FlowIndex{flow});
  return flows;
}

}  // namespace flowmob::dataplane
