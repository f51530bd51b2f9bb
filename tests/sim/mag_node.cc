// SPDX-License-Identifier: Apache-2.0
#include "mag_node.h"

#include <fmt/format.h>

#include "names.h"

namespace flowmob::sim {
namespace {

template <class T>
constexpr const char* kMagKind = nullptr;
template <>
constexpr const char* kMagKind<core::EnsureTunnel> = "EnsureTunnel";
template <>
constexpr const char* kMagKind<core::InstallHost> = "InstallHost";
template <>
constexpr const char* kMagKind<core::PersistAttachment> = "PersistAttachment";

}  // namespace

MagNode::MagNode(World& world, Network& network, AccessNetwork& access, std::size_t number,
                 core::MagConfig config)
    : pump(world, config.name, [this](const core::MagEffect& effect) { return carry_out(effect); }),
      notices([this](const core::FlowSighting& sighting) {
        pump.feed([&](auto& core, Now now) { core.handle_flow_sighting(now, sighting); });
      }),
      world_(world),
      network_(network),
      access_(access),
      number_(number),
      config_(std::move(config)) {
  for (const auto& link : config_.accesses) links_[link.index] = {};
  network_.attach(config_.address,
                  [this](const core::PacketMeta& meta, const Bytes& message) { receive(meta, message); });
}

void MagNode::receive(const core::PacketMeta& meta, const Bytes& message) {
  if (on_grant) {
    const auto decoded = wire::decode(message, meta.source, meta.destination);
    const auto* pba = decoded ? std::get_if<wire::ProxyBindingAcknowledgement>(&*decoded) : nullptr;
    if (pba != nullptr && pba->accepted()) on_grant(*pba);
  }
  pump.feed([&](auto& core, Now now) { core.handle_message(now, meta, message); });
}

void MagNode::touch(const MacAddress& station) {
  if (const auto node = node_of(station)) world_.touch(*node);
}

void MagNode::touch_hosts() {
  for (const auto& [id, row] : tables.hosts()) touch(row.host.node);
}

void MagNode::step_clock(Duration by) {
  world_.trace(config_.name, fmt::format("its clock is set by {} ms", by / std::chrono::milliseconds(1)));
  pump.clock.wall_skew += by;
  if (by < Duration{}) last_timestamp_ = 0;
}

void MagNode::start() {
  world_.trace(config_.name, "daemon starts");
  tables.begin_restart();
  pump.start(std::make_unique<core::MobileAccessGateway>(config_));
  std::vector<core::AttachmentRecord> records;
  for (const auto& [id, record] : store_) records.push_back(record);
  pump.feed([&](auto& core, Now now) { core.restore(now, std::move(records)); });
  for (const auto& [interface, link] : links_)
    pump.feed(
        [interface = interface, up = link.up](auto& core, Now now) { core.handle_link(now, interface, up); });
  for (const auto& tell : on_start) tell();
  sweep_when_answered();
}

void MagNode::sweep_when_answered() {
  if (!pump.is_running()) return;
  touch_hosts();
  if (!pump.has_unanswered()) return tables.sweep();
  world_.queue.after(std::chrono::milliseconds(1), [this] { sweep_when_answered(); });
}

void MagNode::lose_power() {
  world_.trace(config_.name, "loses power");
  world_.touch_all();
  pump.kill();
  powered_ = false;
  tables.lose_power();
  notices.lose_power();
  network_.cut(config_.address);
}

/// The monotonic line begins anew.
void MagNode::regain_power() {
  world_.touch_all();
  powered_ = true;
  network_.mend(config_.address);
  pump.clock.boot_offset = std::chrono::seconds(20) - world_.queue.now();
  start();
}

void MagNode::set_link(InterfaceIndex interface, bool up) {
  auto& link = links_[interface];
  link.downs += !up;
  link.up = up;
  pump.feed([&](auto& core, Now now) { core.handle_link(now, interface, up); });
}

Result<core::Json> MagNode::command(std::string_view name, const core::Json& arguments) {
  Result<core::Json> answer = fail("not-running", "the daemon does not run");
  pump.feed([&](auto& core, Now now) { answer = core.handle_command(now, name, arguments); });
  world_.trace(config_.name,
               std::string(name) + " " + arguments.dump() + (answer ? "" : ": " + answer.error().code));
  return answer;
}

template <class Row>
bool MagNode::needs_room(const Row& effect) const {
  if constexpr (std::is_same_v<Row, core::InstallHost>) return !tables.hosts().contains(effect.attachment);
  return !std::is_same_v<Row, core::PersistAttachment>;
}

/// Whatever the tables refuse was asked for against the contract of the effects.
template <class Row>
Result<void> MagNode::apply(const Row& effect) {
  if constexpr (std::is_same_v<Row, core::InstallHost>) touch(effect.node);
  if constexpr (std::is_same_v<Row, core::RemoveHost>)
    if (const auto row = tables.hosts().find(effect.attachment); row != tables.hosts().end())
      touch(row->second.host.node);
  if constexpr (std::is_same_v<Row, core::RemoveTunnel>) touch_hosts();
  [[maybe_unused]] bool is_new = false;
  if constexpr (std::is_same_v<Row, core::InstallHost>) is_new = !tables.hosts().contains(effect.attachment);
  const auto outcome = tables.apply(effect);
  if (!outcome) world_.broken(config_.name + ": " + outcome.error().code + ": " + outcome.error().message);
  if constexpr (std::is_same_v<Row, core::InstallHost>)
    if (on_host) on_host(effect, is_new);
  return outcome;
}

Result<void> MagNode::carry_out(const core::MagEffect& effect) {
  return std::visit(
      [&](const auto& action) -> Result<void> {
        constexpr const char* kind = kMagKind<std::decay_t<decltype(action)>>;
        if (kind != nullptr && effect.id)
          if (auto luck = faults.try_luck(world_, kind, needs_room(action)); !luck) return luck;
        return apply(action);
      },
      effect.action);
}

/// Each PBU carries a fresher timestamp than the one before (RFC 5213 section 6.9.4).
Result<void> MagNode::apply(const core::SendMessage& effect) {
  world_.require(effect.source == config_.address, config_.name + ": a message with somebody else's source");
  const auto message = wire::decode(effect.mobility_header, effect.source, effect.destination);
  if (!message) world_.broken(config_.name + ": sends what it could not decode: " + message.error().code);
  if (const auto* pbu = std::get_if<wire::ProxyBindingUpdate>(&*message)) {
    const auto* timestamp = wire::find<wire::TimestampOption>(pbu->options);
    world_.require(timestamp != nullptr, config_.name + ": a PBU without Timestamp");
    world_.require(timestamp->value > last_timestamp_, config_.name + ": timestamps have to rise");
    last_timestamp_ = timestamp->value;
  }
  network_.send(effect);
  return {};
}

/// The simulated network breaks no header, so there is nothing to complain of.
Result<void> MagNode::apply(const core::SendIcmpv6&) {
  world_.broken(config_.name + ": an ICMPv6 error about nothing");
  return {};
}

/// Nor to cut: its tunnels carry everything.
Result<void> MagNode::apply(const core::SendPacket&) {
  world_.broken(config_.name + ": a packet that nobody asked for");
  return {};
}

Result<void> MagNode::apply(const core::Notify& effect) {
  world_.trace(config_.name, [&] { return effect.event + " " + effect.fields.dump(); });
  return {};
}

Result<void> MagNode::apply(const core::SendNeighborDiscovery& effect) {
  access_.send_down(number_, effect);
  return {};
}

/// Nobody here speaks ARP or DHCP.
Result<void> MagNode::apply(const core::SendFrame&) {
  world_.broken(config_.name + ": a frame of IPv4 that nobody asked for");
  return {};
}

Result<void> MagNode::apply(const core::SendDhcpToServer&) {
  world_.broken(config_.name + ": a DHCP server is asked, and nobody asked for that");
  return {};
}

Result<void> MagNode::apply(const core::PersistAttachment& effect) {
  if (world_.thorough || ++persisted_ % 16 == 0) check_json(effect.record);
  store_[effect.record.id] = effect.record;
  return {};
}

void MagNode::check_json(const core::AttachmentRecord& record) const {
  const auto text = record.to_json().dump();
  const auto kept = core::AttachmentRecord::from_json(core::Json::parse(text));
  if (!kept) world_.broken(config_.name + ": a record that cannot be read: " + kept.error().message);
  world_.require(*kept == record, config_.name + ": a record that reads back differently: " + text);
}

Result<void> MagNode::apply(const core::ForgetAttachment& effect) {
  store_.erase(effect.attachment);
  return {};
}

}  // namespace flowmob::sim
