// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.h"

namespace flowmob::platform {

/// The only place that reads clocks: CLOCK_MONOTONIC for deadlines, CLOCK_REALTIME for timestamps and
/// records.
struct SystemClock {
  static Now now();
};

}  // namespace flowmob::platform
