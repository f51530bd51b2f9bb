// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runner.h"

namespace flowmob::dataplane::testing {

/// A world and the frames it sees; it is about the last.
struct Trial {
  Way way{};
  World world;
  std::vector<Frame> frames;
};

/// The difference at the last frame, in a few words; empty: none.
std::string differs(Runner& runner, const Trial& trial);

/// The same trial with little that does not matter: frames before, nodes, rules and parts of selectors, flows
/// and sessions go as long as the last frame still differs.
Trial shrink(Runner& runner, Trial trial);

/// For whoever makes a unit test of it: rules, frames and both verdicts.
std::string describe(Runner& runner, const Trial& trial);

}  // namespace flowmob::dataplane::testing
