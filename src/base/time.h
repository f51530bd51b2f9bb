// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace flowmob {

using Duration = std::chrono::nanoseconds;

/// The monotonic time line that deadlines live on. It has no now(): time is given, never taken.
struct MonotonicLine {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  static constexpr bool is_steady = true;
};
using TimePoint = std::chrono::time_point<MonotonicLine, Duration>;

/// Wall-clock time since 1970-01-01T00:00Z, for the Timestamp option (RFC 5213 section 8.8) and for records.
struct WallLine {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  static constexpr bool is_steady = false;
};
using WallTime = std::chrono::time_point<WallLine, Duration>;

/// What every entry of the core is given: both clocks, read together by whoever owns them.
struct Now {
  TimePoint monotonic;
  WallTime wall;

  /// The moment `d` later on both lines: how tests and the simulator move time.
  /// How far the wall clock is ahead of the monotonic one: it changes when, and only when, somebody sets the
  /// wall clock.
  constexpr Duration clock_offset() const { return wall.time_since_epoch() - monotonic.time_since_epoch(); }
  constexpr Now operator+(Duration d) const { return {monotonic + d, wall + d}; }
};

}  // namespace flowmob
