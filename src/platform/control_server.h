// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "base/error.h"
#include "platform/control_commands.h"
#include "platform/control_message.h"
#include "platform/event_loop.h"

namespace flowmob::platform {

struct ControlServerOptions {
  std::filesystem::path socket;
  DaemonRole role;
  ::mode_t mode = 0660;  ///< 0666 opens the read-only commands to every local user
  std::size_t max_request = 65536;
  std::size_t max_queue = std::size_t{4}
                          << 20;  ///< octets waiting for one client; beyond it the client is dropped
  std::size_t max_clients = 64;
};

class ControlConnection;

/// A client of a command that streams: events for it alone.
class ControlStream {
 public:
  explicit ControlStream(std::weak_ptr<ControlConnection> connection) : connection_(std::move(connection)) {}
  ControlStream(const ControlStream&) = delete;
  ControlStream& operator=(const ControlStream&) = delete;

  /// Whether it keeps up: who asks first makes no event that would be left out.
  bool has_room() const;
  /// Whatever waits. One that takes nothing at all is dropped in the end.
  void send(const Json& event);
  /// All has been said: the connection ends when the client has it.
  void finish();
  /// Called once, in a turn of the loop of its own: the client has shut down its sending side, and waits for
  /// what is left to say, or it is gone.
  std::function<void()> on_end;

 private:
  std::weak_ptr<ControlConnection> connection_;
};

/// A daemon's control socket: JSON lines (control_message.h), many clients, dispatch by the command table.
/// Each client's requests are answered in order. The server must die before the loop does.
class ControlServer {
 public:
  using Handler = std::function<Result<Json>(const Json& arguments)>;
  /// Call once, now or later; after the client has gone it does nothing.
  using Reply = std::function<void(const Result<Json>&)>;
  using AsyncHandler = std::function<void(const Json& arguments, Reply reply)>;

  /// Of a command that streams. Its result is the answer; what is sent comes behind it, so nothing may be
  /// sent before this returns. Whoever wants to send keeps the stream.
  using StreamHandler =
      std::function<Result<Json>(const Json& arguments, const std::shared_ptr<ControlStream>& stream)>;

  struct Counters {
    std::uint64_t clients{}, requests{}, refused{}, dropped_slow{};
  };

  /// "already-running" when a live daemon holds the socket; a dead one's file is replaced.
  static Result<std::unique_ptr<ControlServer>> listen(EventLoop& loop, ControlServerOptions options);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  /// `command` has to be a row of the table that this role knows: "no-such-command". `monitor` is built in.
  Result<void> handle(std::string_view command, Handler handler);
  Result<void> handle_async(std::string_view command, AsyncHandler handler);
  Result<void> handle_stream(std::string_view command, StreamHandler handler);
  /// One event (make_event) to every monitoring client.
  void publish(const Json& event);
  /// Whether there is one: who asks need not make events for nobody.
  bool is_monitored() const;
  const Counters& counters() const;

 private:
  struct Impl;
  explicit ControlServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace flowmob::platform
