// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <tuple>

#include "core/lma/effect.h"
#include "packet.h"

namespace flowmob::sim {

/// How the anchor's data plane moves flows in order (src/dataplane/order.h), on the anchor's monotonic time.
class LmaOrders {
 public:
  void apply(TimePoint now, const core::InstallFlow& effect);
  void apply(const core::AdjustOrder& effect);
  void apply(const core::EndOrder& effect) { rows_.erase(effect.flow); }
  void clear() { rows_.clear(); }

  struct Way {
    std::optional<SessionId> by;  ///< none: the flow's own
    Duration waits{};
  };
  Way down(TimePoint now, FlowIndex flow, const Packet& packet);
  /// How long what came up by the flow's own session waits.
  Duration up(TimePoint now, FlowIndex flow, const Packet& packet);
  std::optional<core::OrderSeen> seen(FlowIndex flow) const;

 private:
  using Key = std::pair<Flow, Ipv6Address>;
  struct Turn {
    TimePoint last{};
    std::optional<TimePoint> release{};  ///< it has turned, and nothing goes before
  };
  struct Row {
    core::FlowOrder order;
    TimePoint begun{};
    Duration up_gap{};
    std::map<Key, Turn> turns;
    std::map<Key, TimePoint> up;  ///< what came before waits until then
    core::OrderSeen seen;
  };
  std::map<FlowIndex, Row> rows_;
};

}  // namespace flowmob::sim
