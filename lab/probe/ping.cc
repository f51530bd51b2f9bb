// SPDX-License-Identifier: Apache-2.0
// ICMPv6 echo at an even pace. The usual ping sleeps 10 ms or a clock tick at a time, and so measures no
// shorter gap.
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "lab/host/clock.h"
#include "lab/host/signals.h"
#include "lab/probe/options.h"
#include "lab/probe/reporter.h"
#include "lab/probe/sockets.h"
#include "platform/errno_error.h"

namespace flowmob::lab {
namespace {

using platform::UniqueFd;

/// Echo header and payload; the kernel fills the checksum in.
struct EchoPacket {
  ::icmp6_hdr header;
  std::uint64_t sequence;
  Nanoseconds sent;
};

Result<UniqueFd> echo_socket(const SocketAddress& peer) {
  UniqueFd fd(::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6));
  if (!fd) return platform::fail_errno("socket-failed", "ICMPv6 socket");
  ::icmp6_filter replies;
  ICMP6_FILTER_SETBLOCKALL(&replies);
  ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &replies);
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_ICMPV6, ICMP6_FILTER, &replies, sizeof replies);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  if (::connect(fd.get(), peer.get(), peer.length) != 0)
    return platform::fail_errno("connect-failed", "connect");
  return fd;
}

class Pinger {
 public:
  Pinger(int fd, Reporter& reporter) : fd_(fd), reporter_(reporter) {}

  void send() {
    EchoPacket packet{};
    packet.header.icmp6_type = ICMP6_ECHO_REQUEST;
    packet.header.icmp6_id = identifier_;
    packet.header.icmp6_seq = htons(static_cast<std::uint16_t>(next_));
    packet.sequence = next_;
    packet.sent = wall_now().time_since_epoch().count();
    // What cannot be sent is lost, and shows as that.
    static_cast<void>(::send(fd_, &packet, sizeof packet, MSG_DONTWAIT));
    if (reporter_.log() != nullptr) reporter_.log()->sent({next_, packet.sent});
    ++next_;
  }

  void receive() {
    while (const auto datagram = receive_datagram(fd_)) {
      EchoPacket packet{};
      if (datagram->octets.size() != sizeof packet) continue;
      std::memcpy(&packet, datagram->octets.data(), sizeof packet);
      if (packet.header.icmp6_id != identifier_ || packet.sequence >= next_) continue;
      const Arrival arrival{packet.sequence, packet.sent, datagram->arrived};
      arrivals_.add(arrival);
      if (reporter_.log() != nullptr) reporter_.log()->arrived(arrival);
    }
  }

  std::uint64_t sent() const { return next_; }
  FlowSummary summary() const { return arrivals_.summary(next_); }

 private:
  int fd_;
  Reporter& reporter_;
  std::uint16_t identifier_ = static_cast<std::uint16_t>(std::random_device{}());
  std::uint64_t next_ = 0;
  ArrivalCounter arrivals_;
};

}  // namespace

Result<bool> ping(const ProbeOptions& options) {
  auto reporter = Reporter::create(options);
  if (!reporter) return tl::unexpected(reporter.error());
  const auto fd = socket_address(options.host, 0).and_then(echo_socket);
  if (!fd) return tl::unexpected(fd.error());
  const auto ending = end_signals();
  Pinger pinger(fd->get(), *reporter);
  const Duration spacing = seconds(1 / options.parameters.rate);
  TimePoint next = monotonic_now();
  TimePoint end = options.duration > 0 ? next + seconds(options.duration) : TimePoint{Duration::max()};
  std::optional<TimePoint> drained;
  while (!drained || monotonic_now() < *drained) {
    const TimePoint now = monotonic_now();
    if (!drained && now >= end) drained = now + seconds(options.drain);
    if (!drained && now >= next) {
      pinger.send();
      next = std::max(next + spacing, now);
    }
    std::vector<::pollfd> fds{{drained ? -1 : ending.get(), POLLIN, 0}, {fd->get(), POLLIN, 0}};
    poll_until(fds, drained ? *drained : std::min(next, end));
    if (fds[0].revents != 0) end = monotonic_now();
    pinger.receive();
  }
  reporter->finished({{"protocol", "icmpv6"},
                      {"role", "ping"},
                      {"rate", options.parameters.rate},
                      {"complete", true},
                      {"packets_sent", pinger.sent()},
                      {"round_trip", to_json(pinger.summary())}});
  return true;
}

}  // namespace flowmob::lab
