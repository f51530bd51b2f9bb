// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/mag/registrar.h"
#include "core/peer/heartbeats.h"

namespace flowmob::core {

/// Heartbeats with the LMA as long as a node is registered there (RFC 5847). One that has lost its state is
/// told again who is here; one that could not be reached is asked whether it still knows.
class AnchorWatch {
 public:
  AnchorWatch(MagContext& context, Registrar& registrar);

  void reconfigure(Now now) { heartbeats_.configure(now.monotonic, context_.config.heartbeat); }
  /// Attachments may have come or gone.
  void follow_attachments(Now now);
  void set_restart_counter(std::uint32_t counter, bool lost_state);

  void handle_message(Now now, const PacketMeta& meta, const wire::Heartbeat& message);
  void number_heartbeats_from(std::uint32_t sequence) { heartbeats_.number_from(sequence); }
  /// A Binding Error of status 2; true if it answers a heartbeat, and not others of our messages that wait.
  bool handle_refusal(Now now, bool awaits_other);
  void handle_timeout(Now now) { act(now, heartbeats_.handle_timeout(now.monotonic)); }
  std::optional<TimePoint> next_deadline() const { return heartbeats_.next_deadline(); }

  Json show_peers() const;
  Json statistics() const { return heartbeats_.statistics(); }

 private:
  void act(Now now, HeartbeatOutcome outcome);
  void register_all(Now now, PeerEvent::Kind why);

  MagContext& context_;
  Registrar& registrar_;
  Heartbeats heartbeats_;
  bool has_sessions_ = false;
};

}  // namespace flowmob::core
