// SPDX-License-Identifier: Apache-2.0
#include "platform/control_server.h"

#include <sys/socket.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "platform/control_connection.h"
#include "platform/control_listener.h"
#include "platform/errno_error.h"

namespace flowmob::platform {
namespace {

/// Built in: its events are everybody's.
constexpr std::string_view kMonitor = "monitor";

}  // namespace

bool ControlStream::has_room() const {
  const auto open = connection_.lock();
  return open && open->has_room();
}

void ControlStream::send(const Json& event) {
  if (const auto open = connection_.lock()) open->send(format_event(event));
}

void ControlStream::finish() {
  if (const auto open = connection_.lock()) open->finish();
}

struct ControlServer::Impl {
  Impl(EventLoop& event_loop, ControlServerOptions server_options, ControlListener control_listener)
      : loop(event_loop), options(std::move(server_options)), listener(std::move(control_listener)) {}

  Result<void> start();
  Result<void> add(std::string_view command, AsyncHandler handler);
  Result<void> add_stream(std::string_view command, StreamHandler handler);
  void accept_all();
  void admit(UniqueFd fd);
  void serve(const std::shared_ptr<ControlConnection>& connection, std::string_view line);
  void begin_stream(const std::shared_ptr<ControlConnection>& connection, const ControlRequest& request);
  bool is_handled(const ControlCommand& row) const;
  Result<const ControlCommand*> authorise(const ControlConnection& connection,
                                          const ControlRequest& request) const;
  void publish(const std::string& line);
  void forget_closed();

