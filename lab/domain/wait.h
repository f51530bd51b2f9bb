// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/time.h"

namespace flowmob::lab {

/// Set by Ctrl-C: every wait ends early.
bool interrupted();
/// From now on SIGINT, SIGTERM and SIGHUP only set interrupted(): whoever waits gets to clean up.
void catch_interrupts();

/// Sleeps in small steps until `ready` or the limit: "timeout" names what was waited for, "interrupted".
Result<void> wait_until(const std::string& what, Duration limit, const std::function<bool()>& ready);
/// Sleeps unless interrupted.
Result<void> pause(Duration span);

}  // namespace flowmob::lab
