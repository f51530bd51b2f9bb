// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>

#include "base/time.h"

namespace flowmob::sim {

/// The one source of chance in a run. The same seed gives the same numbers with every standard library, which
/// is why no std:: distribution is used.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  /// 0 to `bound` - 1.
  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : engine_() % bound; }
  bool chance(double probability) {
    if (probability <= 0) return false;
    return static_cast<double>(engine_() >> 11) * 0x1.0p-53 < probability;
  }
  Duration between(Duration low, Duration high) {
    const auto span = static_cast<std::uint64_t>((high - low).count());
    return low + Duration(static_cast<std::int64_t>(below(span + 1)));
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace flowmob::sim
