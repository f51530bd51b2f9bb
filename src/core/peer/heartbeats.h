// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "core/effect.h"
#include "core/peer/own_address.h"
#include "core/peer/peer_monitor.h"
#include "wire/mobility_header.h"

namespace flowmob::core {

/// What heartbeats tell of a peer.
struct PeerEvent {
  enum class Kind {
    Lost,       ///< it does not answer any more
    Back,       ///< it answers again
    Restarted,  ///< it lost its state, at some time after `since`
    Mute,       ///< it does not know heartbeats; nothing is known of it any more
  } kind{};
  Ipv6Address peer;
  TimePoint since{};
};
std::string_view event_name(PeerEvent::Kind kind);

struct HeartbeatOutcome {
  std::vector<SendMessage> messages;
  std::vector<PeerEvent> events;
};

/// Heartbeat messages of both roles (RFC 5847): probes peers, answers theirs, and tells them of a restart.
class Heartbeats {
 public:
  Heartbeats(const OwnAddress& own_address, HeartbeatConfig config)
      : own_address_(own_address), monitor_(config) {}

  void configure(TimePoint now, HeartbeatConfig config) { monitor_.configure(now, config); }
  /// Ours: it has grown if sessions were lost since it was last told to anybody (section 3.2).
  void set_restart_counter(std::uint32_t counter) { restart_counter_ = counter; }
  void number_from(std::uint32_t sequence) { monitor_.number_from(sequence); }
  void set_peers(TimePoint now, const std::set<Ipv6Address>& peers) { monitor_.set_peers(now, peers); }

  HeartbeatOutcome handle_message(TimePoint now, const PacketMeta& meta, const wire::Heartbeat& message);
  /// A Binding Error of status 2; nothing happens if it means another message, of those that wait for an
  /// answer too.
  HeartbeatOutcome handle_refusal(const Ipv6Address& peer, bool awaits_other);
  HeartbeatOutcome handle_timeout(TimePoint now);
  std::optional<TimePoint> next_deadline() const { return monitor_.next_deadline(); }

  /// Unasked, to one with whom there were sessions before they were lost.
  SendMessage announce_restart(const Ipv6Address& peer);

  /// {"heartbeat", "missing", "restart_counter"} of a peer: "answers", "lost", "unknown", "unsupported" or
  /// "off".
  Json show(const Ipv6Address& peer) const;
  /// Counters since the start.
  Json statistics() const;
  const PeerMonitor& monitor() const { return monitor_; }

 private:
  struct Counters {
    std::uint64_t requests_sent{}, responses_received{}, requests_received{}, responses_sent{}, unmatched{},
        losses{}, restarts{};
  };
  SendMessage message_to(const Ipv6Address& peer, const wire::Heartbeat& message) const;
  SendMessage respond(const Ipv6Address& own, const Ipv6Address& peer, std::uint32_t sequence,
                      bool unsolicited);

  OwnAddress own_address_;
  PeerMonitor monitor_;
  std::uint32_t restart_counter_ = 0;
  Counters counters_;
};

}  // namespace flowmob::core
