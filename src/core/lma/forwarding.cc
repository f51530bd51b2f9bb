// SPDX-License-Identifier: Apache-2.0
#include "core/lma/forwarding.h"

#include <algorithm>

namespace flowmob::core {
namespace {

std::vector<ClassifierRule> rules_of(const FlowTable& flows) {
  std::vector<ClassifierRule> rules;
  const auto add = [&](FlowIndex flow, const wire::TrafficSelector6& selector) {
    rules.push_back({static_cast<std::uint32_t>(rules.size()), flow, selector});
  };
  for (const auto& flow : flows.bindings()) {
    if (flow.is_default() || !flow.is_matched()) continue;
    add(flow.index, flow.flow->selector);
    for (const auto& selector : flow.flow->alternatives) add(flow.index, selector);
  }
  return rules;
}

/// How packets go to a node, by a session or a guest link.
struct Way {
  Ipv6Address mag;
  std::uint16_t tunnel_mtu{};
  Tunnelling tunnelling;
};

template <class Link>
Way way_by(const Link& link) {
  return {link.mag, link.tunnel_mtu, link.tunnelling};
}

template <class Link>
std::uint16_t inner_mtu(const Link& link) {
  return static_cast<std::uint16_t>(link.tunnel_mtu - link.tunnelling.overhead());
}

std::optional<Way> way_of(const MobileNode& node, SessionId id) {
  if (const auto* session = node.find(id)) return way_by(*session);
  if (const auto* guest = node.find_guest(id)) return way_by(*guest);
  return std::nullopt;
}

/// Locally made packets have no flow: they go where the default flow goes, or last went.
Way via(const MobileNode& node) {
  const auto& flow = node.flows.default_flow();
  if (const auto way = way_of(node, flow.current)) return *way;
  if (const auto way = way_of(node, flow.wanted)) return *way;
  return *way_of(node, node.sessions.front().id);
}

/// The stack cuts, or refuses, what does not fit every tunnel that a packet of the node may take.
std::uint16_t least_mtu(const MobileNode& node) {
  auto mtu = inner_mtu(via(node));
  for (const auto& session : node.sessions)
    if (session.ipv4 && !session.in_delete_wait) mtu = std::min(mtu, inner_mtu(session));
  return mtu;
}

TunnelHeaders tunnels_of(const MobileNode& node) {
  TunnelHeaders headers;
  const auto note = [&](const Way& way) {
    auto& most = headers[way.mag];
    const int all = outer_header(way.mag) + way.tunnelling.overhead();
    most = std::max(most, static_cast<std::uint16_t>(all));
  };
  note(via(node));
  for (const auto& session : node.sessions)
    if (session.ipv4 && !session.in_delete_wait) note(way_by(session));
  return headers;
}

/// Of sessions that are alive, and elsewhere.
std::map<std::pair<SessionId, Ipv6Address>, NodeRows::Uplink> former_uplinks(const MobileNode& node) {
  std::map<std::pair<SessionId, Ipv6Address>, NodeRows::Uplink> rows;
  for (const auto& gateway : node.former) {
    const auto* session = node.find(gateway.session);
    if (!session || session->in_delete_wait || session->mag == gateway.mag) continue;
    auto& row = rows[{gateway.session, gateway.mag}];
    row.prefixes = gateway.delegated;
    if (gateway.ipv6) row.prefixes.insert(row.prefixes.begin(), node.prefixes.begin(), node.prefixes.end());
    if (gateway.ipv4 && node.ipv4) row.ipv4 = node.ipv4->address.address;
  }
  return rows;
}

std::vector<Ipv6Prefix> with_delegated(std::vector<Ipv6Prefix> prefixes,
                                       const std::vector<Ipv6Prefix>& delegated) {
  prefixes.insert(prefixes.end(), delegated.begin(), delegated.end());
  return prefixes;
}

/// What a session's MAG may send from, and is sent.
std::vector<Ipv6Prefix> prefixes_by(const MobileNode& node, const Session& session) {
  return with_delegated(session.ipv6 ? node.prefixes : std::vector<Ipv6Prefix>{}, session.delegated);
}

/// What is too big for one of the links is too big for all: its sender has to be told.
Spread with_mtu(Spread spread, const MobileNode& node) {
  if (spread.kind != SpreadKind::Copies) return spread;
  for (const auto& link : spread.links)
    if (const auto way = way_of(node, link.session))
      spread.mtu = spread.mtu == 0 ? inner_mtu(*way) : std::min(spread.mtu, inner_mtu(*way));
  return spread;
}

template <class Map>
bool holds(const Map& map, const typename Map::value_type& row) {
  const auto found = map.find(row.first);
  return found != map.end() && found->second == row.second;
}

}  // namespace

NodeRows rows_of(const MobileNode& node, const OwnAddress& lma) {
  NodeRows rows;
  rows.node = node.index;
  if (node.sessions.empty()) return rows;
  const auto ipv4 = node.ipv4 ? std::optional(node.ipv4->address.address) : std::nullopt;
  const auto prefixes = with_delegated(node.prefixes, node.delegated());
  rows.classifier = {prefixes, node.flows.default_flow().index, rules_of(node.flows), ipv4};
  for (const auto& session : node.sessions)
    if (!session.in_delete_wait)
      rows.sessions[session.id] = {lma.towards(session.mag),           session.mag,
                                   prefixes_by(node, session),         inner_mtu(session),
                                   session.ipv4 ? ipv4 : std::nullopt, session.tunnelling};
  rows.former = former_uplinks(node);
  for (const auto& guest : node.guests)  // IPv4 has no part in it
    if (guest.up)
      rows.sessions[guest.id] = {lma.towards(guest.mag), guest.mag, guest.prefixes,
                                 inner_mtu(guest),       {},        guest.tunnelling};
  for (const auto& flow : node.flows.bindings())
    if (flow.is_matched()) rows.flows[flow.index] = {flow.current, with_mtu(flow.spread, node)};
  for (const auto& prefix : prefixes) rows.routes[prefix] = via(node).mag;
  if (ipv4) rows.ipv4_routes[*ipv4] = {via(node).mag, least_mtu(node), tunnels_of(node)};
  return rows;
}

bool same_rows(const MobileNode& a, const MobileNode& b) {
  const auto same_path = [](const Session& x, const Session& y) {
    return x.id == y.id && x.mag == y.mag && x.in_delete_wait == y.in_delete_wait &&
           x.tunnel_mtu == y.tunnel_mtu && x.ipv6 == y.ipv6 && x.ipv4 == y.ipv4 &&
           x.tunnelling == y.tunnelling && x.delegated == y.delegated;
  };
  return a.index == b.index && a.prefixes == b.prefixes && a.ipv4 == b.ipv4 && a.guests == b.guests &&
         a.former == b.former && std::ranges::equal(a.sessions, b.sessions, same_path) && a.flows == b.flows;
}

std::vector<LmaAction> Forwarding::establish(const NodeRows& from, const NodeRows& to,
                                             std::uint32_t generation) {
  std::vector<LmaAction> out;
  for (const auto& row : to.sessions) {
    if (holds(from.sessions, row)) continue;
    const auto& [id, path] = row;
    use_tunnel(path.lma, path.mag, id, out);
    out.push_back(
        InstallSession{id, to.node, path.lma, path.mag, path.prefixes, path.mtu, path.ipv4, path.tunnelling});
  }
  for (const auto& row : to.flows)
    if (!holds(from.flows, row))
      out.push_back(InstallFlow{row.first, to.node, row.second.session, row.second.spread});
  if (to.classifier && to.classifier != from.classifier)
    out.push_back(InstallNode{to.node, to.classifier->prefixes, to.classifier->default_flow, generation,
                              to.classifier->rules, to.classifier->ipv4});
  for (const auto& row : to.routes)
    if (!holds(from.routes, row)) out.push_back(EnsureRoute{row.first, row.second});
  for (const auto& row : to.ipv4_routes)
    if (!holds(from.ipv4_routes, row))
      out.push_back(EnsureIpv4Route{row.first, row.second.via_mag, row.second.mtu, row.second.tunnels});
  return out;
}

std::vector<LmaAction> Forwarding::retire(const NodeRows& from, const NodeRows& to) {
  std::vector<LmaAction> out;
  for (const auto& [prefix, via] : from.routes)
    if (!to.routes.contains(prefix)) out.push_back(RemoveRoute{prefix});
  for (const auto& [address, via] : from.ipv4_routes)
    if (!to.ipv4_routes.contains(address)) out.push_back(RemoveIpv4Route{address});
  if (from.classifier && !to.classifier)
    out.push_back(RemoveNode{from.node, from.classifier->prefixes, from.classifier->ipv4});
  for (const auto& [flow, way] : from.flows)
    if (!to.flows.contains(flow)) out.push_back(RemoveFlow{flow});
  retire_sessions(from, to, out);
  return out;
}

/// Unless the session is there, or what it has sent from there still goes on.
void Forwarding::retire_uplink(SessionId session, const Ipv6Address& mag, const NodeRows::Uplink& rows,
                               const NodeRows& to, std::vector<LmaAction>& out) {
  const auto now = to.sessions.find(session);
  if (now != to.sessions.end() && now->second.mag == mag) return;
  const auto former = to.former.find({session, mag});
  if (former != to.former.end() && former->second == rows) return;
  const bool still_uses =
      std::ranges::any_of(to.sessions, [&](const auto& row) { return row.second.mag == mag; }) ||
      std::ranges::any_of(to.former, [&](const auto& row) { return row.first.second == mag; });
  out.push_back(RemoveSession{session, mag, rows.prefixes, still_uses, rows.ipv4});
  leave_tunnel(mag, session, out);
}

void Forwarding::retire_sessions(const NodeRows& from, const NodeRows& to, std::vector<LmaAction>& out) {
  for (const auto& [key, rows] : from.former) retire_uplink(key.first, key.second, rows, to, out);
  for (const auto& [id, path] : from.sessions)
    retire_uplink(id, path.mag, {path.prefixes, path.ipv4}, to, out);
}

void Forwarding::use_tunnel(const Ipv6Address& lma, const Ipv6Address& mag, SessionId session,
                            std::vector<LmaAction>& out) {
  const auto [found, is_new] = tunnels_.try_emplace(mag);
  auto& tunnel = found->second;
  if (is_new) tunnel.incarnation = ++tunnel_changes_;
  tunnel.local = lma;
  tunnel.sessions.insert(session);
  if (!tunnel.stands) out.push_back(EnsureTunnel{lma, mag, tunnel.incarnation});
}

void Forwarding::leave_tunnel(const Ipv6Address& mag, SessionId session, std::vector<LmaAction>& out) {
  const auto tunnel = tunnels_.find(mag);
  if (tunnel == tunnels_.end()) return;
  tunnel->second.sessions.erase(session);
  if (!tunnel->second.sessions.empty()) return;
  out.push_back(RemoveTunnel{tunnel->second.local, mag});
  tunnels_.erase(tunnel);
  ++tunnel_changes_;
}

void Forwarding::tunnel_stands(const EnsureTunnel& tunnel) {
  const auto found = tunnels_.find(tunnel.remote);
  if (found != tunnels_.end() && found->second.incarnation == tunnel.incarnation) found->second.stands = true;
}

}  // namespace flowmob::core
