// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "wire/traffic_selector.h"

namespace flowmob::dataplane::testing {

/// Everything random of one run comes from here: the same seed makes the same run everywhere.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : engine_(seed) {}

  std::uint32_t below(std::size_t limit) { return static_cast<std::uint32_t>(engine_() % limit); }
  std::uint32_t from_to(std::size_t first, std::size_t last) {
    return static_cast<std::uint32_t>(first) + below(last - first + 1);
  }
  bool one_in(std::uint32_t chances) { return below(chances) == 0; }
  std::uint8_t octet() { return static_cast<std::uint8_t>(engine_() >> 40); }

  template <class T>
  T one_of(std::initializer_list<T> all) {
    return all.begin()[below(all.size())];
  }
  template <class T>
  const T& one_of(const std::vector<T>& all) {
    return all[below(all.size())];
  }
  template <class T>
  wire::Range<T> range(T a, T b) {
    return {std::min(a, b), std::max(a, b)};
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace flowmob::dataplane::testing
