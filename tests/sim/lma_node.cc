// SPDX-License-Identifier: Apache-2.0
#include "lma_node.h"

#include <algorithm>
#include <utility>

#include "names.h"

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
  told_handovers_.clear();
  ended_handovers_.clear();
  world_.touch_all();
  tables.begin_restart();
  orders.clear();
  pump.start(std::make_unique<core::LocalMobilityAnchor>(config_));
  pump.feed([&](auto& core, Now now) { core.restore(now, records()); });
  const auto first = static_cast<std::uint16_t>(world_.random.below(0x10000));
  pump.feed([&](auto& core, Now) { core.number_notifications_from(first); });
  pump.feed([&](auto& core, Now) { core.seed_measurements(first); });
  ++starts_;
  pump.feed(
      [&](auto& core, Now) { core.set_restart_counter(restarts_, std::exchange(has_lost_state_, false)); });
  if (on_start) on_start();
  sweep_when_answered();
}

void LmaNode::lose_state() {
  world_.trace("lma", "loses its state");
  world_.touch_all();
  store_.clear();
  owners_.clear();
  ++restarts_;
  has_lost_state_ = has_ever_lost_state_ = true;
}

void LmaNode::lose_everything() {
  pump.kill();
  lose_state();
  tables.lose_power();
  orders.clear();
  indexes_.clear();
  nodes_.clear();
}

