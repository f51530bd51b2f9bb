// SPDX-License-Identifier: Apache-2.0
#include "core/lma/local_mobility_anchor.h"

#include <algorithm>

#include "core/lma/anchor_state.h"
#include "core/lma/commands.h"
#include "core/lma/expiry.h"
#include "core/lma/gateway_revocations.h"
#include "core/lma/gateway_watch.h"
#include "core/lma/pbu_handler.h"
#include "core/lma/policy_trial.h"
#include "core/lma/restore.h"
#include "core/lma/revoker.h"
#include "core/lma/tunnel_errors.h"
#include "core/signalling/header_errors.h"

namespace flowmob::core {

class LocalMobilityAnchor::Impl {
 public:
  explicit Impl(LmaConfig config)
      : state(std::move(config)), errors_(state.policy.config().binding_errors_per_second) {}

  void handle_message(Now now, const PacketMeta& meta, ByteView header);
  void handle_result(Now now, EffectId id, const Result<void>& outcome);
  /// "flow move" and "flow release".
  Result<Json> change_flow(Now now, CommandId id, Result<FlowMove> planned);
  Result<Json> revoke(Now now, const Json& arguments);
  Result<void> reconfigure(Now now, LmaConfig config);
  void handle_timeout(Now now);
  /// What followed from an input for other parts than the one that took it.
  void settle(Now now);
  std::optional<TimePoint> next_deadline() const;

  AnchorState state;
  PbuHandler updates{state};
  NodeEdits edits{state};
  GatewayWatch gateways{state, edits};
  Revoker revoker{state, updates, edits};
  GatewayRevocations revocations{state, edits};
  LmaTunnelErrors tunnel_errors{state};
  PolicyTrial trial{state, edits};
  FlowMobility mobility{state, updates, edits};
  std::vector<InterfaceIndex> correspondent_interfaces;

 private:
  void take(Now now, const PacketMeta& meta, wire::MobilityMessage message);
  void binding_error(Now now, const PacketMeta& meta, const wire::BindingError& error);
  void answer(std::optional<HeaderErrors::Answer> error);

