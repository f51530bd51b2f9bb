// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>

#include <optional>
#include <vector>

#include "base/time.h"
#include "platform/unique_fd.h"

namespace flowmob::lab {

/// SIGTERM and SIGINT become readable on this descriptor instead of ending the program.
platform::UniqueFd end_signals();

/// Asks for wake-ups within microseconds: a late packet is a wrong measurement. Does what it is permitted to.
void be_punctual();

/// Waits for input or for the deadline, whichever comes first.
void poll_until(std::vector<::pollfd>& fds, std::optional<TimePoint> deadline);

}  // namespace flowmob::lab
