// SPDX-License-Identifier: Apache-2.0
#include "core/lma/path_delays.h"

#include <algorithm>
#include <utility>

#include "wire/checksum.h"

namespace flowmob::core {
namespace {

constexpr std::uint8_t kIcmpv6 = 58, kEchoRequest = 128, kEchoReply = 129, kHopLimit = 64;
constexpr std::size_t kEchoHeader = 8, kToken = 8;

template <class Number>
void put(Bytes& octets, Number number) {
  for (int shift = 8 * (static_cast<int>(sizeof(Number)) - 1); shift >= 0; shift -= 8)
    octets.push_back(static_cast<std::uint8_t>(number >> shift));
}

template <class Number>
Number number_at(ByteView octets, std::size_t offset) {
  Number number{};
  for (std::size_t i = 0; i < sizeof(Number); ++i)
    number = static_cast<Number>(number << 8 | octets[offset + i]);
  return number;
}

}  // namespace

/// Of the secret and the question (splitmix64): not to be guessed, but to be worked out by who has heard one.
std::uint64_t PathDelays::token(std::uint16_t identifier, std::uint16_t sequence) const {
  std::uint64_t mixed =
      secret_ + 0x9e3779b97f4a7c15ULL * (std::uint64_t{identifier} << 16 | sequence | 1ULL << 32);
  mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9ULL;
  mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebULL;
  return mixed ^ mixed >> 31;
}

Bytes PathDelays::echo_request(const Path& path, std::uint16_t sequence) const {
  Bytes message{kEchoRequest, 0, 0, 0};
  put(message, path.identifier);
  put(message, sequence);
  put(message, token(path.identifier, sequence));
  const auto checksum = wire::ipv6_checksum(path.anchor, path.node, kIcmpv6, message);
  message[2] = static_cast<std::uint8_t>(checksum >> 8);
  message[3] = static_cast<std::uint8_t>(checksum);
  Bytes packet{0x60, 0, 0, 0};
  put(packet, static_cast<std::uint16_t>(message.size()));
  append(packet, Bytes{kIcmpv6, kHopLimit});
  append(packet, path.anchor.octets);
  append(packet, path.node.octets);
  append(packet, message);
  return packet;
}

void PathDelays::measure(TimePoint now, SessionId session, const Ipv6Address& anchor,
                         const Ipv6Address& node) {
  auto found = paths_.find(session);
  if (found == paths_.end()) {
    if (paths_.size() >= kMostPaths) forget_oldest();
    found = paths_.try_emplace(session).first;
    auto& fresh = found->second;
    do fresh.identifier = ++last_identifier_;
    while (!sessions_.emplace(fresh.identifier, session).second);
  } else if (found->second.node == node && now < found->second.began + kRest) {
    return;
  }
  auto& path = found->second;
  path.anchor = anchor;
  path.node = node;
  path.began = now;
  path.sent = 0;
  path.is_fresh = false;
  probe(now, session, path);
}

void PathDelays::forget_oldest() {
  const auto oldest =
      std::ranges::min_element(paths_, {}, [](const auto& entry) { return entry.second.began; });
  sessions_.erase(oldest->second.identifier);
  asking_.erase(oldest->first);
  paths_.erase(oldest);
}

void PathDelays::probe(TimePoint now, SessionId session, Path& path) {
  const auto sequence = ++last_sequence_;
  path.probes[path.sent++] = {sequence, now, false};
  path.sent < kProbes ? void(asking_.insert(session)) : void(asking_.erase(session));
  effects_.push(SendBySession{session, echo_request(path, sequence)});
}

const PathDelays::RoundTrip* PathDelays::of(SessionId session) const {
  const auto found = paths_.find(session);
  return found == paths_.end() || !found->second.measured ? nullptr : &*found->second.measured;
}

std::optional<SessionId> PathDelays::handle_echo_reply(TimePoint now, const Ipv6Address& source,
                                                       ByteView message) {
  if (message.size() != kEchoHeader + kToken || message[0] != kEchoReply || message[1] != 0)
    return std::nullopt;
  const auto identifier = number_at<std::uint16_t>(message, 4),
             sequence = number_at<std::uint16_t>(message, 6);
  const auto session = sessions_.find(identifier);
  if (session == sessions_.end() || number_at<std::uint64_t>(message, 8) != token(identifier, sequence))
    return std::nullopt;
  auto& path = paths_.at(session->second);
  const auto end = path.probes.begin() + static_cast<std::ptrdiff_t>(path.sent);
  const auto asked = std::find_if(path.probes.begin(), end,
                                  [&](const Probe& p) { return p.sequence == sequence && !p.is_answered; });
  if (asked == end || path.node != source) return std::nullopt;
  asked->is_answered = true;
  const Duration took = now - asked->sent;
  if (!std::exchange(path.is_fresh, true)) path.measured = RoundTrip{took, took, now};
  path.measured = RoundTrip{std::min(path.measured->least, took), std::max(path.measured->most, took), now};
  return session->second;
}

void PathDelays::handle_timeout(TimePoint now) {
  const auto asking = asking_;
  for (const auto session : asking) {
    auto& path = paths_.at(session);
    if (path.next() <= now) probe(now, session, path);
  }
}

std::optional<TimePoint> PathDelays::next_deadline() const {
  std::optional<TimePoint> next;
  for (const auto session : asking_) {
    const auto due = paths_.at(session).next();
    if (!next || due < *next) next = due;
  }
  return next;
}

}  // namespace flowmob::core
