// SPDX-License-Identifier: Apache-2.0
#include "core/lma/local_mobility_anchor.h"

#include <algorithm>

#include "core/lma/anchor_state.h"
#include "core/lma/commands.h"
#include "core/lma/expiry.h"
#include "core/lma/pbu_handler.h"
#include "core/lma/restore.h"

namespace flowmob::core {

class LocalMobilityAnchor::Impl {
 public:
  explicit Impl(LmaConfig config)
      : state(std::move(config)),
        binding_errors_(RateLimiter::per_second(state.policy.config().binding_errors_per_second)) {}

  void handle_message(Now now, const PacketMeta& meta, ByteView header);
  void handle_result(Now now, EffectId id, const Result<void>& outcome);
  Result<Json> move_flow(Now now, CommandId id, const Json& arguments);
  Result<void> reconfigure(LmaConfig config);
  std::optional<TimePoint> next_deadline() const;

  AnchorState state;
  PbuHandler updates{state};
  std::vector<InterfaceIndex> correspondent_interfaces;

 private:
  void take(Now now, const PacketMeta& meta, wire::MobilityMessage message);
  void answer_unknown_type(Now now, const PacketMeta& meta, std::uint8_t type);

  RateLimiter binding_errors_;
};

namespace {

bool is_unicast(const Ipv6Address& address) { return !address.is_unspecified() && !address.is_multicast(); }

}  // namespace

/// RFC 6275 section 9.2: the decoder checks in its order.
void LocalMobilityAnchor::Impl::handle_message(Now now, const PacketMeta& meta, ByteView header) {
  ++state.statistics.received;
  if (std::ranges::find(correspondent_interfaces, meta.interface) != correspondent_interfaces.end())
    return state.drop(now, "from-core-interface", meta);
  if (!is_unicast(meta.source) || !is_unicast(meta.destination)) return state.drop(now, "not-unicast", meta);
  auto message = wire::decode(header, meta.source, meta.destination);
  if (!message) return state.drop(now, message.error().code, meta);
  take(now, meta, std::move(*message));
}

void LocalMobilityAnchor::Impl::take(Now now, const PacketMeta& meta, wire::MobilityMessage message) {
  if (auto* update = std::get_if<wire::ProxyBindingUpdate>(&message)) {
    if (!update->proxy) return state.drop(now, "not-proxy", meta);
    PbuRequest request(meta, std::move(*update));
    if (!request.proxy_coa.is_routable_unicast()) return state.drop(now, "care-of-address", meta);  // 6.1.7
    return updates.handle(now, std::move(request));
  }
  if (std::holds_alternative<wire::BindingError>(message)) return state.drop(now, "binding-error", meta);
  if (std::holds_alternative<wire::ProxyBindingAcknowledgement>(message))
    return state.drop(now, "unexpected-type", meta);
  answer_unknown_type(now, meta, wire::type_of(message));
}

void LocalMobilityAnchor::Impl::answer_unknown_type(Now now, const PacketMeta& meta, std::uint8_t) {
  state.drop(now, "unknown-type", meta);
  if (!binding_errors_.allow(now.monotonic)) return;
  ++state.statistics.binding_errors_sent;
  const wire::BindingError error{wire::BindingErrorStatus::UnrecognizedMhType, {}, {}};
  state.effects.push(
      SendMessage{meta.destination, meta.source, wire::encode(error, meta.destination, meta.source)});
}

void LocalMobilityAnchor::Impl::handle_result(Now now, EffectId id, const Result<void>& outcome) {
  if (auto finished = state.changes.handle_result(id, outcome)) updates.finish(now, std::move(*finished));
}

/// What was begun. Whoever waits for the end gets all answers by the one way.
Result<Json> LocalMobilityAnchor::Impl::move_flow(Now now, CommandId id, const Json& arguments) {
  auto move = plan_flow_move(state, arguments);
  const auto answer = move.map([](const FlowMove& m) { return m.answer; });
  if (!move || !move->change) {
    if (id) state.answers.push_back({id, answer});
    return answer;
  }
  if (id) move->change->command = CommandAnswer{id, answer};
  updates.begin(now, std::move(*move->change));
  return answer;
}

Result<void> LocalMobilityAnchor::Impl::reconfigure(LmaConfig config) {
  if (config.address != state.policy.config().address)
    return fail("needs-restart", "the anchor's address cannot change while it runs");
  binding_errors_.set_rate(config.binding_errors_per_second);
  state.configure(std::move(config));
  state.notify("configuration-changed", {{"mobile_nodes", state.policy.config().mobile_nodes.size()},
                                         {"mags", state.policy.config().mags.size()},
                                         {"services", state.policy.config().services.size()}});
  return {};
}

std::optional<TimePoint> LocalMobilityAnchor::Impl::next_deadline() const {
  const auto session = state.cache.next_deadline(), held = updates.next_deadline();
  if (session && held) return std::min(*session, *held);
  return session ? session : held;
}

LocalMobilityAnchor::LocalMobilityAnchor(LmaConfig config)
    : impl_(std::make_unique<Impl>(std::move(config))) {}
LocalMobilityAnchor::~LocalMobilityAnchor() = default;

const LmaConfig& LocalMobilityAnchor::config() const { return impl_->state.policy.config(); }

void LocalMobilityAnchor::restore(Now now, std::vector<NodeRecord> records) {
  core::restore(impl_->state, now, records);
}

void LocalMobilityAnchor::handle_message(Now now, const PacketMeta& meta, ByteView mobility_header) {
  impl_->handle_message(now, meta, mobility_header);
}

void LocalMobilityAnchor::set_correspondent_interfaces(std::vector<InterfaceIndex> interfaces) {
  impl_->correspondent_interfaces = std::move(interfaces);
}

Result<Json> LocalMobilityAnchor::handle_command(Now now, std::string_view command, const Json& arguments) {
  if (command == "flow move") return impl_->move_flow(now, {}, arguments);
  if (auto shown = show(impl_->state, now, command, arguments)) return std::move(*shown);
  return fail("no-such-command", "the anchor has no command " + std::string(command));
}

void LocalMobilityAnchor::begin_command(Now now, CommandId id, std::string_view command,
                                        const Json& arguments) {
  if (command == "flow move")
    static_cast<void>(impl_->move_flow(now, id, arguments));  // the answer waits in poll_answer()
  else
    impl_->state.answers.push_back({id, handle_command(now, command, arguments)});
}

std::optional<CommandAnswer> LocalMobilityAnchor::poll_answer() {
  auto& answers = impl_->state.answers;
  if (answers.empty()) return std::nullopt;
  CommandAnswer answer = std::move(answers.front());
  answers.pop_front();
  return answer;
}

void LocalMobilityAnchor::handle_effect_result(Now now, EffectId id, const Result<void>& outcome) {
  impl_->handle_result(now, id, outcome);
}

void LocalMobilityAnchor::handle_timeout(Now now) {
  expire(impl_->state, now);
  impl_->updates.handle_timeout(now);
}

Result<void> LocalMobilityAnchor::reconfigure(Now, LmaConfig config) {
  return impl_->reconfigure(std::move(config));
}

std::optional<TimePoint> LocalMobilityAnchor::poll_timeout() const { return impl_->next_deadline(); }
std::optional<LmaEffect> LocalMobilityAnchor::poll_effect() { return impl_->state.effects.poll(); }

}  // namespace flowmob::core
