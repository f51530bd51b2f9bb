// SPDX-License-Identifier: Apache-2.0
#include "lab/probe/endpoint.h"

#include <algorithm>
#include <string>

namespace flowmob::lab {
namespace {

using Json = nlohmann::ordered_json;
using namespace std::chrono_literals;

constexpr Duration kFinishEvery = 50ms;
constexpr Duration kPatience = 3s;  ///< with a peer that never finishes
/// A sequence number this far ahead of all others is no packet of the peer's.
constexpr std::uint64_t kLargestJump = 10'000'000;

Nanoseconds wall(Now now) { return now.wall.time_since_epoch().count(); }

Duration spacing_of(const StreamParameters& p) {
  return Duration{static_cast<Duration::rep>(1e9 / std::clamp(p.rate, 0.001, 1e6))};
}

}  // namespace

ProbeEndpoint::ProbeEndpoint(const Options& options, Now start, PacketLog* log)
    : options_(options),
      log_(log),
      spacing_(spacing_of(options.parameters)),
      started_(start.monotonic),
      next_event_(start.monotonic),
      last_heard_(start.monotonic) {}

void ProbeEndpoint::handle_packet(Now now, Nanoseconds arrived, const ProbeMessage& m) {
  if (m.session != options_.session || m.sequence > highest_seen_ + kLargestJump) return;
  last_heard_ = now.monotonic;
  if (m.kind == ProbeMessage::Kind::Finish) {
    peer_sent_ = m.sequence;
    peer_report_ = Json::parse(m.body, nullptr, false);
    stop(now);
    return;
  }
  highest_seen_ = std::max(highest_seen_, m.sequence + 1);
  arrivals_.add({m.sequence, m.sent, arrived});
  if (log_ != nullptr) log_->arrived({m.sequence, m.sent, arrived});
  if (last_arrival_ != 0) interval_gap_ = std::max(interval_gap_, arrived - last_arrival_);
  last_arrival_ = arrived;
}

void ProbeEndpoint::stop(Now now) {
  if (stopped_) return;
  stopped_ = now.monotonic;
  next_event_ = now.monotonic;
}

std::optional<Bytes> ProbeEndpoint::poll_transmit(Now now) {
  if (now.monotonic < next_event_) return {};
  if (!stopped_) return data_packet(now);
  if (finish_sent_ && !options_.repeats_finish) {
    next_event_ = now.monotonic + kFinishEvery;
    return {};
  }
  return finish_packet(now);
}

Bytes ProbeEndpoint::data_packet(Now now) {
  // Held up, we go on from now: a burst to catch up would be a traffic pattern nobody asked for.
  next_event_ = std::max(next_event_ + spacing_, now.monotonic);
  const ProbeMessage message{.session = options_.session,
                             .parameters = options_.parameters,
                             .sequence = next_sequence_++,
                             .sent = wall(now)};
  if (log_ != nullptr) log_->sent({message.sequence, message.sent});
  return encode(message);
}

Bytes ProbeEndpoint::finish_packet(Now now) {
  next_event_ = now.monotonic + kFinishEvery;
  finish_sent_ = true;
  const std::string seen = to_json(incoming()).dump();
  return encode({.kind = ProbeMessage::Kind::Finish,
                 .session = options_.session,
                 .parameters = options_.parameters,
                 .sequence = next_sequence_,
                 .sent = wall(now),
                 .body = Bytes(seen.begin(), seen.end())});
}

TimePoint ProbeEndpoint::poll_timeout() const { return next_event_; }

bool ProbeEndpoint::done(Now now) const {
  if (!stopped_ || !finish_sent_) return false;
  const Duration since = now.monotonic - *stopped_;
  return since >= options_.drain && (peer_sent_ || since >= options_.drain + kPatience);
}

FlowSummary ProbeEndpoint::incoming() const { return arrivals_.summary(peer_sent_.value_or(highest_seen_)); }

Json ProbeEndpoint::report() const {
  return {{"session", options_.session},
          {"rate", options_.parameters.rate},
          {"size", options_.parameters.size},
          {"duration_s", std::chrono::duration<double>(stopped_.value_or(last_heard_) - started_).count()},
          {"complete", peer_sent_.has_value()},
          {"packets_sent", next_sequence_},
          {"outgoing", peer_report_.is_discarded() ? Json() : peer_report_},
          {"incoming", to_json(incoming())}};
}

Json ProbeEndpoint::progress(Now now) {
  const FlowSummary in = incoming();
  return {{"time_ns", wall(now)},
          {"sent", next_sequence_},
          {"received", in.received},
          {"missing", in.lost},
          {"duplicated", in.duplicated},
          {"reordered", in.reordered},
          {"longest_gap_ms", to_ms(std::exchange(interval_gap_, 0))}};
}

}  // namespace flowmob::lab
