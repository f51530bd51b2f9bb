// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/host.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <csignal>

#include "daemon/host/log_line.h"
#include "platform/clock.h"

namespace flowmob::daemon {

using platform::Json;

Result<std::unique_ptr<Host>> Host::create(platform::DaemonRole role, const Paths& paths) {
  std::unique_ptr<Host> host(new Host(role));
  host->started_ = platform::SystemClock::now().monotonic;
  auto loop = platform::EventLoop::create();
  if (!loop) return tl::unexpected(loop.error());
  host->loop_ = std::move(*loop);
  // The control socket first: it is what refuses a second daemon of the same name before anything is touched.
  auto control = platform::ControlServer::listen(*host->loop_, {.socket = paths.control, .role = role});
  if (!control) return tl::unexpected(control.error());
  host->control_ = std::move(*control);
  if (!paths.state.empty()) {
    auto state = platform::StateStore::open(paths.state);
    if (!state) return tl::unexpected(state.error());
    host->state_ = std::make_unique<platform::StateStore>(std::move(*state));
  }
  return host;
}

void Host::notify(const std::string& event, const Json& fields) {
  if (spdlog::should_log(spdlog::level::info)) spdlog::info("{}", log_line(event, fields));
  if (control_->is_monitored())
    control_->publish(platform::make_event(platform::SystemClock::now().wall, event, fields));
}

bool Host::is_listened_to() const {
  return spdlog::should_log(spdlog::level::debug) || control_->is_monitored();
}

Result<void> Host::on_status(const std::string& name, std::function<Json()> serves) {
  return control_->handle("status", [this, name, serves = std::move(serves)](const Json&) -> Result<Json> {
    const auto uptime = platform::SystemClock::now().monotonic - started_;
    Json status{{"name", name},
                {"role", platform::to_string(role_)},
                {"version", FLOWMOB_VERSION},
                {"pid", ::getpid()},
                {"uptime_s", std::chrono::duration_cast<std::chrono::seconds>(uptime).count()}};
    status.update(serves());
    return status;
  });
}

Result<void> Host::reload() {
  supervisor_.reloading(platform::SystemClock::now().monotonic);
  auto outcome = reload_();
  supervisor_.ready();
  if (outcome)
    notify("configuration-reloaded", Json::object());
  else
    notify("configuration-refused", {{"code", outcome.error().code}, {"message", outcome.error().message}});
  return outcome;
}

Result<void> Host::on_reload(std::function<Result<void>()> reload_function) {
  reload_ = std::move(reload_function);
  return control_->handle("reload", [this](const Json&) -> Result<Json> {
    return reload().map([] { return Json{{"reloaded", true}}; });
  });
}

void Host::run() {
  auto signals = loop_->on_signals({SIGTERM, SIGINT, SIGHUP}, [this](int signal) {
    if (signal != SIGHUP) return loop_->stop();
    if (reload_) (void)reload();  // a refusal was logged by reload() itself
  });
  if (!signals) {
    spdlog::error("{}", signals.error().message);
    return;
  }
  signals_ = std::move(*signals);
  if (const auto interval = supervisor_.watchdog_interval()) {
    watchdog_ = loop_->make_timer([this, interval = *interval] {
      supervisor_.watchdog();
      watchdog_.arm(platform::SystemClock::now().monotonic + interval);
    });
    watchdog_.arm(platform::SystemClock::now().monotonic);
  }
  supervisor_.ready();
  loop_->run();
  supervisor_.stopping();
}

}  // namespace flowmob::daemon
