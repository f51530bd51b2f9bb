// SPDX-License-Identifier: Apache-2.0
#include "checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace flowmob::sim {

Checks::Checks(Domain& domain) : domain_(domain), world_(domain.world) {
  world_.queue.watch([this] { after_event(); });
}

void Checks::allow_outage(std::size_t node, Duration span) {
  auto& until = outage_until_[node];
  until = std::max(until, world_.queue.now() + span);
}

/// Nothing changed since all was well, and nothing is judged by the time that passes.
bool Checks::is_at_rest() const {
  return seen_ == world_.changes() && lost_since_.empty() &&
         std::ranges::none_of(outage_until_, [&](const auto& row) { return row.second >= looked_at_; }) &&
         std::ranges::none_of(settled_since_, [&](const auto& row) { return row.second >= looked_at_; });
}

void Checks::after_event() {
  if (is_at_rest()) return;
  seen_ = world_.changes();
  looked_at_ = world_.queue.now();
  check_rows();
  check_records();
  for (std::size_t node = 0; node < domain_.mns.size(); ++node) check_promise(node);
}

/// Rows that point to a row that is not there are packets lost.
void Checks::check_rows() const {
  if (rows_may_be_incomplete) return;
  const auto& tables = domain_.lma->tables;
  for (const auto& [flow, row] : tables.flows()) {
    if (!row.session) continue;
    const auto session = tables.sessions().find(row.session);
    if (session == tables.sessions().end())
      world_.broken(
          fmt::format("flow {} points to session {}, which has no row", flow.value, row.session.value));
    world_.require(session->second.session.node == row.node, "a flow goes to another node's session");
  }
  for (const auto& [prefix, row] : tables.nodes()) {
    world_.require(tables.flows().contains(row.default_flow), "a node's default flow has no row");
    for (const auto& rule : row.rules)
      world_.require(tables.flows().contains(rule.flow), "a rule names a flow that has no row");
  }
}

void Checks::check_prefixes() const {
  std::set<Ipv6Prefix> seen;
  for (const auto& [key, record] : domain_.lma->store())
    for (const auto& prefix : record.prefixes)
      world_.require(seen.insert(prefix).second, "two nodes have " + prefix.to_string());
}

void Checks::check_records() const {
  check_prefixes();
  const auto& lma = *domain_.lma;
  if (!lma.is_running() || lma.pump.has_unanswered() || rows_may_be_incomplete) return;
  std::set<SessionId> live;
  for (const auto& [key, record] : lma.store()) {
    check_record(record);
    for (const auto& session : record.sessions)
      if (!session.in_delete_wait) live.insert(session.id);
  }
  // What a predecessor left without a record goes with the sweep.
  for (const auto& [flow, row] : lma.tables.flows())
    if (row.fresh && row.session && !live.contains(row.session))
      world_.broken(fmt::format("flow {} goes to session {}, which the records do not have alive", flow.value,
                                row.session.value));
}

/// What is kept has to say what the rows do: a successor starts from it.
void Checks::check_record(const core::NodeRecord& record) const {
  const auto& tables = domain_.lma->tables;
  for (const auto& session : record.sessions) {
    const auto row = tables.sessions().find(session.id);
    if (session.in_delete_wait) continue;
    world_.require(row != tables.sessions().end(), "a live session has no row: " + record.mn_id);
    world_.require(row->second.session.mag == session.mag, "record and row name different MAGs");
  }
  const auto agrees = [&](FlowIndex flow, SessionId kept, const std::string& name) {
    const auto row = tables.session_of(flow);
    if (!row || *row != kept)
      world_.broken(fmt::format("{}: flow {} is kept at session {} and goes to {}", record.mn_id, name,
                                kept.value, row ? std::to_string(row->value) : "none"));
  };
  agrees(record.default_flow, record.default_current, "default");
  for (const auto& flow : record.flows) agrees(flow.index, flow.current, flow.name);
}

