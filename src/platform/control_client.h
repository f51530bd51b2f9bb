// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "platform/control_message.h"
#include "platform/unique_fd.h"

namespace flowmob::platform {

/// A blocking client of a daemon's control socket, for the command line and the lab.
class ControlClient {
 public:
  /// "not-running" when nobody listens there, "not-permitted" when we may not ask. `timeout` holds for every
  /// answer.
  static Result<ControlClient> connect(const std::filesystem::path& socket,
                                       Duration timeout = std::chrono::seconds(10));

  /// The command's result, or the daemon's error; "timeout", "connection-lost". Of a command that streams,
  /// events follow.
  Result<Json> call(std::string_view command, const Json& arguments = Json::object());

  /// Turns this connection into an event stream.
  Result<void> monitor();
  /// We have no more to ask: of a stream the daemon says what is left to say, and ends it.
  void finish();
  /// The next event; nothing when `limit` passes first (absent: waits for ever).
  Result<std::optional<Json>> next_event(std::optional<Duration> limit = {});

  int fd() const { return fd_.get(); }

 private:
  ControlClient(UniqueFd fd, Duration timeout) : fd_(std::move(fd)), timeout_(timeout) {}
  Result<void> send_line(const std::string& line);
  Result<std::optional<std::string>> read_line(std::optional<Duration> limit);

  UniqueFd fd_;
  Duration timeout_;
  std::string buffer_;
};

}  // namespace flowmob::platform
