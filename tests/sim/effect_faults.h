// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

#include "base/error.h"
#include "world.h"

namespace flowmob::sim {

/// Makes effects fail: by chance, or the next one of a kind. Only effects whose answer is wanted fail, and
/// none that removes something.
class EffectFaults {
 public:
  double probability = 0;
  void fail_next(const std::string& kind) { next_.insert(kind); }

  /// By chance only what needs room: a row that is there can be written again.
  Result<void> try_luck(World& world, const std::string& kind, bool needs_room) {
    const bool is_chosen = next_.erase(kind) != 0;
    if (is_chosen || (needs_room && world.random.chance(probability))) return fail("out-of-memory", kind);
    return {};
  }

 private:
  std::set<std::string> next_;
};

}  // namespace flowmob::sim
