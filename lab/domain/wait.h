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

/// Sleeps in small steps until `ready`: "timeout" names what was waited for in vain, a minute long, or as
/// many seconds as FLOWMOB_LAB_PATIENCE says (what is slow on a busy machine is not broken); "interrupted".
Result<void> wait_until(const std::string& what, const std::function<bool()>& ready);
/// Sleeps unless interrupted.
Result<void> pause(Duration span);

}  // namespace flowmob::lab
