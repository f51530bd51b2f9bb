// SPDX-License-Identifier: Apache-2.0
#include "core/lma/gateway_watch.h"

namespace flowmob::core {
namespace {

/// When its last Proxy Binding Update was accepted.
TimePoint confirmed(const Session& session) { return session.deadline.monotonic - session.lifetime; }

}  // namespace

GatewayWatch::GatewayWatch(AnchorState& state, NodeEdits& edits)
    : state_(state),
      edits_(edits),
      heartbeats_(state.policy.own_address(), state.policy.config().heartbeat) {}

void GatewayWatch::reconfigure(Now now) {
  heartbeats_.configure(now.monotonic, state_.policy.config().heartbeat);
  seen_tunnels_ = 0;  // a MAG may be known no more
  follow_sessions(now);
  for (const auto& mag : state_.policy.links().mags()) note_quality(mag);  // heartbeats may be off
}

/// A tunnel stands as long as a session uses it.
void GatewayWatch::follow_sessions(Now now) {
  const auto& forwarding = state_.changes.forwarding();
  if (forwarding.tunnel_changes() == seen_tunnels_) return;
  seen_tunnels_ = forwarding.tunnel_changes();
  std::set<Ipv6Address> peers;
  for (const auto& [mag, tunnel] : forwarding.tunnels())
    if (state_.policy.mag(mag)) peers.insert(mag);
  heartbeats_.set_peers(now.monotonic, peers);
  for (const auto& mag : state_.policy.links().mags())
    if (!peers.contains(mag)) set_quality(mag, {});
}

void GatewayWatch::set_restart_counter(std::uint32_t counter, bool lost_state) {
  heartbeats_.set_restart_counter(counter);
  if (!lost_state) return;
  for (const auto& mag : state_.policy.config().mags)
    for (const auto& address : mag.addresses()) state_.effects.push(heartbeats_.announce_restart(address));
}

void GatewayWatch::handle_message(Now now, const PacketMeta& meta, const wire::Heartbeat& message) {
  if (!state_.policy.mag(meta.source)) return state_.drop(now, "not-a-peer", meta);
  auto outcome = heartbeats_.handle_message(now.monotonic, meta, message);
  note_quality(meta.source);
  act(now, std::move(outcome));
}

bool GatewayWatch::handle_refusal(Now now, const Ipv6Address& peer, bool awaits_other) {
  auto outcome = heartbeats_.handle_refusal(peer, awaits_other);
  const bool is_for_us = !outcome.events.empty();
  if (is_for_us) note_quality(peer);
  act(now, std::move(outcome));
  return is_for_us;
}

void GatewayWatch::handle_timeout(Now now) {
  auto outcome = heartbeats_.handle_timeout(now.monotonic);
  for (const auto& message : outcome.messages) note_quality(message.destination);
  act(now, std::move(outcome));
}

/// What was measured by heartbeats that are not sent any more is not known any more.
void GatewayWatch::note_quality(const Ipv6Address& mag) {
  const auto& monitor = heartbeats_.monitor();
  const auto peer = monitor.peers().find(mag);
  const bool is_measured = state_.policy.config().heartbeat.interval != Duration{} && !monitor.refuses(mag);
  LinkQuality quality;
  quality.load = state_.policy.links().quality(mag).load;
  if (peer != monitor.peers().end() && is_measured) {
    quality.round_trip = peer->second.round_trip;
    quality.loss = peer->second.loss();
  }
  set_quality(mag, quality);
}

void GatewayWatch::note_load(const Ipv6Address& mag, std::uint64_t bits_per_second) {
  LinkQuality quality = state_.policy.links().quality(mag);
  quality.load = bits_per_second;
  set_quality(mag, quality);
}

void GatewayWatch::set_quality(const Ipv6Address& mag, const LinkQuality& quality) {
  has_turned_ = state_.policy.links().set_quality(mag, quality) || has_turned_;
}

void GatewayWatch::act(Now now, HeartbeatOutcome outcome) {
  for (auto& message : outcome.messages) state_.effects.push(std::move(message));
  for (const auto& event : outcome.events) act(now, event);
}

HandoverCause GatewayWatch::cause_of(HandoverTrigger trigger, const Ipv6Address& mag) {
  return state_.handovers.cause(trigger, {{"mag", state_.policy.mag_name(mag)}});
}

/// A MAG that does not answer may still forward: its sessions stay, for flows that have no other link. One
/// that has lost its state forwards nothing; sessions that it may have registered since are its new ones.
void GatewayWatch::act(Now now, const PeerEvent& event) {
  state_.notify(std::string(event_name(event.kind)),
                {{"mag", state_.policy.mag_name(event.peer)}, {"address", event.peer.to_string()}});
  if (event.kind == PeerEvent::Kind::Mute) return;
  if (event.kind != PeerEvent::Kind::Restarted) {
    const bool reachable = event.kind == PeerEvent::Kind::Back;
    const auto trigger = reachable ? HandoverTrigger::GatewayBack : HandoverTrigger::GatewayLost;
    return edits_.make_all(cause_of(trigger, event.peer),
                           [this, mag = event.peer, reachable](const MobileNode& node) {
                             return with_reachable(state_.policy, node, mag, reachable);
                           });
  }
  const auto deadline = Deadline::after(now, state_.policy.config().min_delay_before_bce_delete);
  const auto cause = cause_of(HandoverTrigger::GatewayRestarted, event.peer);
  edits_.make_all(cause, [this, event, deadline](const MobileNode& node) {
    const auto is_gone = [&](const Session& s) { return s.mag == event.peer && confirmed(s) <= event.since; };
    return in_delete_wait(state_.policy, node, is_gone, deadline, "binding-lost");
  });
}

Json GatewayWatch::show_peer(const MagPeer& mag, const Ipv6Address& address) const {
  const auto& tunnels = state_.changes.forwarding().tunnels();
  const auto tunnel = tunnels.find(address);
  Json row{{"name", mag.name},
           {"address", address.to_string()},
           {"sessions", tunnel != tunnels.end() ? tunnel->second.sessions.size() : 0}};
  row.update(heartbeats_.show(address));
  return row;
}

Json GatewayWatch::show_peers() const {
  Json peers = Json::array();
  for (const auto& mag : state_.policy.config().mags)
    for (const auto& address : mag.addresses()) peers.push_back(show_peer(mag, address));
  return {{"peers", std::move(peers)}};
}

}  // namespace flowmob::core
