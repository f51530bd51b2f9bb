// SPDX-License-Identifier: Apache-2.0
#include "core/mag/anchor_watch.h"

namespace flowmob::core {

AnchorWatch::AnchorWatch(MagContext& context, Registrar& registrar)
    : context_(context),
      registrar_(registrar),
      heartbeats_(context.config.address, context.config.heartbeat) {}

/// Every registered node uses the tunnel.
void AnchorWatch::follow_attachments(Now now) {
  const bool has_sessions = !context_.tunnels.users().empty();
  if (std::exchange(has_sessions_, has_sessions) == has_sessions) return;
  context_.first_path_is_dead = false;  // as far as anybody knows
  heartbeats_.set_peers(now.monotonic,
                        has_sessions ? std::set{context_.config.lma} : std::set<Ipv6Address>{});
}

void AnchorWatch::set_restart_counter(std::uint32_t counter, bool lost_state) {
  heartbeats_.set_restart_counter(counter);
  if (lost_state) context_.emit(heartbeats_.announce_restart(context_.config.lma));
}

void AnchorWatch::handle_message(Now now, const PacketMeta& meta, const wire::Heartbeat& message) {
  act(now, heartbeats_.handle_message(now.monotonic, meta, message));
}

bool AnchorWatch::handle_refusal(Now now, bool awaits_other) {
  auto outcome = heartbeats_.handle_refusal(context_.config.lma, awaits_other);
  const bool is_for_us = !outcome.events.empty();
  act(now, std::move(outcome));
  return is_for_us;
}

void AnchorWatch::act(Now now, HeartbeatOutcome outcome) {
  for (auto& message : outcome.messages) context_.emit(std::move(message));
  for (const auto& event : outcome.events) {
    context_.notify(std::string(event_name(event.kind)), Json{{"address", event.peer.to_string()}});
    context_.first_path_is_dead = event.kind == PeerEvent::Kind::Lost;
    if (event.kind == PeerEvent::Kind::Restarted) ++context_.anchor_restarts;
    if (event.kind == PeerEvent::Kind::Back || event.kind == PeerEvent::Kind::Restarted)
      register_all(now, event.kind);
  }
}

/// What the Binding Update List says of an LMA like that has to be confirmed (section 3). The data plane may
/// have outlived it, so nobody loses service before the LMA says no.
void AnchorWatch::register_all(Now now, PeerEvent::Kind why) {
  for (const auto id : context_.bindings.ids()) {
    auto& attachment = *context_.bindings.find(id);
    if (attachment.state != AttachmentState::Registered || attachment.held) continue;
    attachment.off_link_asked = attachment.off_link_asked || why == PeerEvent::Kind::Restarted;
    if (why == PeerEvent::Kind::Restarted)
      registrar_.register_services(now, attachment);
    else if (!attachment.request)
      registrar_.refresh(now, attachment);
  }
}

Json AnchorWatch::show_peers() const {
  const auto& lma = context_.config.lma;
  const auto users = context_.tunnels.users().find(lma);
  Json row{{"name", "lma"},
           {"address", lma.to_string()},
           {"sessions", users == context_.tunnels.users().end() ? 0 : users->second.size()}};
  row.update(heartbeats_.show(lma));
  return {{"peers", Json::array({row})}};
}

}  // namespace flowmob::core
