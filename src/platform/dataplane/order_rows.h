// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <unordered_set>
#include <vector>

#include "core/lma/flow_order.h"
#include "dataplane/abi/order.h"
#include "platform/dataplane/bpf_map.h"

namespace flowmob::dataplane {

/// The rows by which the data plane moves flows in order. They stand before the flow's row says so, and go
/// when it says so no more.
class OrderRows {
 public:
  explicit OrderRows(const BpfObject& object);

  /// Where packets wait; none: no gap is made.
  void set_hold_interface(std::optional<InterfaceIndex> interface) { hold_interface_ = interface; }
  Result<void> begin(FlowIndex flow, const core::FlowOrder& order);
  Result<void> adjust(FlowIndex flow, Duration gap);
  std::optional<core::OrderSeen> read(FlowIndex flow) const;
  Result<void> end(FlowIndex flow);
  /// Asks the kernel nothing where no order was begun since this was opened.
  Result<void> end_begun(FlowIndex flow);
  std::vector<FlowIndex> all() const;

 private:
  BpfMap<std::uint32_t, fm_order_row> rows_;
  BpfMap<std::uint32_t, fm_order_seen> seen_;
  std::optional<InterfaceIndex> hold_interface_;
  std::unordered_set<FlowIndex> begun_;
  std::uint32_t last_number_;
};

}  // namespace flowmob::dataplane
