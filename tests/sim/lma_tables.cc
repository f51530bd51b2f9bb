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
  std::erase_if(nodes_, [&](const auto& row) { return row.second.node == effect.node; });
  NodeRow row{effect.node, effect.default_flow, effect.rules, true};
  std::ranges::stable_sort(row.rules, {}, &core::ClassifierRule::order);
  for (const auto& prefix : effect.prefixes) nodes_[prefix] = row;
  return {};
}

Result<void> LmaTables::apply(const core::RemoveNode& effect) {
  std::erase_if(nodes_, [&](const auto& row) { return row.second.node == effect.node; });
  return {};
}

Result<void> LmaTables::apply(const core::InstallSession& effect) {
  if (effect.mtu == 0) return fail("bad-mtu", "a session needs the MTU of its tunnel");
  for (auto& [key, holders] : uplink_)
    if (key.first != effect.mag || std::ranges::count(effect.prefixes, key.second) == 0)
      holders.erase(effect.session);
  std::erase_if(uplink_, [](const auto& row) { return row.second.empty(); });
  for (const auto& prefix : effect.prefixes) uplink_[{effect.mag, prefix}][effect.session] = true;
  sessions_[effect.session] = {effect, true};
  return {};
}

void LmaTables::release_uplink(const UplinkKey& key, SessionId session, bool keep) {
  const auto row = uplink_.find(key);
  if (row == uplink_.end()) return;
  row->second.erase(session);
  if (row->second.empty() && !keep) uplink_.erase(row);
}

/// Of a session that has moved to another MAG meanwhile only the old MAG's rows go.
Result<void> LmaTables::apply(const core::RemoveSession& effect) {
  for (const auto& prefix : effect.prefixes)
    release_uplink({effect.mag, prefix}, effect.session, effect.keep_uplink);
  const auto row = sessions_.find(effect.session);
  if (row != sessions_.end() && row->second.session.mag == effect.mag) sessions_.erase(row);
  return {};
}

Result<void> LmaTables::apply(const core::InstallFlow& effect) {
  flows_[effect.flow] = {effect.node, effect.session, true};
  return {};
}

Result<void> LmaTables::apply(const core::RemoveFlow& effect) {
  flows_.erase(effect.flow);
  return {};
}

Result<void> LmaTables::apply(const core::EnsureRoute& effect) {
  routes_[effect.prefix] = true;
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
  for (const auto& [prefix, fresh] : routes_) text += "route " + prefix.to_string() + "; ";
  return text;
}

Result<Ipv6Address> LmaTables::downlink(const Packet& packet) const {
  const auto prefix = prefix_of(packet.node);
  const auto node = nodes_.find(prefix);
  if (node == nodes_.end()) return fail("lma", "no node row");
  if (!routes_.contains(prefix)) return fail("lma", "no route attracts the prefix");
  const auto session = session_of(classify(node->second, packet));
  if (!session) return fail("lma", "no flow row");
  const auto row = sessions_.find(*session);
  if (row == sessions_.end()) return fail("lma", fmt::format("no session row {}", session->value));
  const auto& via = row->second.session;
  if (!tunnels_.contains({via.lma, via.mag})) return fail("lma", "no tunnel");
  return via.mag;
}

Result<void> LmaTables::uplink(const Packet& packet, const Ipv6Address& mag) const {
  if (!uplink_.contains({mag, prefix_of(packet.node)})) return fail("lma", "spoofed source");
  return {};
}

std::optional<SessionId> LmaTables::session_of(FlowIndex flow) const {
  const auto row = flows_.find(flow);
  return row == flows_.end() ? std::nullopt : std::optional(row->second.session);
}

bool LmaTables::has_session_via(const Ipv6Address& mag, const Ipv6Prefix& prefix) const {
  return std::ranges::any_of(sessions_, [&](const auto& row) {
    const auto& session = row.second.session;
    return session.mag == mag && std::ranges::count(session.prefixes, prefix) != 0;
  });
}

}  // namespace flowmob::sim
