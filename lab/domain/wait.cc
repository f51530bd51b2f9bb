// SPDX-License-Identifier: Apache-2.0
#include "lab/domain/wait.h"

#include <signal.h>

#include <atomic>

namespace flowmob::lab {
namespace {

using Clock = std::chrono::steady_clock;
constexpr Duration kPatience = std::chrono::minutes(1);
std::atomic<bool> g_interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free, "set in a signal handler");

}  // namespace

bool interrupted() { return g_interrupted; }

void catch_interrupts() {
  struct ::sigaction action {};
  action.sa_handler = [](int) { g_interrupted = true; };
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(number, &action, nullptr);
}

Result<void> wait_until(const std::string& what, const std::function<bool()>& ready) {
  const auto deadline = Clock::now() + kPatience;
  while (!ready()) {
    if (interrupted()) return fail("interrupted", "interrupted");
    if (Clock::now() >= deadline) return fail("timeout", "waited in vain for " + what);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return {};
}

Result<void> pause(Duration span) {
  const auto end = Clock::now() + span;
  while (Clock::now() < end) {
    if (interrupted()) return fail("interrupted", "interrupted");
    std::this_thread::sleep_for(std::min<Duration>(end - Clock::now(), std::chrono::milliseconds(50)));
  }
  return {};
}

}  // namespace flowmob::lab