void LmaNode::sweep_when_answered() {
  if (!pump.is_running()) return;
  world_.touch_all();
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

std::vector<const core::NodeRecord*> LmaNode::records_of(const std::string& mn_id) const {
  std::vector<const core::NodeRecord*> all;
  for (auto at = store_.lower_bound({mn_id, NodeIndex{}}); at != store_.end() && at->first.first == mn_id;
       ++at)
    all.push_back(&at->second);
  return all;
}

std::vector<const core::NodeRecord*> LmaNode::records_of(std::size_t node) const {
  return records_of(mn_id_of(node));
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

void LmaNode::touch(NodeIndex index) {
  // a node without record is touched with its first
  if (const auto node = nodes_.find(index); node != nodes_.end()) world_.touch(node->second);
}

const std::set<NodeIndex>& LmaNode::indexes_of(std::size_t node) const {
  static const std::set<NodeIndex> none;
  const auto indexes = indexes_.find(node);
  return indexes == indexes_.end() ? none : indexes->second;
}

/// Whatever the tables refuse was asked for against the contract of the effects.
template <class Row>
Result<void> LmaNode::apply(const Row& effect) {
  if constexpr (requires { effect.node; }) touch(effect.node);
  if constexpr (std::is_same_v<Row, core::InstallFlow>) {
    const auto before = tables.session_of(effect.flow);
    if (before && *before && effect.session && *before != effect.session) ++world_.tally.flow_moves;
    orders.apply(pump.now().monotonic, effect);
  }
  if constexpr (std::is_same_v<Row, core::InstallSession>) {
    const auto before = tables.sessions().find(effect.session);
    if (on_handoff && before != tables.sessions().end() && before->second.session.mag != effect.mag)
      on_handoff(effect.session, before->second.session.mag);
  }
  if constexpr (std::is_same_v<Row, core::RemoveFlow>)
    if (const auto row = tables.flows().find(effect.flow); row != tables.flows().end())
      touch(row->second.node);
  if constexpr (std::is_same_v<Row, core::RemoveSession>)
    if (const auto row = tables.sessions().find(effect.session); row != tables.sessions().end())
      touch(row->second.session.node);
  if constexpr (std::is_same_v<Row, core::RemoveRoute>)
    if (const auto row = tables.nodes().find(effect.prefix); row != tables.nodes().end())
      touch(row->second.node);
  if constexpr (std::is_same_v<Row, core::RemoveTunnel>) world_.touch_all();
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
    if (pba->accepted() && pba->lifetime != 0) {
      check_promise(*pba, effect.destination);
      if (on_grant) on_grant(*pba, effect.destination);
    }
  network_.send(effect);
  return {};
}

Result<void> LmaNode::apply(const core::AdjustOrder& effect) {
  orders.apply(effect);
  return {};
}

Result<void> LmaNode::apply(const core::EndOrder& effect) {
  orders.apply(effect);
  return {};
}

/// The effects that are under way come first, as in a daemon.
Result<void> LmaNode::apply(const core::ReadOrder& effect) {
  world_.queue.after({}, [this, flow = effect.flow, life = pump.life()] {
    if (life != pump.life()) return;
    pump.feed([&](auto& core, Now now) { core.handle_flow_order(now, flow, orders.seen(flow)); });
  });
  return {};
}

/// A node answers an Echo Request with what was in it.
Result<void> LmaNode::apply(const core::SendBySession& effect) {
  const auto after = round_trip ? round_trip(effect.session) : std::nullopt;
  if (!after) return {};
  constexpr std::size_t kHeader = 40, kDestination = 24;
  Bytes reply(effect.packet.begin() + kHeader, effect.packet.end());
  reply.at(0) = 129;
  const auto node = Ipv6Address::from_bytes(ByteView(effect.packet).subspan(kDestination, 16));
  world_.queue.after(*after, [this, node, reply, life = pump.life()] {
    if (life != pump.life()) return;
    pump.feed([&](auto& core, Now now) { core.handle_echo_reply(now, node, reply); });
  });
  return {};
}

/// The simulated network breaks no header, so there is nothing to complain of.
Result<void> LmaNode::apply(const core::SendIcmpv6&) {
  world_.broken("lma: an ICMPv6 error about nothing");
  return {};
}

/// Nor is there one inside a tunnel.
Result<void> LmaNode::apply(const core::SendPacket&) {
  world_.broken("lma: a packet that nobody asked for");
  return {};
}

/// Every move has one record, which ends once.
void LmaNode::check_handover(const core::Notify& effect) {
  if (effect.event == "flow-moved" || effect.event == "flow-fallback" || effect.event == "flow-returned") {
    const bool is_new = told_handovers_.insert(effect.fields.value("handover", std::uint64_t{0})).second;
    world_.require(is_new && !told_handovers_.contains(0), "lma: a move without a record of its own");
  }
  if (effect.event != "handover") return;
  const bool is_first = ended_handovers_.insert(effect.fields.at("handover").get<std::uint64_t>()).second;
  world_.require(is_first, "lma: a handover that ends twice");
}

Result<void> LmaNode::apply(const core::Notify& effect) {
  ++events_[effect.event];
  check_handover(effect);
  world_.trace("lma", [&] { return effect.event + " " + effect.fields.dump(); });
  return {};
}

/// Through its JSON form and back, as the state store keeps it.
Result<void> LmaNode::apply(const core::PersistNode& effect) {
  if (world_.thorough || ++persisted_ % 16 == 0) check_json(effect.record);
  check_record(effect.record);
  learn(effect.record);
  store_[{effect.record.mn_id, effect.record.index}] = effect.record;
  return {};
}

/// No prefix belongs to two nodes.
void LmaNode::learn(const core::NodeRecord& record) {
  const Store::key_type key{record.mn_id, record.index};
  if (const auto old = store_.find(key); old != store_.end()) {
    for (const auto& prefix : old->second.prefixes) owners_.erase(prefix);
    for (const auto& session : record.sessions) {
      const auto before = std::ranges::find(old->second.sessions, session.id, &core::SessionRecord::id);
      if (before != old->second.sessions.end() && before->mag != session.mag) ++world_.tally.handovers;
    }
  }
  for (const auto& prefix : record.prefixes) {
    const auto [owner, is_new] = owners_.try_emplace(prefix, key);
    if (!is_new)
      world_.broken("two nodes have " + prefix.to_string() + ": " + owner->second.first + " and " +
                    record.mn_id);
  }
  // a number whose node has gone may be given out again
  if (const auto other = nodes_.extract(record.index); !other.empty())
    indexes_[other.mapped()].erase(record.index);
  const auto node = node_of(record.mn_id);
  if (!node) return;
  indexes_[*node].insert(record.index);
  nodes_[record.index] = *node;
  world_.touch(*node);
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
  const auto record = store_.find({effect.mn_id, effect.node});
  if (record == store_.end()) return {};
  for (const auto& prefix : record->second.prefixes) owners_.erase(prefix);
  if (const auto node = node_of(effect.mn_id)) world_.touch(*node);
  store_.erase(record);
  return {};
}

/// A PBA leaves only when what it promises stands.
void LmaNode::check_promise(const wire::ProxyBindingAcknowledgement& pba, const Ipv6Address& mag) const {
  const auto prefixes = wire::find_all<wire::HomeNetworkPrefixOption>(pba.options);
  world_.require(!prefixes.empty(), "lma: accepted, but no prefix");
  const auto* named = wire::find<wire::MobileNodeIdentifier>(pba.options);
  world_.require(named != nullptr, "lma: accepted, but for nobody");
  const std::string mn_id(named->identifier.begin(), named->identifier.end());
  for (const auto& option : prefixes) check_granted(option, mag, mn_id);
}

void LmaNode::check_granted(const wire::HomeNetworkPrefixOption& option, const Ipv6Address& mag,
                            const std::string& mn_id) const {
  const auto prefix = option.to_prefix();
  const auto name = prefix.to_string();
  const auto owner = owners_.find(prefix);
  world_.require(owner != owners_.end() && owner->second.first == mn_id,
                 "lma: PBA before the record was kept, or for somebody else's prefix, " + name);
  if (option.off_link) return;  // its rows come when the MAG has said that it forwards the prefix
  const auto& sessions = store_.at(owner->second).sessions;
  world_.require(std::ranges::count(sessions, mag, &core::SessionRecord::mag) != 0,
                 "lma: PBA before the session was kept, " + name);
  const auto node = tables.nodes().find(prefix);
  world_.require(node != tables.nodes().end(), "lma: PBA before the node's row, " + name);
  world_.require(tables.routes().contains(prefix), "lma: PBA before the route, " + name);
  world_.require(tables.has_session_via(mag, prefix), "lma: PBA before the session's row, " + name);
  world_.require(tables.tunnels().contains({config_.address, mag}), "lma: PBA before the tunnel, " + name);
  const auto session = tables.session_of(node->second.default_flow);
  world_.require(session && tables.sessions().contains(*session),
                 "lma: PBA before the default flow, " + name);
}

}  // namespace flowmob::sim
