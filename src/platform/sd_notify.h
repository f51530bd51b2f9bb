// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"
#include "platform/unique_fd.h"

namespace flowmob::platform {

/// Tells systemd (or any supervisor that sets NOTIFY_SOCKET) how the service is; without one, does nothing.
class SdNotify {
 public:
  /// Opens the socket at once: an abstract one is only reachable from the network namespace we were started
  /// in.
  static SdNotify from_environment();

  bool active() const { return static_cast<bool>(fd_); }
  void ready();
  void reloading(TimePoint now);  ///< ready() ends it
  void stopping();
  void status(std::string_view text);
  void watchdog();
  /// How often to call watchdog(): half of WATCHDOG_USEC, if that is set and meant for us.
  std::optional<Duration> watchdog_interval() const { return watchdog_interval_; }

 private:
  void send(std::string_view state);
  UniqueFd fd_;
  std::optional<Duration> watchdog_interval_;
};

}  // namespace flowmob::platform
