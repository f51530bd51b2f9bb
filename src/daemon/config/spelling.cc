// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/spelling.h"

#include <algorithm>
#include <vector>

namespace flowmob::daemon::config {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Optimal string alignment: the last three rows of the distance matrix.
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replace});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

std::optional<std::string_view> did_you_mean(std::string_view word, std::span<const std::string_view> known) {
  // A third of the word may be wrong: "adress" finds "address", "x" finds nothing.
  std::size_t limit = std::max(word.size() / 3, std::size_t{1});
  std::optional<std::string_view> best;
  for (const std::string_view candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance > limit || distance >= candidate.size()) continue;
    if (best && distance == limit) continue;
    best = candidate;
    limit = distance;
  }
  return best;
}

}  // namespace flowmob::daemon::config
