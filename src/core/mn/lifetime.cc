// SPDX-License-Identifier: Apache-2.0
#include "core/mn/lifetime.h"

#include <algorithm>

namespace flowmob::core {

TimePoint lifetime_end(TimePoint now, std::uint32_t seconds) {
  const Duration length = std::chrono::seconds(seconds);
  if (seconds == kInfiniteLifetime || kNever - length <= now) return kNever;
  return now + length;
}

std::uint32_t lifetime_left(TimePoint now, TimePoint end) {
  if (end == kNever) return kInfiniteLifetime;
  if (end <= now) return 0;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(end - now).count();
  return static_cast<std::uint32_t>(std::min<std::int64_t>(seconds, kInfiniteLifetime - 1));
}

}  // namespace flowmob::core
