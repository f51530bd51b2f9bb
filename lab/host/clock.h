// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

#include "base/time.h"

namespace flowmob::lab {

inline Duration read_clock(::clockid_t clock) {
  ::timespec t{};
  ::clock_gettime(clock, &t);
  return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

inline TimePoint monotonic_now() { return TimePoint{read_clock(CLOCK_MONOTONIC)}; }
inline WallTime wall_now() { return WallTime{read_clock(CLOCK_REALTIME)}; }
inline Now system_now() { return {monotonic_now(), wall_now()}; }

}  // namespace flowmob::lab