  HeaderErrors errors_;
};

namespace {

/// Nothing if it is another command.
std::optional<Result<FlowMove>> plan(AnchorState& state, std::string_view command, const Json& arguments) {
  if (command == "flow move") return plan_flow_move(state, arguments);
  if (command == "flow release") return plan_flow_release(state, arguments);
  return std::nullopt;
}

bool is_unicast(const Ipv6Address& address) { return !address.is_unspecified() && !address.is_multicast(); }

}  // namespace

/// RFC 6275 section 9.2: the decoder checks in its order.
void LocalMobilityAnchor::Impl::handle_message(Now now, const PacketMeta& meta, ByteView header) {
  ++state.statistics.received;
  if (std::ranges::find(correspondent_interfaces, meta.interface) != correspondent_interfaces.end())
    return state.drop(now, "from-core-interface", meta);
  if (!is_unicast(meta.source) || !is_unicast(meta.destination)) return state.drop(now, "not-unicast", meta);
  auto message = wire::decode(header, meta.source, meta.destination);
  if (!message) {
    state.drop(now, message.error().code, meta);
    return answer(errors_.undecodable(now, meta, header, message.error().code));
  }
  take(now, meta, std::move(*message));
}

void LocalMobilityAnchor::Impl::take(Now now, const PacketMeta& meta, wire::MobilityMessage message) {
  if (auto* update = std::get_if<wire::ProxyBindingUpdate>(&message)) {
    if (!update->proxy) return state.drop(now, "not-proxy", meta);
    PbuRequest request(meta, std::move(*update));
    request.came = now.monotonic;
    if (!request.proxy_coa.is_routable_unicast()) return state.drop(now, "care-of-address", meta);  // 6.1.7
    return updates.handle(now, std::move(request));
  }
  if (const auto* heartbeat = std::get_if<wire::Heartbeat>(&message))
    return gateways.handle_message(now, meta, *heartbeat);
  if (auto* indication = std::get_if<wire::BindingRevocationIndication>(&message))
    return revocations.handle(now, RevocationRequest(meta, std::move(*indication)));
  if (const auto* acknowledgement = std::get_if<wire::BindingRevocationAcknowledgement>(&message))
    return revoker.handle_acknowledgement(now, meta, *acknowledgement);
  if (const auto* answer = std::get_if<wire::UpdateNotificationAcknowledgement>(&message))
    return mobility.handle_acknowledgement(now, meta, *answer);
  if (const auto* error = std::get_if<wire::BindingError>(&message)) return binding_error(now, meta, *error);
  if (std::holds_alternative<wire::ProxyBindingAcknowledgement>(message) ||
      std::holds_alternative<wire::UpdateNotification>(message))
    return state.drop(now, "unexpected-type", meta);
  state.drop(now, "unknown-type", meta);
  answer(errors_.unknown_type(now, meta));
}

/// It does not say what it answers: a heartbeat, if one waits, else the newest kind of message that does. Of
/// a peer that knows neither, the other follows when it is said again.
void LocalMobilityAnchor::Impl::binding_error(Now now, const PacketMeta& meta,
                                              const wire::BindingError& error) {
  state.drop(now, "binding-error", meta);
  if (error.status != wire::BindingErrorStatus::UnrecognizedMhType) return;
  const bool awaits_notified = mobility.awaits(meta.source);
  if (gateways.handle_refusal(now, meta.source, awaits_notified || revoker.awaits(meta.source))) return;
  if (awaits_notified)
    mobility.handle_refusal(now, meta.source);
  else
    revoker.handle_refusal(now, meta.source);
}

void LocalMobilityAnchor::Impl::answer(std::optional<HeaderErrors::Answer> error) {
  if (!error) return;
  ++(std::holds_alternative<SendMessage>(*error) ? state.statistics.binding_errors_sent
                                                 : state.statistics.parameter_problems_sent);
  std::visit([this](auto& action) { state.effects.push(std::move(action)); }, *error);
}

void LocalMobilityAnchor::Impl::handle_result(Now now, EffectId id, const Result<void>& outcome) {
  if (auto finished = state.changes.handle_result(id, outcome)) updates.finish(now, std::move(*finished));
}

/// What was begun. Whoever waits for the end gets all answers by the one way.
Result<Json> LocalMobilityAnchor::Impl::change_flow(Now now, CommandId id, Result<FlowMove> move) {
  auto answer = move.map([](const FlowMove& m) { return m.answer; });
  if (move && move->asks) {
    move->asks->command.id = id;
    const auto begun = mobility.move(now, std::move(*move->asks));
    if (begun) return answer;
    answer = tl::unexpected(begun.error());
  }
  if (!move || !move->change) {
    if (id) state.answers.push_back({id, answer});
    return answer;
  }
  if (id) move->change->command = CommandAnswer{id, answer};
  updates.begin(now, std::move(*move->change));
  return answer;
}

Result<Json> LocalMobilityAnchor::Impl::revoke(Now now, const Json& arguments) {
  auto planned = plan_revocation(state, arguments);
  if (!planned) return tl::unexpected(planned.error());
  Json answer = describe(state.policy, *planned);
  for (auto& revocation : *planned) revoker.revoke(now, std::move(revocation));
  return answer;
}

Result<void> LocalMobilityAnchor::Impl::reconfigure(Now now, LmaConfig config) {
  const auto& former = state.policy.config();
  if (config.address != former.address || config.ipv4_address != former.ipv4_address)
    return fail("needs-restart", "the anchor's address cannot change while it runs");
  errors_.set_rate(config.binding_errors_per_second);
  state.configure(std::move(config));
  state.notify("configuration-changed", {{"mobile_nodes", state.policy.config().mobile_nodes.size()},
                                         {"mags", state.policy.config().mags.size()},
                                         {"services", state.policy.config().services.size()}});
  gateways.reconfigure(now);
  edits.make_all(state.handovers.cause(HandoverTrigger::Policies),
                 [this](const MobileNode& node) { return with_permitted_delegated(state.policy, node); });
  trial.handle_configuration();
  mobility.reconfigured();
  revoker.handle_policy(now);
  return {};
}

void LocalMobilityAnchor::Impl::handle_timeout(Now now) {
  expire(state, now);
  updates.handle_timeout(now);
  gateways.handle_timeout(now);
  revoker.handle_timeout(now);
  trial.handle_timeout(now);
  mobility.handle_timeout(now);
  state.handovers.handle_timeout();
}

void LocalMobilityAnchor::Impl::settle(Now now) {
  if (gateways.take_turned()) {
    trial.follow_links();
    mobility.links_turned();
  }
  edits.make_waiting();
  mobility.settle(now);
  for (const auto& mn_id : edits.take_changed())
    if (!state.changes.under_way(mn_id)) updates.go_on_with_held(now, mn_id);
  revoker.handle_news(now);
  gateways.follow_sessions(now);
}

std::optional<TimePoint> LocalMobilityAnchor::Impl::next_deadline() const {
  std::optional<TimePoint> next;
  for (const auto& one : {state.cache.next_deadline(), updates.next_deadline(), gateways.next_deadline(),
                          revoker.next_deadline(), trial.next_deadline(), mobility.next_deadline(),
                          state.handovers.next_deadline()})
    if (one && (!next || *one < *next)) next = one;
  return next;
}

LocalMobilityAnchor::LocalMobilityAnchor(LmaConfig config)
    : impl_(std::make_unique<Impl>(std::move(config))) {}
LocalMobilityAnchor::~LocalMobilityAnchor() = default;

const LmaConfig& LocalMobilityAnchor::config() const { return impl_->state.policy.config(); }

void LocalMobilityAnchor::restore(Now now, const std::vector<NodeRecord>& records) {
  impl_->state.advance(now);
  core::restore(impl_->state, now, records);
  impl_->mobility.restored();
  impl_->settle(now);
}

void LocalMobilityAnchor::set_restart_counter(std::uint32_t counter, bool lost_state) {
  impl_->gateways.set_restart_counter(counter, lost_state);
}

void LocalMobilityAnchor::number_heartbeats_from(std::uint32_t sequence) {
  impl_->gateways.number_heartbeats_from(sequence);
}

void LocalMobilityAnchor::number_notifications_from(std::uint16_t sequence) {
  impl_->mobility.number_from(sequence);
}

void LocalMobilityAnchor::handle_message(Now now, const PacketMeta& meta, ByteView mobility_header) {
  impl_->state.advance(now);
  impl_->handle_message(now, meta, mobility_header);
  impl_->settle(now);
}

void LocalMobilityAnchor::handle_tunnel_error(Now now, const TunnelError& error) {
  impl_->tunnel_errors.handle(now, error);
}

void LocalMobilityAnchor::set_correspondent_interfaces(std::vector<InterfaceIndex> interfaces) {
  impl_->correspondent_interfaces = std::move(interfaces);
}

void LocalMobilityAnchor::tell_extensions(bool told) { impl_->state.tells_extensions = told; }

Result<Json> LocalMobilityAnchor::handle_command(Now now, std::string_view command, const Json& arguments) {
  impl_->state.advance(now);
  if (const auto planned = plan(impl_->state, command, arguments)) {
    auto begun = impl_->change_flow(now, {}, *planned);
    impl_->settle(now);
    return begun;
  }
  if (command == "policy explain") return explain(impl_->state, arguments);
  if (command == "policy confirm")
    return impl_->trial.confirm().map([] { return Json{{"confirmed", true}}; });
  if (command == "show policies") return show_policies(impl_->state);
  if (command == "session revoke") return impl_->revoke(now, arguments);
  if (command == "show handovers") return impl_->state.handovers.show(arguments);
  if (command == "show peers") return impl_->gateways.show_peers();
  if (auto shown = show(impl_->state, now, command, arguments)) {
    if (command == "show statistics") {
      shown->value()["heartbeat"] = impl_->gateways.statistics();
      shown->value()["tunnel_errors"] = impl_->tunnel_errors.statistics();
    }
    return std::move(*shown);
  }
  return fail("no-such-command", "the anchor has no command " + std::string(command));
}

void LocalMobilityAnchor::begin_command(Now now, CommandId id, std::string_view command,
                                        const Json& arguments) {
  impl_->state.advance(now);
  if (auto planned = plan(impl_->state, command, arguments))
    static_cast<void>(impl_->change_flow(now, id, std::move(*planned)));  // the answer waits in poll_answer()
  else
    impl_->state.answers.push_back({id, handle_command(now, command, arguments)});
  impl_->settle(now);
}

std::optional<CommandAnswer> LocalMobilityAnchor::poll_answer() {
  auto& answers = impl_->state.answers;
  if (answers.empty()) return std::nullopt;
  CommandAnswer answer = std::move(answers.front());
  answers.pop_front();
  return answer;
}

void LocalMobilityAnchor::handle_effect_result(Now now, EffectId id, const Result<void>& outcome) {
  impl_->state.advance(now);
  impl_->handle_result(now, id, outcome);
  impl_->settle(now);
}

void LocalMobilityAnchor::handle_flow_watch(Now now, HandoverId id, const std::optional<FlowWatch>& seen) {
  impl_->state.advance(now);
  impl_->state.handovers.handle_watch(id, seen);
}

void LocalMobilityAnchor::seed_measurements(std::uint64_t secret) { impl_->state.handovers.seed(secret); }

void LocalMobilityAnchor::handle_flow_order(Now now, FlowIndex flow, const std::optional<OrderSeen>& seen) {
  impl_->state.advance(now);
  impl_->state.handovers.handle_order(flow, seen);
}

void LocalMobilityAnchor::handle_echo_reply(Now now, const Ipv6Address& source, ByteView icmpv6) {
  impl_->state.advance(now);
  impl_->state.handovers.handle_echo_reply(source, icmpv6);
}

void LocalMobilityAnchor::handle_timeout(Now now) {
  impl_->state.advance(now);
  impl_->handle_timeout(now);
  impl_->settle(now);
}

Result<void> LocalMobilityAnchor::reconfigure(Now now, LmaConfig config) {
  impl_->state.advance(now);
  auto done = impl_->reconfigure(now, std::move(config));
  impl_->settle(now);
  return done;
}

Json LocalMobilityAnchor::compare_policies(Now now, const std::vector<Shared<FlowPolicy>>& policies) {
  impl_->state.advance(now);
  return core::compare_policies(impl_->state, impl_->mobility, policies);
}

Json LocalMobilityAnchor::apply_policies(Now now, std::vector<Shared<FlowPolicy>> policies,
                                         std::optional<Duration> unless_confirmed) {
  Json difference = compare_policies(now, policies);
  impl_->trial.apply(now, std::move(policies), unless_confirmed);
  impl_->mobility.links_turned();
  impl_->settle(now);
  return difference;
}

bool LocalMobilityAnchor::asks_for_load() const { return impl_->state.policy.links().asks_for_load(); }

std::vector<LocalMobilityAnchor::LiveSession> LocalMobilityAnchor::live_sessions() const {
  std::vector<LiveSession> all;
  for (const auto& [index, node] : impl_->state.cache.nodes())
    for (const auto& session : node.sessions)
      if (!session.in_delete_wait) all.push_back({session.id, session.mag});
  return all;
}

void LocalMobilityAnchor::handle_link_load(Now now, const Ipv6Address& mag, std::uint64_t bits_per_second) {
  impl_->state.advance(now);
  impl_->gateways.note_load(mag, bits_per_second);
  impl_->settle(now);
}

std::optional<TimePoint> LocalMobilityAnchor::poll_timeout() const { return impl_->next_deadline(); }
std::optional<LmaEffect> LocalMobilityAnchor::poll_effect() { return impl_->state.effects.poll(); }

}  // namespace flowmob::core
