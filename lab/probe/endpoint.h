// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/time.h"
#include "lab/probe/message.h"
#include "lab/probe/packet_log.h"
#include "lab/stats/arrivals.h"

namespace flowmob::lab {

/// One end of a probe: sends a paced stream and counts the peer's. Time comes in, packets go out by value.
///
/// Call poll_transmit() until it gives nothing, then sleep until poll_timeout() or a packet. After stop(), or
/// when the peer finishes, it repeats its Finish until both know what the other sent and packets under way
/// had time to arrive; then done().
class ProbeEndpoint {
 public:
  struct Options {
    std::uint32_t session{};
    StreamParameters parameters;
    Duration drain = std::chrono::milliseconds(1000);
    bool repeats_finish = true;  ///< over UDP; TCP delivers the one there is
  };

  ProbeEndpoint(const Options& options, Now start, PacketLog* log = nullptr);

  void handle_packet(Now now, Nanoseconds arrived, const ProbeMessage& message);
  void stop(Now now);
  std::optional<Bytes> poll_transmit(Now now);
  TimePoint poll_timeout() const;
  bool done(Now now) const;

  std::uint64_t sent() const { return next_sequence_; }
  TimePoint last_heard() const { return last_heard_; }
  bool heard_anything() const { return highest_seen_ > 0 || peer_sent_; }
  /// "outgoing" is what the peer saw of our packets (null if it never told), "incoming" what we saw of its.
  nlohmann::ordered_json report() const;
  /// One line for a progress display; the gap is the longest since the line before.
  nlohmann::ordered_json progress(Now now);

 private:
  Bytes data_packet(Now now);
  Bytes finish_packet(Now now);
  FlowSummary incoming() const;

  Options options_;
  PacketLog* log_;
  Duration spacing_;
  TimePoint started_, next_event_, last_heard_;
  std::optional<TimePoint> stopped_;
  bool finish_sent_ = false;
  std::uint64_t next_sequence_{};
  std::uint64_t highest_seen_{};  ///< one more than the highest sequence number
  std::optional<std::uint64_t> peer_sent_;
  nlohmann::ordered_json peer_report_;
  ArrivalCounter arrivals_;
  Nanoseconds interval_gap_{}, last_arrival_{};
};

}  // namespace flowmob::lab
