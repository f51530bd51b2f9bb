// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/time.h"

/// Lifetimes of Neighbor Discovery in seconds, and the moments on the time line at which they end.
namespace flowmob::core {

constexpr std::uint32_t kInfiniteLifetime = 0xffffffff;
constexpr TimePoint kNever = TimePoint::max();
constexpr TimePoint kEnded = TimePoint::min();

TimePoint lifetime_end(TimePoint now, std::uint32_t seconds);
/// Rounded up: what has not ended yet has at least a second left.
std::uint32_t lifetime_left(TimePoint now, TimePoint end);

}  // namespace flowmob::core
