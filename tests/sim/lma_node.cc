// SPDX-License-Identifier: Apache-2.0
#include "lma_node.h"

#include <algorithm>

namespace flowmob::sim {
namespace {

template <class T>
constexpr const char* kLmaKind = nullptr;
template <>
constexpr const char* kLmaKind<core::EnsureTunnel> = "EnsureTunnel";
template <>
constexpr const char* kLmaKind<core::InstallNode> = "InstallNode";
template <>
constexpr const char* kLmaKind<core::InstallSession> = "InstallSession";
template <>
constexpr const char* kLmaKind<core::InstallFlow> = "InstallFlow";
template <>
constexpr const char* kLmaKind<core::EnsureRoute> = "EnsureRoute";
template <>
constexpr const char* kLmaKind<core::PersistNode> = "PersistNode";

}  // namespace

LmaNode::LmaNode(World& world, Network& network, core::LmaConfig config)
    : pump(world, "lma", [this](const core::LmaEffect& effect) { return carry_out(effect); }),
      world_(world),
      network_(network),
      config_(std::move(config)) {
  network_.attach(config_.address, [this](const core::PacketMeta& meta, const Bytes& message) {
    pump.feed([&](auto& core, Now now) { core.handle_message(now, meta, message); });
  });
}

void LmaNode::start() {
  world_.trace("lma", "daemon starts");
  tables.begin_restart();
  pump.start(std::make_unique<core::LocalMobilityAnchor>(config_));
  pump.feed([&](auto& core, Now now) { core.restore(now, records()); });
  pump.feed(
      [&](auto& core, Now) { core.set_restart_counter(restarts_, std::exchange(has_lost_state_, false)); });
  sweep_when_answered();
}

void LmaNode::lose_state() {
  world_.trace("lma", "loses its state");
  world_.changed();
  store_.clear();
  ++restarts_;
  has_lost_state_ = true;
}

void LmaNode::sweep_when_answered() {
  if (!pump.is_running()) return;
  world_.changed();
  if (!pump.has_unanswered()) return tables.sweep();
  world_.queue.after(std::chrono::milliseconds(1), [this] { sweep_when_answered(); });
}

Result<core::Json> LmaNode::command(std::string_view name, const core::Json& arguments) {
  Result<core::Json> answer = fail("not-running", "the daemon does not run");
  pump.feed([&](auto& core, Now now) { answer = core.handle_command(now, name, arguments); });
  world_.trace("lma",
               std::string(name) + " " + arguments.dump() + (answer ? "" : ": " + answer.error().code));
  return answer;
}

Result<void> LmaNode::reconfigure(core::LmaConfig config) {
  config_ = std::move(config);
  Result<void> outcome;
  pump.feed([&](auto& core, Now now) { outcome = core.reconfigure(now, config_); });
  return outcome;
}

std::vector<core::NodeRecord> LmaNode::records() const {
  std::vector<core::NodeRecord> all;
  for (const auto& [key, record] : store_) all.push_back(record);
  return all;
}

const core::NodeRecord* LmaNode::record_of(const std::string& mn_id) const {
  const auto record = store_.lower_bound({mn_id, NodeIndex{}});
  return record == store_.end() || record->first.first != mn_id ? nullptr : &record->second;
}

std::size_t LmaNode::notified(const std::string& event) const {
  const auto count = events_.find(event);
  return count == events_.end() ? 0 : count->second;
}

template <class Row>
bool LmaNode::needs_room(const Row& effect) const {
  if constexpr (std::is_same_v<Row, core::InstallFlow>) return !tables.flows().contains(effect.flow);
  if constexpr (std::is_same_v<Row, core::InstallSession>) return !tables.sessions().contains(effect.session);
  if constexpr (std::is_same_v<Row, core::EnsureRoute>) return !tables.routes().contains(effect.prefix);
  if constexpr (std::is_same_v<Row, core::EnsureTunnel>)
    return !tables.tunnels().contains({effect.local, effect.remote});
  if constexpr (std::is_same_v<Row, core::InstallNode>)
    return std::ranges::none_of(effect.prefixes, [&](const auto& p) { return tables.nodes().contains(p); });
  return !std::is_same_v<Row, core::PersistNode>;
}

/// Whatever the tables refuse was asked for against the contract of the effects.
template <class Row>
Result<void> LmaNode::apply(const Row& effect) {
  world_.changed();
  const auto outcome = tables.apply(effect);
  if (!outcome) world_.broken("lma: " + outcome.error().code + ": " + outcome.error().message);
  return outcome;
}

Result<void> LmaNode::carry_out(const core::LmaEffect& effect) {
  return std::visit(
      [&](const auto& action) -> Result<void> {
        constexpr const char* kind = kLmaKind<std::decay_t<decltype(action)>>;
        if (kind != nullptr && effect.id)
          if (auto luck = faults.try_luck(world_, kind, needs_room(action)); !luck) return luck;
        return apply(action);
      },
      effect.action);
}

Result<void> LmaNode::apply(const core::SendMessage& effect) {
  world_.require(effect.source == config_.address, "lma: a message with somebody else's source");
  const auto message = wire::decode(effect.mobility_header, effect.source, effect.destination);
  if (!message) world_.broken("lma: sends what it could not decode: " + message.error().code);
  if (const auto* pba = std::get_if<wire::ProxyBindingAcknowledgement>(&*message))
    if (pba->accepted() && pba->lifetime != 0) check_promise(*pba, effect.destination);
  network_.send(effect);
  return {};
}

/// The simulated network breaks no header, so there is nothing to complain of.
Result<void> LmaNode::apply(const core::SendIcmpv6&) {
  world_.broken("lma: an ICMPv6 error about nothing");
  return {};
}

Result<void> LmaNode::apply(const core::Notify& effect) {
  ++events_[effect.event];
  world_.trace("lma", [&] { return effect.event + " " + effect.fields.dump(); });
  return {};
}

/// Through its JSON form and back, as the state store keeps it.
Result<void> LmaNode::apply(const core::PersistNode& effect) {
  world_.changed();
  if (world_.thorough || ++persisted_ % 16 == 0) check_json(effect.record);
  check_record(effect.record);
  store_[{effect.record.mn_id, effect.record.index}] = effect.record;
  return {};
}

void LmaNode::check_json(const core::NodeRecord& record) const {
  const auto text = record.to_json().dump();
  const auto kept = core::NodeRecord::from_json(core::Json::parse(text));
  if (!kept) world_.broken("lma: a record that cannot be read: " + kept.error().message);
  world_.require(*kept == record, "lma: a record that reads back differently: " + text);
}

/// What an accepted PBU once said may not be accepted again (RFC 5213 section 5.5).
void LmaNode::check_record(const core::NodeRecord& record) const {
  const auto old = store_.find({record.mn_id, record.index});
  // A change that fails is taken back with its record: that request was not accepted.
  if (old == store_.end() || faults.probability > 0) return;
  for (const auto& session : record.sessions) {
    const auto before = std::ranges::find(old->second.sessions, session.id, &core::SessionRecord::id);
    if (before == old->second.sessions.end() || session.last_timestamp == 0) continue;
    world_.require(session.last_timestamp >= before->last_timestamp, "lma: a session's timestamp went back");
  }
}

Result<void> LmaNode::apply(const core::ForgetNode& effect) {
  world_.changed();
  store_.erase({effect.mn_id, effect.node});
  return {};
}

/// A PBA leaves only when what it promises stands.
void LmaNode::check_promise(const wire::ProxyBindingAcknowledgement& pba, const Ipv6Address& mag) const {
  const auto prefixes = wire::find_all<wire::HomeNetworkPrefixOption>(pba.options);
  world_.require(!prefixes.empty(), "lma: accepted, but no prefix");
  for (const auto& option : prefixes) check_granted(option.to_prefix(), mag);
}

void LmaNode::check_granted(const Ipv6Prefix& prefix, const Ipv6Address& mag) const {
  const auto name = prefix.to_string();
  const auto node = tables.nodes().find(prefix);
  world_.require(node != tables.nodes().end(), "lma: PBA before the node's row, " + name);
  world_.require(tables.routes().contains(prefix), "lma: PBA before the route, " + name);
  world_.require(tables.has_session_via(mag, prefix), "lma: PBA before the session's row, " + name);
  world_.require(tables.tunnels().contains({config_.address, mag}), "lma: PBA before the tunnel, " + name);
  const auto session = tables.session_of(node->second.default_flow);
  world_.require(session && tables.sessions().contains(*session),
                 "lma: PBA before the default flow, " + name);
  const bool is_kept = std::ranges::any_of(store_, [&](const auto& row) {
    return std::ranges::count(row.second.prefixes, prefix) != 0 &&
           std::ranges::any_of(row.second.sessions, [&](const auto& s) { return s.mag == mag; });
  });
  world_.require(is_kept, "lma: PBA before the record was kept, " + name);
}

}  // namespace flowmob::sim
