// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "core/lma/flow_order.h"

namespace flowmob::core {

/// What the data plane has seen of a flow since it was told to watch it.
struct FlowWatch {
  struct Path {
    std::uint64_t packets{};
    std::optional<TimePoint> first{};
    std::optional<TimePoint> last{};  ///< on the old path also one from before, to a clock tick
    friend bool operator==(const Path&, const Path&) = default;
  };
  struct Way {
    Path old_path, new_path;
    std::uint64_t late{};  ///< packets by the old path behind the first by the new
    friend bool operator==(const Way&, const Way&) = default;
  };
  Way down, up;
  std::optional<OrderSeen> order{};  ///< where the flow moves in order
  friend bool operator==(const FlowWatch&, const FlowWatch&) = default;
};

}  // namespace flowmob::core
