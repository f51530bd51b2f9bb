// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/address.h"
#include "base/strong_id.h"
#include "base/time.h"

/// Moves that reorder nothing (docs/adr/0063).
namespace flowmob::core {

/// How a flow is moved while both of its links are up.
enum class MoveOrder {
  Gap,  ///< each 5-tuple in a gap between two of its packets; one that has none is made one
  Now,  ///< at once
};

struct OrderConfig {
  MoveOrder order = MoveOrder::Gap;
  Duration deadline = std::chrono::milliseconds(250);  ///< how long a gap is waited for
  friend bool operator==(const OrderConfig&, const OrderConfig&) = default;
};

/// For the data plane: until a 5-tuple has turned, its packets go by the session `from`.
struct FlowOrder {
  SessionId from;
  TimePoint begun{};       ///< what is not known to have sent later has sent its last packet then
  Duration gap{};          ///< a packet that comes so long behind the last turns
  TimePoint deadline{};    ///< what has found no gap until then is made one
  bool makes_gaps = true;  ///< false: it turns then without
  friend bool operator==(const FlowOrder&, const FlowOrder&) = default;
};

/// What the data plane says of it.
struct OrderSeen {
  std::optional<Ipv6Address> node{};  ///< where packets of the flow went
  std::uint64_t at_gaps{};            ///< 5-tuples that turned in a gap of their own
  std::uint64_t at_deadline{};        ///< without one
  std::uint64_t held{};               ///< in one that was made
  std::uint64_t held_packets{};
  std::uint64_t early{};  ///< packets by the new path that may have overtaken others
  std::uint64_t
      up_held{};  ///< 5-tuples whose first uplink packets by the new path waited for those by the old
  std::uint64_t up_held_packets{};
  std::optional<TimePoint> last_turn{};
  friend bool operator==(const OrderSeen&, const OrderSeen&) = default;
};

}  // namespace flowmob::core
