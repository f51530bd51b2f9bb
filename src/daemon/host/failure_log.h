// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spdlog/common.h>

#include <functional>
#include <map>
#include <string>

#include "base/error.h"
#include "core/rate_limiter.h"

namespace flowmob::daemon {

/// Says once why something fails, not every time it fails again for the same reason, and says when it works
/// again. What comes and goes fast is counted, not said.
class FailureLog {
 public:
  using Write = std::function<void(const std::string& line, bool works_again)>;
  using Clock = std::function<TimePoint()>;
  explicit FailureLog(Write write, Clock clock = system_clock());

  /// At that level what fails, as information what works again.
  static Write to_log(spdlog::level::level_enum level);

  void note(const std::string& what, const Result<void>& outcome);
  /// Whether nothing fails that was noted: a success need not be noted then.
  bool all_is_well() const { return failing_.empty(); }

 private:
  static Clock system_clock();
  void say(std::string line, bool works_again);

  /// A peer that makes ever new things fail must not fill our memory.
  static constexpr std::size_t kMost = 1024;
  Write write_;
  Clock clock_;
  core::RateLimiter lines_;
  std::uint64_t unsaid_ = 0;
  std::map<std::string, Error> failing_;
};

}  // namespace flowmob::daemon
