// SPDX-License-Identifier: Apache-2.0
#include "platform/clock.h"

#include <ctime>

namespace flowmob::platform {
namespace {

Duration read(::clockid_t clock) {
  ::timespec value{};
  ::clock_gettime(clock, &value);
  return std::chrono::seconds(value.tv_sec) + Duration(value.tv_nsec);
}

}  // namespace

Now SystemClock::now() { return {TimePoint(read(CLOCK_MONOTONIC)), WallTime(read(CLOCK_REALTIME))}; }

}  // namespace flowmob::platform
