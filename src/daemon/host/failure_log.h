// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/error.h"

namespace flowmob::daemon {

/// Says once why something fails, not every time it fails again for the same reason, and says when it works
/// again.
class FailureLog {
 public:
  using Write = std::function<void(const std::string& line)>;
  explicit FailureLog(Write write) : write_(std::move(write)) {}

  void note(const std::string& what, const Result<void>& outcome);

 private:
  /// A peer that makes ever new things fail must not fill our memory.
  static constexpr std::size_t kMost = 1024;
  Write write_;
  std::map<std::string, Error> failing_;
};

}  // namespace flowmob::daemon