  EventLoop& loop;
  ControlServerOptions options;
  ControlListener listener;
  FdWatch watch;
  std::map<std::string, AsyncHandler, std::less<>> handlers;
  std::map<std::string, StreamHandler, std::less<>> streams;
  std::vector<std::shared_ptr<ControlConnection>> connections;
  Counters counters;
};

Result<void> ControlServer::Impl::start() {
  auto watching = loop.watch(listener.fd(), [this] { accept_all(); });
  if (!watching) return tl::unexpected(watching.error());
  watch = std::move(*watching);
  return {};
}

Result<void> ControlServer::Impl::add(std::string_view command, AsyncHandler handler) {
  const ControlCommand* row = find_command(command);
  if (row == nullptr || !row->daemons.has(options.role) || row->streams) {
    return fail("no-such-command", "'" + std::string(command) + "' is not for a handler of this daemon");
  }
  handlers.insert_or_assign(std::string(command), std::move(handler));
  return {};
}

Result<void> ControlServer::Impl::add_stream(std::string_view command, StreamHandler handler) {
  const ControlCommand* row = find_command(command);
  if (row == nullptr || !row->daemons.has(options.role) || !row->streams || command == kMonitor)
    return fail("no-such-command", "'" + std::string(command) + "' is not for a stream of this daemon");
  streams.insert_or_assign(std::string(command), std::move(handler));
  return {};
}

bool ControlServer::Impl::is_handled(const ControlCommand& row) const {
  return row.name == kMonitor || (row.streams ? streams.contains(row.name) : handlers.contains(row.name));
}

void ControlServer::Impl::accept_all() {
  forget_closed();
  while (true) {
    UniqueFd fd(::accept4(listener.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (!fd) return;
    admit(std::move(fd));
  }
}

void ControlServer::Impl::admit(UniqueFd fd) {
  if (connections.size() >= options.max_clients) {
    ++counters.refused;
    const std::string line =
        format_response(fail("too-many-clients", "the control socket is busy; try again")) + '\n';
    // A fresh socket's buffer takes one line; a client that has gone already is no concern.
    [[maybe_unused]] const auto sent =
        ::send(fd.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return;
  }
  const ControlConnection::Limits limits{options.max_request, options.max_queue};
  auto connection = ControlConnection::start(
      loop, std::move(fd), limits,
      [this](const std::shared_ptr<ControlConnection>& from, std::string_view line) { serve(from, line); });
  if (!connection) return;
  ++counters.clients;
  connections.push_back(std::move(*connection));
}

Result<const ControlCommand*> ControlServer::Impl::authorise(const ControlConnection& connection,
                                                             const ControlRequest& request) const {
  const ControlCommand* row = find_command(request.command);
  if (row == nullptr) return fail("no-such-command", "no command '" + request.command + "'");
  if (!row->daemons.has(options.role) || !is_handled(*row)) {
    return fail("no-such-command",
                "this " + std::string(to_string(options.role)) + " does not know '" + request.command + "'");
  }
  if (row->access == CommandAccess::Admin && !connection.peer_is_admin()) {
    return fail("not-permitted", "'" + request.command + "' is for root and the daemon's own user");
  }
  if (auto checked = check_arguments(*row, request.arguments); !checked)
    return tl::unexpected(checked.error());
  return row;
}

void ControlServer::Impl::serve(const std::shared_ptr<ControlConnection>& connection, std::string_view line) {
  ++counters.requests;
  auto request = parse_request(line);
  if (!request) return connection->answer(format_response(tl::unexpected(request.error())));
  const auto command = authorise(*connection, *request);
  if (!command) {
    ++counters.refused;
    return connection->answer(format_response(tl::unexpected(command.error())));
  }
  if ((*command)->streams && request->command != kMonitor) return begin_stream(connection, *request);
  if ((*command)->streams) {
    connection->answer(format_response(Json{{"monitoring", true}}));
    return connection->set_monitoring();
  }
  const Reply reply = [client = std::weak_ptr(connection)](const Result<Json>& result) {
    if (const auto alive = client.lock()) alive->answer(format_response(result));
  };
  handlers.find(request->command)->second(request->arguments, reply);
}

void ControlServer::Impl::begin_stream(const std::shared_ptr<ControlConnection>& connection,
                                       const ControlRequest& request) {
  const auto stream = std::make_shared<ControlStream>(connection);
  const auto begun = streams.find(request.command)->second(request.arguments, stream);
  // Before the answer, behind which there may be another request.
  if (begun)
    connection->set_streaming([&event_loop = loop, ended = std::weak_ptr(stream)] {
      event_loop.post([ended] {
        const auto alive = ended.lock();
        if (alive && alive->on_end) alive->on_end();
      });
    });
  connection->answer(format_response(begun));
}

void ControlServer::Impl::publish(const std::string& line) {
  for (const auto& connection : connections) {
    if (connection->monitoring()) connection->send(line);
  }
  forget_closed();
}

void ControlServer::Impl::forget_closed() {
  std::erase_if(connections, [this](const auto& connection) {
    counters.dropped_slow += connection->closed() && connection->was_slow();
    return connection->closed();
  });
}

ControlServer::ControlServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

ControlServer::~ControlServer() {
  for (const auto& connection : impl_->connections) connection->close();
}

Result<std::unique_ptr<ControlServer>> ControlServer::listen(EventLoop& loop, ControlServerOptions options) {
  auto listener = ControlListener::bind(options.socket, options.mode);
  if (!listener) return tl::unexpected(listener.error());
  auto impl = std::make_unique<Impl>(loop, std::move(options), std::move(*listener));
  if (auto started = impl->start(); !started) return tl::unexpected(started.error());
  return std::unique_ptr<ControlServer>(new ControlServer(std::move(impl)));
}

Result<void> ControlServer::handle(std::string_view command, Handler handler) {
  return handle_async(command, [handler = std::move(handler)](const Json& arguments, const Reply& reply) {
    reply(handler(arguments));
  });
}

Result<void> ControlServer::handle_async(std::string_view command, AsyncHandler handler) {
  return impl_->add(command, std::move(handler));
}

Result<void> ControlServer::handle_stream(std::string_view command, StreamHandler handler) {
  return impl_->add_stream(command, std::move(handler));
}

void ControlServer::publish(const Json& event) { impl_->publish(format_event(event)); }

bool ControlServer::is_monitored() const {
  return std::ranges::any_of(impl_->connections,
                             [](const auto& connection) { return connection->monitoring(); });
}

const ControlServer::Counters& ControlServer::counters() const {
  impl_->forget_closed();
  return impl_->counters;
}

}  // namespace flowmob::platform
