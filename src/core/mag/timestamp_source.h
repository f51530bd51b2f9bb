// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/options.h"

namespace flowmob::core {

/// Timestamps that rise from message to message. An equal one is refused (RFC 5213 section 5.5), and two
/// messages of one event fall into the same 1/65536 s easily.
class TimestampSource {
 public:
  wire::TimestampOption next(WallTime wall) { return next(wire::TimestampOption::from_wall(wall)); }
  wire::TimestampOption next(wire::TimestampOption stamp) {
    if (stamp.value <= last_ && last_ - stamp.value < kSlack) stamp.value = last_ + 1;
    last_ = stamp.value;
    return stamp;
  }

 private:
  /// 125 ms: a wall clock that was put back further than this is believed.
  static constexpr std::uint64_t kSlack = 1U << 13;
  std::uint64_t last_ = 0;
};

}  // namespace flowmob::core
