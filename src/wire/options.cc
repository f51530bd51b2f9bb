// SPDX-License-Identifier: Apache-2.0
#include "wire/options.h"

#include <limits>

namespace flowmob::wire {
namespace {

constexpr std::uint64_t kUnitsPerSecond = 65536;
constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

}  // namespace

WallTime TimestampOption::to_wall() const {
  const std::uint64_t seconds = value / kUnitsPerSecond;
  constexpr std::uint64_t kMaximum = std::numeric_limits<Duration::rep>::max() / kNanosecondsPerSecond;
  if (seconds >= kMaximum) return WallTime::max();
  // Rounded up, so that from_wall(), which rounds down, gives the same stamp back.
  const std::uint64_t fraction =
      (value % kUnitsPerSecond * kNanosecondsPerSecond + kUnitsPerSecond - 1) / kUnitsPerSecond;
  return WallTime{Duration{static_cast<Duration::rep>(seconds * kNanosecondsPerSecond + fraction)}};
}

TimestampOption TimestampOption::from_wall(WallTime time) {
  const Duration::rep count = time.time_since_epoch().count();
  if (count <= 0) return {0};
  const auto nanoseconds = static_cast<std::uint64_t>(count);
  return {nanoseconds / kNanosecondsPerSecond * kUnitsPerSecond +
          nanoseconds % kNanosecondsPerSecond * kUnitsPerSecond / kNanosecondsPerSecond};
}

}  // namespace flowmob::wire
