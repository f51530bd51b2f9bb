// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/time.h"
#include "platform/state_store.h"

namespace flowmob::daemon {

/// RFC 5847 section 3.2: grows with every start that does not find what its predecessor knew.
struct RestartCounter {
  std::uint32_t value{};
  bool lost_state = false;
};

/// The counter of this life. It outlives the database in a file beside it, DATABASE.restarts; where that is
/// gone as well, the clock gives a number above all that there were.
Result<RestartCounter> begin_life(platform::StateStore& store, const std::filesystem::path& database,
                                  WallTime now);

}  // namespace flowmob::daemon
