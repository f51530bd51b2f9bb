// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <optional>

#include "base/bytes.h"
#include "base/time.h"
#include "dataplane/abi/order.h"

namespace flowmob::daemon {

/// What a frame that waits has in the place of its Ethernet addresses; nothing for a frame that is not ours.
std::optional<fm_held> held_of(ByteView frame);
/// The time of which the row has the lower bits: that nearest to `now`.
TimePoint release_of(const fm_held& held, TimePoint now);

/// Packets of flows that are made a gap: each waits until its flow may go on, and those of a flow leave in
/// the order in which they came, four times as fast, lest they fill the new path's queue at once.
class HoldQueue {
 public:
  /// More than that does not wait.
  static constexpr std::size_t kMostBytes = 64U << 20;
  static constexpr int kFaster = 4;

  /// `flow`: whatever has an order of its own. `frame` is handed back by take() as it is.
  void put(TimePoint now, std::uint64_t flow, TimePoint release, Bytes frame);
  /// The next that may leave; nothing: none may.
  std::optional<Bytes> take(TimePoint now);
  std::optional<TimePoint> next_deadline() const;
  std::size_t bytes() const { return bytes_; }

 private:
  struct Waiting {
    TimePoint leaves;
    Bytes frame;
  };
  struct Flow {
    TimePoint first{};  ///< when the oldest of these came
    std::deque<Waiting> waiting;
  };
  std::map<std::uint64_t, Flow>::iterator next();

  std::map<std::uint64_t, Flow> flows_;
  std::size_t bytes_ = 0;
};

}  // namespace flowmob::daemon