bool Checks::is_settled(Port port) const {
  const auto socket = domain_.access.at(port);
  if (!socket || !domain_.mags.at(socket->mag)->is_powered()) return false;
  const auto retired = retired_.find(port);
  if (retired != retired_.end() && retired->second) return false;
  const auto& mag = *domain_.mags[socket->mag];
  const auto& mn = *domain_.mns.at(port.node);
  const auto* host = mag.tables.find_host(socket->interface, mn.config().members.at(port.member).mac);
  const auto packet = domain_.packet_of(port.node, Domain::flows().front());
  if (host == nullptr || !packet || !mn.has_heard(port.member)) return false;
  const auto member = mn.tables.members().find(port.member);
  if (member == mn.tables.members().end() || !member->second.up) return false;
  return std::ranges::any_of(host->prefixes, [&](const auto& prefix) {
    return prefix.contains(packet->node) && domain_.lma->tables.has_session_via(mag.config().address, prefix);
  });
}

bool Checks::has_settled_link(std::size_t node) {
  bool any = false;
  for (std::size_t member = 0; member < Domain::kMags; ++member) {
    const Port port{node, member};
    if (!is_settled(port)) {
      settled_since_.erase(port);
      continue;
    }
    const auto since = settled_since_.try_emplace(port, world_.queue.now()).first->second;
    any = any || since < world_.queue.now();
  }
  return any;
}

/// The product's promise: while a link is settled, every packet of every flow gets through.
void Checks::check_promise(std::size_t node) {
  const auto outage = outage_until_.find(node);
  const bool is_excused = outage != outage_until_.end() && world_.queue.now() < outage->second;
  bool any_lost = false;
  if (has_settled_link(node) && !is_excused) {
    for (const auto& flow : Domain::flows()) {
      for (const bool is_down : {true, false}) {
        const auto walk = is_down ? domain_.walk_down(node, flow) : domain_.walk_up(node, flow);
        if (walk.delivered) continue;
        any_lost = true;
        lost(node, fmt::format("mn{}: {} {} is lost although a link is settled: {}", node, flow.name,
                               is_down ? "downlink" : "uplink", walk.lost_at));
      }
    }
  }
  if (!any_lost) lost_since_.erase(node);
}

void Checks::lost(std::size_t node, const std::string& what) {
  const auto since = lost_since_.try_emplace(node, world_.queue.now()).first->second;
  if (world_.queue.now() - since >= tolerance) world_.broken(what);
}

void Checks::require_agreement() const {
  check_records();
  for (std::size_t node = 0; node < domain_.mns.size(); ++node)
    for (std::size_t member = 0; member < Domain::kMags; ++member) check_port({node, member});
}

/// Connected: settled end to end. Not connected: no MAG and no session remembers it.
void Checks::check_port(Port port) const {
  if (domain_.access.at(port)) {
    if (!is_settled(port))
      world_.broken(fmt::format("mn{} if{} is connected but not settled", port.node, port.member));
    return;
  }
  const auto& mac = domain_.mns[port.node]->config().members.at(port.member).mac;
  for (const auto& mag : domain_.mags)
    if (mag->tables.find_host(Domain::access_index(port.node), mac) != nullptr)
      world_.broken(fmt::format("mn{} if{} is gone, but {} delivers to it", port.node, port.member,
                                mag->config().name));
}

void Checks::require_empty() const {
  const auto& lma = *domain_.lma;
  if (!lma.tables.is_empty()) world_.broken("lma: left behind: " + lma.tables.contents());
  world_.require(lma.store().empty(), "lma: a record is left behind");
  for (const auto& mag : domain_.mags) {
    const auto& name = mag->config().name;
    if (!mag->tables.is_empty()) world_.broken(name + ": left behind: " + mag->tables.contents());
    world_.require(mag->store().empty(), name + ": a record is left behind");
  }
}

}  // namespace flowmob::sim
