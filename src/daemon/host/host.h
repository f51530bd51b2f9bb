// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "platform/control_server.h"
#include "platform/event_loop.h"
#include "platform/sd_notify.h"
#include "platform/state_store.h"

namespace flowmob::daemon {

/// What all three daemons stand on: event loop, state, control socket, supervisor, signals. Owns all of it.
class Host {
 public:
  struct Paths {
    std::filesystem::path control;
    std::filesystem::path state;  ///< empty: this daemon keeps none
  };

  static Result<std::unique_ptr<Host>> create(platform::DaemonRole role, const Paths& paths);

  platform::EventLoop& loop() { return *loop_; }
  platform::ControlServer& control() { return *control_; }
  platform::StateStore& state() { return *state_; }

  /// Writes the event to the log and to every `monitor` client.
  void notify(const std::string& event, const platform::Json& fields);
  /// Whether somebody wants to hear of everyday matters too: a `monitor` client, or a log at level debug.
  bool is_listened_to() const;

  /// The `status` command: name, version, role, uptime, and what `serves` adds.
  Result<void> on_status(const std::string& name, std::function<platform::Json()> serves);

  /// SIGHUP and the `reload` command both call `reload`; its error is logged, or given to who asked.
  Result<void> on_reload(std::function<Result<void>()> reload);

  /// Reports readiness and runs until SIGTERM or SIGINT.
  void run();

 private:
  explicit Host(platform::DaemonRole role) : role_(role) {}
  Result<void> reload();

  platform::DaemonRole role_;
  TimePoint started_{};

  std::unique_ptr<platform::EventLoop> loop_;
  std::unique_ptr<platform::StateStore> state_;
  std::unique_ptr<platform::ControlServer> control_;
  platform::SdNotify supervisor_ = platform::SdNotify::from_environment();
  platform::DeadlineTimer watchdog_;
  platform::SignalWatch signals_;
  std::function<Result<void>()> reload_;
};

}  // namespace flowmob::daemon
