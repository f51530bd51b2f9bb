// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "judge.h"
#include "world.h"

namespace flowmob::dataplane::testing {

/// A data plane that is held against the judge.
class Runner {
 public:
  virtual ~Runner() = default;
  /// In the place of the world before. It has seen no fragments.
  virtual Result<void> install(const World& world) = 0;
  virtual Actual run(Way way, const Frame& frame) = 0;
};

}  // namespace flowmob::dataplane::testing
