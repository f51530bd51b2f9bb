// SPDX-License-Identifier: Apache-2.0
#include "lma_tables.h"

#include <fmt/format.h>

#include <algorithm>

namespace flowmob::sim {
namespace {

template <class T>
bool in(const std::optional<wire::Range<T>>& range, const T& value) {
  return !range || range->contains(value);
}

bool matches(const wire::TrafficSelector6& selector, const Packet& packet) {
  const bool has_ports = packet.flow.protocol == 6 || packet.flow.protocol == 17;
  if (!has_ports && (selector.source_port || selector.destination_port)) return false;
  return in(selector.source, packet.correspondent) && in(selector.destination, packet.node) &&
         in(selector.source_port, packet.flow.source_port) &&
         in(selector.destination_port, packet.flow.destination_port) &&
         in(selector.next_header, packet.flow.protocol) && in(selector.traffic_class, std::uint8_t{0});
}

FlowIndex classify(const LmaTables::NodeRow& node, const Packet& packet) {
  const auto rule =
      std::ranges::find_if(node.rules, [&](const auto& r) { return matches(r.selector, packet); });
  return rule == node.rules.end() ? node.default_flow : rule->flow;
}

Ipv6Prefix prefix_of(const Ipv6Address& address) { return Ipv6Prefix::truncated(address, 64); }

template <class Index, class Key, class Value>
void unindex(Index& index, const Key& key, const Value& value) {
  const auto row = index.find(key);
  if (row == index.end()) return;
  row->second.erase(value);
  if (row->second.empty()) index.erase(row);
}

template <class Index, class Key>
const auto& row_of(const Index& index, const Key& key) {
  static const typename Index::mapped_type none{};
  const auto row = index.find(key);
  return row == index.end() ? none : row->second;
}

template <class Map>
void sweep_map(Map& map, auto is_fresh) {
  std::erase_if(map, [&](const auto& row) { return !is_fresh(row.second); });
}

}  // namespace

Result<void> LmaTables::apply(const core::EnsureTunnel& effect) {
  tunnels_[{effect.local, effect.remote}] = true;
  return {};
}

Result<void> LmaTables::apply(const core::RemoveTunnel& effect) {
  tunnels_.erase({effect.local, effect.remote});
  return {};
}

/// A node's prefixes are replaced as a whole. A prefix of another node is never taken.
Result<void> LmaTables::apply(const core::InstallNode& effect) {
  for (const auto& prefix : effect.prefixes) {
    const auto other = nodes_.find(prefix);
    if (other != nodes_.end() && other->second.node != effect.node && other->second.fresh)
      return fail("prefix-shared", prefix.to_string() + " belongs to another node");
  }
  erase_node(effect.node);
  NodeRow row{effect.node, effect.default_flow, effect.rules, true};
  std::ranges::stable_sort(row.rules, {}, &core::ClassifierRule::order);
  for (const auto& prefix : effect.prefixes) {
    const auto other = nodes_.find(prefix);
    if (other != nodes_.end()) unindex(prefixes_by_node_, other->second.node, prefix);
    nodes_[prefix] = row;
    prefixes_by_node_[effect.node].insert(prefix);
  }
  return {};
}

void LmaTables::erase_node(NodeIndex node) {
  for (const auto& prefix : prefixes_of(node)) nodes_.erase(prefix);
  prefixes_by_node_.erase(node);
}

Result<void> LmaTables::apply(const core::RemoveNode& effect) {
  erase_node(effect.node);
  return {};
}

Result<void> LmaTables::apply(const core::InstallSession& effect) {
  if (effect.mtu == 0) return fail("bad-mtu", "a session needs the MTU of its tunnel");
  const auto before = row_of(uplinks_of_, effect.session);
  for (const auto& key : before)
    if (key.first == effect.mag && std::ranges::count(effect.prefixes, key.second) == 0)
      release_uplink(key, effect.session, false);
  for (const auto& prefix : effect.prefixes) {
    uplink_[{effect.mag, prefix}][effect.session] = true;
    uplinks_of_[effect.session].insert({effect.mag, prefix});
  }
  erase_session(sessions_.find(effect.session));
  sessions_[effect.session] = {effect, true};
  sessions_by_node_[effect.node].insert(effect.session);
  for (const auto& prefix : effect.prefixes) sessions_by_prefix_[prefix].insert(effect.session);
  return {};
}

void LmaTables::erase_session(std::map<SessionId, SessionRow>::const_iterator row) {
  if (row == sessions_.end()) return;
  const auto& session = row->second.session;
  unindex(sessions_by_node_, session.node, session.session);
  for (const auto& prefix : session.prefixes) unindex(sessions_by_prefix_, prefix, session.session);
  sessions_.erase(row);
}

void LmaTables::release_uplink(const UplinkKey& key, SessionId session, bool keep) {
  const auto row = uplink_.find(key);
  if (row == uplink_.end()) return;
  row->second.erase(session);
  unindex(uplinks_of_, session, key);
  if (row->second.empty() && !keep) uplink_.erase(row);
}

/// Of a session that has moved to another MAG meanwhile only the old MAG's rows go.
Result<void> LmaTables::apply(const core::RemoveSession& effect) {
  for (const auto& prefix : effect.prefixes)
    release_uplink({effect.mag, prefix}, effect.session, effect.keep_uplink);
  const auto row = sessions_.find(effect.session);
  if (row != sessions_.end() && row->second.session.mag == effect.mag) erase_session(row);
  return {};
}

Result<void> LmaTables::apply(const core::InstallFlow& effect) {
  static_cast<void>(apply(core::RemoveFlow{effect.flow}));
  flows_[effect.flow] = {effect.node, effect.session, effect.spread, true};
  flows_by_node_[effect.node].insert(effect.flow);
  return {};
}

Result<void> LmaTables::apply(const core::RemoveFlow& effect) {
  const auto row = flows_.find(effect.flow);
  if (row == flows_.end()) return {};
  unindex(flows_by_node_, row->second.node, effect.flow);
  flows_.erase(row);
  return {};
}

Result<void> LmaTables::apply(const core::EnsureRoute& effect) {
  routes_[effect.prefix] = true;
  return {};
}

Result<void> LmaTables::apply(const core::EnsureIpv4Route& effect) {
  ipv4_routes_[effect.address] = true;
  return {};
}

Result<void> LmaTables::apply(const core::RemoveIpv4Route& effect) {
  ipv4_routes_.erase(effect.address);
  return {};
}

Result<void> LmaTables::apply(const core::RemoveRoute& effect) {
  routes_.erase(effect.prefix);
  return {};
}

void LmaTables::begin_restart() {
  for (auto& [key, row] : nodes_) row.fresh = false;
  for (auto& [key, row] : flows_) row.fresh = false;
  for (auto& [key, row] : sessions_) row.fresh = false;
  for (auto& [key, holders] : uplink_)
    for (auto& [session, fresh] : holders) fresh = false;
  for (auto& [key, fresh] : tunnels_) fresh = false;
  for (auto& [key, fresh] : routes_) fresh = false;
  for (auto& [key, fresh] : ipv4_routes_) fresh = false;
}

void LmaTables::sweep() {
  const auto row_is_fresh = [](const auto& row) { return row.fresh; };
  sweep_map(nodes_, row_is_fresh);
  sweep_map(flows_, row_is_fresh);
  sweep_map(sessions_, row_is_fresh);
  for (auto& [key, holders] : uplink_) sweep_map(holders, std::identity{});
  sweep_map(uplink_, [](const auto& holders) { return !holders.empty(); });
  sweep_map(tunnels_, std::identity{});
  sweep_map(routes_, std::identity{});
  sweep_map(ipv4_routes_, std::identity{});
  index_anew();
}

void LmaTables::lose_power() { *this = {}; }

void LmaTables::index_anew() {
  uplinks_of_.clear();
  sessions_by_prefix_.clear();
  flows_by_node_.clear();
  sessions_by_node_.clear();
  prefixes_by_node_.clear();
  for (const auto& [key, holders] : uplink_)
    for (const auto& [session, fresh] : holders) uplinks_of_[session].insert(key);
  for (const auto& [id, row] : sessions_) {
    sessions_by_node_[row.session.node].insert(id);
    for (const auto& prefix : row.session.prefixes) sessions_by_prefix_[prefix].insert(id);
  }
  for (const auto& [flow, row] : flows_) flows_by_node_[row.node].insert(flow);
  for (const auto& [prefix, row] : nodes_) prefixes_by_node_[row.node].insert(prefix);
}

std::string LmaTables::contents() const {
  std::string text;
  for (const auto& [prefix, row] : nodes_)
    text += fmt::format("node {} {}; ", row.node.value, prefix.to_string());
  for (const auto& [flow, row] : flows_) text += fmt::format("flow {} > {}; ", flow.value, row.session.value);
  for (const auto& [id, row] : sessions_)
    text += fmt::format("session {} via {}; ", id.value, row.session.mag.to_string());
  for (const auto& [key, holders] : uplink_)
    text += fmt::format("uplink {} {}; ", key.first.to_string(), key.second.to_string());
  for (const auto& [key, fresh] : tunnels_) text += "tunnel " + key.second.to_string() + "; ";
  for (const auto& [address, fresh] : ipv4_routes_) text += "route " + address.to_string() + "; ";
  for (const auto& [prefix, fresh] : routes_) text += "route " + prefix.to_string() + "; ";
  return text;
}

const LmaTables::FlowRow* LmaTables::row_for(const Packet& packet) const {
  const auto row = flows_.find(flow_of(packet));
  return row == flows_.end() ? nullptr : &row->second;
}

Result<std::vector<SessionId>> LmaTables::ways(const Packet& packet) const {
  const auto prefix = prefix_of(packet.node);
  if (!nodes_.contains(prefix)) return fail("lma", "no node row");
  if (!routes_.contains(prefix)) return fail("lma", "no route attracts the prefix");
  const auto* row = row_for(packet);
  if (row == nullptr) return fail("lma", "no flow row");
  if (row->spread.kind == core::SpreadKind::Shares) return std::vector{share_of(*row, packet)};
  if (row->spread.kind == core::SpreadKind::None) return std::vector{row->session};
  std::vector<SessionId> all;
  for (const auto& link : row->spread.links) all.push_back(link.session);
  return all;
}

SessionId LmaTables::share_of(const FlowRow& row, const Packet& packet) const {
  const auto kept = shares_.find({packet.flow, packet.node});
  if (kept != shares_.end() &&
      std::ranges::count(row.spread.links, kept->second, &core::SpreadLink::session) != 0)
    return kept->second;
  core::FlowKey key{packet.correspondent, packet.node, packet.flow.protocol};
  if (packet.flow.source_port != 0) key.ports = {packet.flow.source_port, packet.flow.destination_port};
  const auto share = core::share_of(row.spread, key);
  return share ? share : row.session;
}

void LmaTables::keep_share(const Packet& packet) {
  const auto* row = row_for(packet);
  if (row == nullptr || row->spread.kind != core::SpreadKind::Shares) return;
  shares_[{packet.flow, packet.node}] = share_of(*row, packet);
}

bool LmaTables::is_copied(const Packet& packet) const {
  const auto* row = row_for(packet);
  return row != nullptr && row->spread.kind == core::SpreadKind::Copies;
}

Result<Ipv6Address> LmaTables::downlink(const Packet& packet) const {
  const auto sessions = ways(packet);
  if (!sessions) return tl::unexpected(sessions.error());
  return by_session(sessions->front());
}

Result<Ipv6Address> LmaTables::by_session(SessionId session) const {
  const auto row = sessions_.find(session);
  if (row == sessions_.end()) return fail("lma", fmt::format("no session row {}", session.value));
  const auto& via = row->second.session;
  if (!tunnels_.contains({via.lma, via.mag})) return fail("lma", "no tunnel");
  return via.mag;
}

Result<Ipv6Address> LmaTables::downlink(const Packet& packet, SessionId session) const {
  return sessions_.contains(session) ? by_session(session) : downlink(packet);
}

FlowIndex LmaTables::flow_of(const Packet& packet) const {
  const auto node = nodes_.find(prefix_of(packet.node));
  return node == nodes_.end() ? FlowIndex{} : classify(node->second, packet);
}

Result<void> LmaTables::uplink(const Packet& packet, const Ipv6Address& mag) const {
  if (!uplink_.contains({mag, prefix_of(packet.node)})) return fail("lma", "spoofed source");
  return {};
}

std::optional<SessionId> LmaTables::session_of(FlowIndex flow) const {
  const auto row = flows_.find(flow);
  return row == flows_.end() ? std::nullopt : std::optional(row->second.session);
}

bool LmaTables::may_send(SessionId session, const Ipv6Address& mag) const {
  return std::ranges::any_of(row_of(uplinks_of_, session), [&](const auto& key) { return key.first == mag; });
}

bool LmaTables::has_session_via(const Ipv6Address& mag, const Ipv6Prefix& prefix) const {
  const auto sessions = sessions_by_prefix_.find(prefix);
  return sessions != sessions_by_prefix_.end() && std::ranges::any_of(sessions->second, [&](SessionId id) {
           return sessions_.at(id).session.mag == mag;
         });
}

const std::set<FlowIndex>& LmaTables::flows_of(NodeIndex node) const { return row_of(flows_by_node_, node); }
const std::set<SessionId>& LmaTables::sessions_of(NodeIndex node) const {
  return row_of(sessions_by_node_, node);
}
const std::set<Ipv6Prefix>& LmaTables::prefixes_of(NodeIndex node) const {
  return row_of(prefixes_by_node_, node);
}

}  // namespace flowmob::sim
