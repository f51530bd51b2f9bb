// SPDX-License-Identifier: Apache-2.0
#include "core/peer/heartbeats.h"

namespace flowmob::core {

std::string_view event_name(PeerEvent::Kind kind) {
  switch (kind) {
    case PeerEvent::Kind::Lost:
      return "peer-lost";
    case PeerEvent::Kind::Back:
      return "peer-back";
    case PeerEvent::Kind::Restarted:
      return "peer-restarted";
    case PeerEvent::Kind::Mute:
      return "peer-without-heartbeat";
  }
  return "?";
}

SendMessage Heartbeats::message_to(const Ipv6Address& peer, const wire::Heartbeat& message) const {
  const auto& own = own_address_.towards(peer);
  return {own, peer, wire::encode(message, own, peer)};
}

/// From where we were asked: we may have several addresses (RFC 8278).
SendMessage Heartbeats::respond(const Ipv6Address& own, const Ipv6Address& peer, std::uint32_t sequence,
                                bool unsolicited) {
  ++counters_.responses_sent;
  const wire::Heartbeat message{unsolicited, true, sequence, {wire::RestartCounter{restart_counter_}}};
  return {own, peer, wire::encode(message, own, peer)};
}

SendMessage Heartbeats::announce_restart(const Ipv6Address& peer) {
  return respond(own_address_.towards(peer), peer, 0, true);
}

HeartbeatOutcome Heartbeats::handle_message(TimePoint now, const PacketMeta& meta,
                                            const wire::Heartbeat& message) {
  HeartbeatOutcome outcome;
  if (!message.response) {
    ++counters_.requests_received;
    outcome.messages.push_back(respond(meta.destination, meta.source, message.sequence, false));
    return outcome;
  }
  PeerMonitor::Response response{message.sequence, message.unsolicited, {}};
  if (const auto* counter = wire::find<wire::RestartCounter>(message.options))
    response.restart_counter = counter->counter;
  const auto news = monitor_.handle_response(now, meta.source, response);
  ++(news.expected ? counters_.responses_received : counters_.unmatched);
  if (news.is_back) outcome.events.push_back({PeerEvent::Kind::Back, meta.source});
  if (!news.restarted_since) return outcome;
  ++counters_.restarts;
  outcome.events.push_back({PeerEvent::Kind::Restarted, meta.source, *news.restarted_since});
  return outcome;
}

HeartbeatOutcome Heartbeats::handle_refusal(const Ipv6Address& peer, bool awaits_other) {
  HeartbeatOutcome outcome;
  const auto known = monitor_.peers().find(peer);
  const bool was_lost = known != monitor_.peers().end() && known->second.is_lost;
  if (!monitor_.handle_refusal(peer, awaits_other)) return outcome;
  if (was_lost) outcome.events.push_back({PeerEvent::Kind::Back, peer});
  outcome.events.push_back({PeerEvent::Kind::Mute, peer});
  return outcome;
}

HeartbeatOutcome Heartbeats::handle_timeout(TimePoint now) {
  HeartbeatOutcome outcome;
  for (const auto& due : monitor_.handle_timeout(now)) {
    if (const auto* probe = std::get_if<PeerMonitor::Probe>(&due)) {
      ++counters_.requests_sent;
      outcome.messages.push_back(message_to(probe->peer, {false, false, probe->sequence, {}}));
    } else {
      ++counters_.losses;
      outcome.events.push_back({PeerEvent::Kind::Lost, std::get<PeerMonitor::Lost>(due).peer});
    }
  }
  return outcome;
}

Json Heartbeats::show(const Ipv6Address& address) const {
  const auto known = monitor_.peers().find(address);
  const bool is_peer = known != monitor_.peers().end();
  Json row{{"heartbeat", "off"}, {"missing", 0}, {"restart_counter", nullptr}};
  if (monitor_.refuses(address)) {
    row["heartbeat"] = "unsupported";
  } else if (is_peer) {
    const auto& peer = known->second;
    if (peer.next_probe) row["heartbeat"] = peer.is_lost ? "lost" : peer.has_answered ? "answers" : "unknown";
    row["missing"] = peer.missing;
    if (peer.restart_counter) row["restart_counter"] = *peer.restart_counter;
  }
  return row;
}

Json Heartbeats::statistics() const {
  return {{"requests_sent", counters_.requests_sent},
          {"responses_received", counters_.responses_received},
          {"requests_received", counters_.requests_received},
          {"responses_sent", counters_.responses_sent},
          {"unmatched_responses", counters_.unmatched},
          {"peers_lost", counters_.losses},
          {"peers_restarted", counters_.restarts}};
}

}  // namespace flowmob::core
