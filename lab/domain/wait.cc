// SPDX-License-Identifier: Apache-2.0
#include "lab/domain/wait.h"

#include <signal.h>

#include <atomic>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace flowmob::lab {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kPatience{60}, kMostPatience{3600};
std::atomic<bool> g_interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free, "set in a signal handler");

/// FLOWMOB_LAB_PATIENCE, in seconds: emulated machines are ten times slower.
std::chrono::seconds patience() {
  const char* said = std::getenv("FLOWMOB_LAB_PATIENCE");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  const std::string_view text = said ? said : "";
  unsigned seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool is_number = error == std::errc() && end == text.data() + text.size() && seconds > 0;
  return is_number ? std::min(std::chrono::seconds(seconds), kMostPatience) : kPatience;
}

}  // namespace

bool interrupted() { return g_interrupted; }

void catch_interrupts() {
  struct ::sigaction action {};
  action.sa_handler = [](int) { g_interrupted = true; };
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(number, &action, nullptr);
}

Result<void> wait_until(const std::string& what, const std::function<bool()>& ready) {
  const auto deadline = Clock::now() + patience();
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
