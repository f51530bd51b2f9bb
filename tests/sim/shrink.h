// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <vector>

namespace flowmob::sim {

/// Delta debugging (Zeller's ddmin): a shorter list that still fails, with as few attempts as `budget`. Of
/// what is left, no part that was tried can go.
template <class T>
std::vector<T> shrink(std::vector<T> failing, const std::function<bool(const std::vector<T>&)>& fails,
                      unsigned budget) {
  std::size_t parts = 2;
  while (failing.size() > 1 && budget > 0) {
    const std::size_t length = (failing.size() + parts - 1) / parts;
    bool is_shorter = false;
    for (std::size_t start = 0; start < failing.size() && budget > 0; start += length) {
      std::vector<T> rest(failing.begin(), failing.begin() + static_cast<std::ptrdiff_t>(start));
      rest.insert(rest.end(),
                  failing.begin() + static_cast<std::ptrdiff_t>(std::min(start + length, failing.size())),
                  failing.end());
      --budget;
      if (!fails(rest)) continue;
      failing = std::move(rest);
      parts = std::max<std::size_t>(parts - 1, 2);
      is_shorter = true;
      break;
    }
    if (is_shorter) continue;
    if (length == 1) break;
    parts = std::min(parts * 2, failing.size());
  }
  return failing;
}

}  // namespace flowmob::sim
