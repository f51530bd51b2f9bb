// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/failure_log.h"

#include <spdlog/spdlog.h>

#include "platform/clock.h"

namespace flowmob::daemon {
namespace {

constexpr unsigned kLinesPerSecond = 20;

}  // namespace

FailureLog::FailureLog(Write write, Clock clock)
    : write_(std::move(write)),
      clock_(std::move(clock)),
      lines_(core::RateLimiter::per_second(kLinesPerSecond)) {}

FailureLog::Clock FailureLog::system_clock() {
  return [] { return platform::SystemClock::now().monotonic; };
}

FailureLog::Write FailureLog::to_log(spdlog::level::level_enum level) {
  return [level](const std::string& line, bool works_again) {
    spdlog::log(works_again ? spdlog::level::info : level, "{}", line);
  };
}

void FailureLog::say(std::string line, bool works_again) {
  if (!lines_.allow(clock_())) {
    ++unsaid_;
    return;
  }
  if (unsaid_ != 0) line += " (" + std::to_string(std::exchange(unsaid_, 0)) + " lines left out before)";
  write_(line, works_again);
}

void FailureLog::note(const std::string& what, const Result<void>& outcome) {
  const auto before = failing_.find(what);
  if (outcome) {
    if (before == failing_.end()) return;
    failing_.erase(before);
    return say(what + ": works again", true);
  }
  if (before != failing_.end() && before->second == outcome.error()) return;
  if (failing_.size() >= kMost) failing_.clear();
  failing_.insert_or_assign(what, outcome.error());
  say(what + ": " + outcome.error().message + " [" + outcome.error().code + "]", false);
}

}  // namespace flowmob::daemon
