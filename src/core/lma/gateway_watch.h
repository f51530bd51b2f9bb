// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/lma/node_edits.h"
#include "core/peer/heartbeats.h"

namespace flowmob::core {

/// Heartbeats with the MAGs that have sessions here (RFC 5847), and what becomes of the sessions of one that
/// is lost or has lost its state.
class GatewayWatch {
 public:
  GatewayWatch(AnchorState& state, NodeEdits& edits);

  void reconfigure(Now now);
  /// Sessions may have come or gone.
  void follow_sessions(Now now);
  /// With this counter, from now on; `lost_state`: all MAGs are told at once (section 3.2).
  void set_restart_counter(std::uint32_t counter, bool lost_state);

  void number_heartbeats_from(std::uint32_t sequence) { heartbeats_.number_from(sequence); }

  void handle_message(Now now, const PacketMeta& meta, const wire::Heartbeat& message);
  /// True if it answers a heartbeat, and not others of our messages that wait.
  bool handle_refusal(Now now, const Ipv6Address& peer, bool awaits_other);
  void handle_timeout(Now now);
  std::optional<TimePoint> next_deadline() const { return heartbeats_.next_deadline(); }

  void note_load(const Ipv6Address& mag, std::uint64_t bits_per_second);
  /// Whether a link became good or bad for some rule since this was last asked.
  bool take_turned() { return std::exchange(has_turned_, false); }

  Json show_peers() const;
  Json statistics() const { return heartbeats_.statistics(); }

 private:
  Json show_peer(const MagPeer& mag, const Ipv6Address& address) const;
  void act(Now now, HeartbeatOutcome outcome);
  void act(Now now, const PeerEvent& event);
  HandoverCause cause_of(HandoverTrigger trigger, const Ipv6Address& mag);
  void note_quality(const Ipv6Address& mag);
  void set_quality(const Ipv6Address& mag, const LinkQuality& quality);

  AnchorState& state_;
  NodeEdits& edits_;
  Heartbeats heartbeats_;
  std::uint64_t seen_tunnels_ = 0;
  bool has_turned_ = false;
};

}  // namespace flowmob::core
