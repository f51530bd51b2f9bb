// SPDX-License-Identifier: Apache-2.0
#include <list>
#include <random>

#include "lab/host/clock.h"
#include "lab/host/signals.h"
#include "lab/probe/options.h"
#include "lab/probe/reporter.h"
#include "lab/probe/sockets.h"

namespace flowmob::lab {
namespace {

/// One connection: records in both directions, each with the moment it was handed to TCP.
class Connection {
 public:
  Connection(platform::UniqueFd fd, const ProbeOptions& options, Reporter& reporter)
      : fd_(std::move(fd)), options_(options), reporter_(reporter) {}

  void begin(std::uint32_t session, const StreamParameters& parameters) {
    endpoint_.emplace(ProbeEndpoint::Options{.session = session,
                                             .parameters = parameters,
                                             .drain = seconds(options_.drain),
                                             .repeats_finish = false},
                      system_now(), reporter_.log());
  }

  void handle_readable() {
    char chunk[65536];
    ssize_t count = 0;
    while ((count = ::recv(fd_.get(), chunk, sizeof chunk, MSG_DONTWAIT)) > 0) {
      in_.insert(in_.end(), chunk, chunk + count);
      take_records();
    }
    if (count == 0 || (errno != EAGAIN && errno != EINTR)) closed_ = true;
  }

  void handle_timeout() {
    if (!endpoint_) return;
    const Now now = system_now();
    while (const auto record = endpoint_->poll_transmit(now))
      out_.insert(out_.end(), record->begin(), record->end());
    const ssize_t count = ::send(fd_.get(), out_.data(), out_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count > 0) out_.erase(out_.begin(), out_.begin() + count);
    reporter_.progress(now, *endpoint_);
  }

  void stop() {
    if (endpoint_) endpoint_->stop(system_now());
  }
  bool done() const { return closed_ || (endpoint_ && out_.empty() && endpoint_->done(system_now())); }
  ::pollfd poll_entry() const {
    return {fd_.get(), static_cast<short>(out_.empty() ? POLLIN : POLLIN | POLLOUT), 0};
  }
  std::optional<TimePoint> poll_timeout() const {
    return endpoint_ ? endpoint_->poll_timeout() : std::optional<TimePoint>();
  }
  void report(std::string_view role) {
    if (endpoint_) reporter_.finished(*endpoint_, role);
  }

 private:
  void take_records() {
    const ByteView all(in_);
    std::size_t taken = 0;
    while (true) {
      const ByteView rest = all.subspan(taken);
      const auto length = record_length(rest);
      if (!length) closed_ = true;
      if (!length || *length == 0 || rest.size() < *length) break;
      taken += *length;
      const auto message = decode_probe(rest);
      if (!message) continue;
      if (!endpoint_) begin(message->session, message->parameters);
      const Now now = system_now();
      endpoint_->handle_packet(now, now.wall.time_since_epoch().count(), *message);
    }
    in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(taken));
  }

  platform::UniqueFd fd_;
  const ProbeOptions& options_;
  Reporter& reporter_;
  std::optional<ProbeEndpoint> endpoint_;
  Bytes in_, out_;
  bool closed_ = false;
};

}  // namespace

Result<bool> serve_tcp(const ProbeOptions& options) {
  auto reporter = Reporter::create(options);
  if (!reporter) return tl::unexpected(reporter.error());
  const auto listener = socket_address(options.host, options.port).and_then([](const SocketAddress& local) {
    return bound_socket(SOCK_STREAM, local);
  });
  if (!listener) return tl::unexpected(listener.error());
  const auto ending = end_signals();
  std::list<Connection> connections;
  bool stopping = false;
  while (!(connections.empty() && (stopping || (options.once && reporter->any())))) {
    std::vector<::pollfd> fds{{stopping ? -1 : ending.get(), POLLIN, 0}, {listener->get(), POLLIN, 0}};
    std::optional<TimePoint> next;
    for (const Connection& c : connections) {
      fds.push_back(c.poll_entry());
      if (const auto timeout = c.poll_timeout()) next = std::min(next.value_or(*timeout), *timeout);
    }
    poll_until(fds, next);
    if (platform::UniqueFd fd(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        fd) {
      connections.emplace_back(std::move(fd), options, *reporter);
    }
    if (fds[0].revents != 0) stopping = true;
    for (auto c = connections.begin(); c != connections.end();) {
      if (stopping) c->stop();
      c->handle_readable();
      c->handle_timeout();
      if (c->done()) c->report("server");
      c = c->done() ? connections.erase(c) : std::next(c);
    }
  }
  return !reporter->any() || reporter->all_complete();
}

Result<bool> stream_tcp(const ProbeOptions& options) {
  auto reporter = Reporter::create(options);
  if (!reporter) return tl::unexpected(reporter.error());
  auto fd = socket_address(options.host, options.port).and_then([](const SocketAddress& peer) {
    return connected_socket(SOCK_STREAM, peer, {});
  });
  if (!fd) return tl::unexpected(fd.error());
  std::vector<::pollfd> connecting{{fd->get(), POLLOUT, 0}};
  poll_until(connecting, monotonic_now() + std::chrono::seconds(10));
  if ((connecting[0].revents & POLLERR) != 0 || connecting[0].revents == 0) {
    return fail("connect-failed", options.host + ": no connection");
  }
  const auto ending = end_signals();
  Connection connection(std::move(*fd), options, *reporter);
  connection.begin(std::random_device{}(), options.parameters);
  const TimePoint end =
      options.duration > 0 ? monotonic_now() + seconds(options.duration) : TimePoint{Duration::max()};
  bool stopped = false;
  while (!connection.done()) {
    std::vector<::pollfd> fds{{stopped ? -1 : ending.get(), POLLIN, 0}, connection.poll_entry()};
    poll_until(fds, stopped ? connection.poll_timeout() : std::min(end, *connection.poll_timeout()));
    if (!stopped && (fds[0].revents != 0 || monotonic_now() >= end)) {
      stopped = true;
      connection.stop();
    }
    connection.handle_readable();
    connection.handle_timeout();
  }
  connection.report("client");
  return reporter->all_complete();
}

}  // namespace flowmob::lab
