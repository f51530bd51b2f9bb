// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <map>
#include <random>

#include "lab/host/clock.h"
#include "lab/host/signals.h"
#include "lab/probe/options.h"
#include "lab/probe/reporter.h"
#include "lab/probe/sockets.h"

namespace flowmob::lab {
namespace {

using namespace std::chrono_literals;

constexpr Duration kForgetSilentPeer = 60s;
constexpr std::size_t kMostSessions = 64;

struct Session {
  SocketAddress peer;
  ProbeEndpoint endpoint;
};

class Server {
 public:
  Server(int fd, const ProbeOptions& options, Reporter& reporter)
      : fd_(fd), options_(options), reporter_(reporter) {}

  void handle_datagram(const Datagram& datagram) {
    const auto message = decode_probe(datagram.octets);
    if (!message) return;
    const auto key = std::pair(datagram.from.key(), message->session);
    auto found = sessions_.find(key);
    if (found == sessions_.end()) {
      // A late Finish of a session that is over must not start it anew.
      if (message->kind != ProbeMessage::Kind::Data || sessions_.size() >= kMostSessions) return;
      const ProbeEndpoint::Options wanted{
          .session = message->session, .parameters = message->parameters, .drain = seconds(options_.drain)};
      found = sessions_.emplace(key, Session{datagram.from, {wanted, system_now(), reporter_.log()}}).first;
    }
    found->second.endpoint.handle_packet(system_now(), datagram.arrived, *message);
  }

  std::optional<TimePoint> handle_timeout() {
    std::optional<TimePoint> next;
    for (auto entry = sessions_.begin(); entry != sessions_.end();) {
      auto& [peer, endpoint] = entry->second;
      const Now now = system_now();
      while (const auto packet = endpoint.poll_transmit(now)) send_datagram(fd_, *packet, &peer);
      reporter_.progress(now, endpoint);
      if (now.monotonic - endpoint.last_heard() > kForgetSilentPeer) endpoint.stop(now);
      if (endpoint.done(now)) {
        reporter_.finished(endpoint, "server");
        entry = sessions_.erase(entry);
        continue;
      }
      next = std::min(next.value_or(endpoint.poll_timeout()), endpoint.poll_timeout());
      ++entry;
    }
    return next;
  }

  void stop() {
    for (auto& [key, session] : sessions_) session.endpoint.stop(system_now());
  }
  bool idle() const { return sessions_.empty(); }

 private:
  int fd_;
  const ProbeOptions& options_;
  Reporter& reporter_;
  std::map<std::pair<std::string, std::uint32_t>, Session> sessions_;
};

}  // namespace

Result<bool> serve_udp(const ProbeOptions& options) {
  auto reporter = Reporter::create(options);
  if (!reporter) return tl::unexpected(reporter.error());
  const auto fd = socket_address(options.host, options.port).and_then([](const SocketAddress& local) {
    return bound_socket(SOCK_DGRAM, local);
  });
  if (!fd) return tl::unexpected(fd.error());
  const auto ending = end_signals();
  Server server(fd->get(), options, *reporter);
  bool stopping = false;
  while (!(server.idle() && (stopping || (options.once && reporter->any())))) {
    std::vector<::pollfd> fds{{stopping ? -1 : ending.get(), POLLIN, 0}, {fd->get(), POLLIN, 0}};
    poll_until(fds, server.handle_timeout());
    while (const auto datagram = receive_datagram(fd->get())) server.handle_datagram(*datagram);
    if (fds[0].revents != 0) {
      stopping = true;
      server.stop();
    }
    server.handle_timeout();
  }
  return !reporter->any() || reporter->all_complete();
}

Result<bool> stream_udp(const ProbeOptions& options) {
  auto reporter = Reporter::create(options);
  if (!reporter) return tl::unexpected(reporter.error());
  const auto peer = socket_address(options.host, options.port);
  if (!peer) return tl::unexpected(peer.error());
  std::optional<SocketAddress> local;
  if (!options.source.empty()) {
    const auto source = socket_address(options.source, 0);
    if (!source) return tl::unexpected(source.error());
    local = *source;
  }
  const auto fd = connected_socket(SOCK_DGRAM, *peer, local);
  if (!fd) return tl::unexpected(fd.error());

  const auto ending = end_signals();
  ProbeEndpoint endpoint(
      {.session = std::random_device{}(), .parameters = options.parameters, .drain = seconds(options.drain)},
      system_now(), reporter->log());
  const TimePoint end =
      options.duration > 0 ? monotonic_now() + seconds(options.duration) : TimePoint{Duration::max()};
  while (true) {
    Now now = system_now();
    if (now.monotonic >= end) endpoint.stop(now);
    while (const auto packet = endpoint.poll_transmit(now)) send_datagram(fd->get(), *packet, nullptr);
    reporter->progress(now, endpoint);
    if (endpoint.done(now)) break;
    std::vector<::pollfd> fds{{ending.get(), POLLIN, 0}, {fd->get(), POLLIN, 0}};
    poll_until(fds,
               std::min(end > now.monotonic ? end : TimePoint{Duration::max()}, endpoint.poll_timeout()));
    if (fds[0].revents != 0) endpoint.stop(system_now());
    while (const auto datagram = receive_datagram(fd->get())) {
      if (const auto message = decode_probe(datagram->octets)) {
        endpoint.handle_packet(system_now(), datagram->arrived, *message);
      }
    }
  }
  reporter->finished(endpoint, "client");
  if (!endpoint.heard_anything())
    return fail("no-answer",
                fmt::format("nobody answered at {} port {}: does `flowmob-probe serve` run there?",
                            options.host, options.port));
  return reporter->all_complete();
}

}  // namespace flowmob::lab
