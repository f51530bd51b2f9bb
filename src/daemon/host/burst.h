// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spdlog/spdlog.h>

#include <string_view>

namespace flowmob::daemon {

/// What waits at a socket, but not more of it in one go than leaves time for timers and the control socket.
/// `receive` gives a Result of an optional; `take` whether to go on.
template <class Receive, class Take>
void take_burst(std::string_view where, Receive receive, Take take) {
  constexpr int kMost = 64;
  for (int i = 0; i < kMost; ++i) {
    const auto received = receive();
    if (!received) return spdlog::debug("{}: {}", where, received.error().message);
    if (!*received || !take(**received)) return;
  }
}

}  // namespace flowmob::daemon
