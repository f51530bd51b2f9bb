// SPDX-License-Identifier: Apache-2.0
#include "checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace flowmob::sim {

Checks::Checks(Domain& domain)
    : lifetimes(domain),
      ownership(domain),
      farewells(domain),
      domain_(domain),
      world_(domain.world),
      settled_(domain.mns.size()) {
  world_.queue.watch([this] { after_event(); });
}

void Checks::allow_outage(std::size_t node, Duration span) {
  auto& until = outage_until_[node];
  until = std::max(until, world_.queue.now() + span);
  wake(node, until);
}

void Checks::wake(std::size_t node, Duration when) {
  world_.queue.at(when, [this, node] { world_.touch(node); });
}

void Checks::after_event() {
  ++world_.tally.events;
  if (!world_.is_touched() && (unjudged_.empty() || !can_judge_records())) return;
  auto nodes = world_.take_touched();
  if (world_.take_all_touched())
    for (std::size_t node = 0; node < domain_.mns.size(); ++node) nodes.insert(node);
  if (can_judge_records()) nodes.merge(unjudged_);
  for (const auto node : nodes)
    if (node < domain_.mns.size()) check_node(node);
}

void Checks::check_node(std::size_t node) {
  if (!rows_may_be_incomplete) check_rows(node);
  if (can_judge_records())
    check_record(node);
  else
    unjudged_.insert(node);
  check_promise(node);
}

/// Rows that point to a row that is not there are packets lost.
void Checks::check_rows(std::size_t node) const {
  for (const auto index : domain_.lma->indexes_of(node)) check_rows_of(index);
}

void Checks::check_rows_of(NodeIndex index) const {
  const auto& tables = domain_.lma->tables;
  for (const auto flow : tables.flows_of(index)) check_flow_row(flow, index);
  for (const auto& prefix : tables.prefixes_of(index)) {
    const auto& row = tables.nodes().at(prefix);
    world_.require(tables.flows().contains(row.default_flow), "a node's default flow has no row");
    for (const auto& rule : row.rules)
      world_.require(tables.flows().contains(rule.flow), "a rule names a flow that has no row");
  }
}

void Checks::check_flow_row(FlowIndex flow, NodeIndex owner) const {
  const auto& tables = domain_.lma->tables;
  const auto& row = tables.flows().at(flow);
  const auto check = [&](SessionId target) {
    const auto session = tables.sessions().find(target);
    if (session == tables.sessions().end())
      world_.broken(fmt::format("flow {} points to session {}, which has no row", flow.value, target.value));
    world_.require(session->second.session.node == owner, "a flow goes to another node's session");
  };
  if (row.session) check(row.session);
  for (const auto& link : row.spread.links) check(link.session);
  world_.require(row.spread.links.empty() || row.spread.links.front().session == row.session,
                 "a flow's first link is another than its own");
}

/// Records tell what is meant; rows follow while answers are under way.
bool Checks::can_judge_records() const {
  return domain_.lma->is_running() && !domain_.lma->pump.has_unanswered() && !rows_may_be_incomplete;
}

/// What is kept has to say what the rows do, neither less nor more: a successor starts from it.
void Checks::check_record(std::size_t node) const {
  auto without = domain_.lma->indexes_of(node);
  for (const auto* record : domain_.lma->records_of(node)) {
    check_sessions(*record);
    check_guests(*record, node);
    check_flows(*record);
    check_nothing_else(*record);
    without.erase(record->index);
  }
  for (const auto index : without) check_no_rows(node, index);
}

void Checks::check_sessions(const core::NodeRecord& record) const {
  const auto& tables = domain_.lma->tables;
  std::set<std::pair<Bytes, wire::AccessTechnology>> interfaces;
  for (const auto& session : record.sessions) {
    if (session.in_delete_wait) continue;
    const auto row = tables.sessions().find(session.id);
    world_.require(row != tables.sessions().end(), "a live session has no row: " + record.mn_id);
    world_.require(row->second.session.mag == session.mag, "record and row name different MAGs");
    if (!session.link_layer_id.empty())
      world_.require(interfaces.insert({session.link_layer_id, session.technology}).second,
                     "one interface has two sessions: " + record.mn_id);
  }
}

/// A guest link is at a live session of another set of the node, with the MAG that has acknowledged it.
void Checks::check_guests(const core::NodeRecord& record, std::size_t node) const {
  const auto& tables = domain_.lma->tables;
  for (const auto& guest : record.guests) {
    if (!guest.up) continue;
    const auto row = tables.sessions().find(guest.id);
    world_.require(row != tables.sessions().end(), "a guest link has no row: " + record.mn_id);
    world_.require(row->second.session.mag == guest.mag, "a guest link and its row name different MAGs");
    const auto is_host = [&](const core::NodeRecord* other) {
      return other->index == guest.host && std::ranges::any_of(other->sessions, [&](const auto& s) {
               return s.id == guest.session && !s.in_delete_wait && s.mag == guest.mag;
             });
    };
    world_.require(std::ranges::any_of(domain_.lma->records_of(node), is_host),
                   "a guest link's session is not alive: " + record.mn_id);
  }
}

namespace {

/// Of flows with the same packets the latest announcement has them, as long as it has a link (docs/adr/0061).
bool is_matched(const core::NodeRecord& record, const core::FlowRecord& flow) {
  if (!flow.announced) return true;
  return flow.current && std::ranges::none_of(record.flows, [&](const core::FlowRecord& other) {
           return other.announced && other.current && other.announced->by != flow.announced->by &&
                  other.announced->turn > flow.announced->turn &&
                  other.announced->selector == flow.announced->selector;
         });
}

}  // namespace

void Checks::check_flows(const core::NodeRecord& record) const {
  std::set<SessionId> live;
  for (const auto& session : record.sessions)
    if (!session.in_delete_wait) live.insert(session.id);
  for (const auto& guest : record.guests)
    if (guest.up) live.insert(guest.id);
  const auto agrees = [&](FlowIndex flow, SessionId kept, const std::string& name) {
    const auto row = domain_.lma->tables.session_of(flow);
    if (!row || *row != kept)
      world_.broken(fmt::format("{}: flow {} is kept at session {} and goes to {}", record.mn_id, name,
                                kept.value, row ? std::to_string(row->value) : "none"));
    if (kept ? !live.contains(kept) : !live.empty())
      world_.broken(fmt::format("{}: flow {} goes to session {}, which is not alive while {} are",
                                record.mn_id, name, kept.value, live.size()));
  };
  agrees(record.default_flow, record.default_current, "default");
  for (const auto& flow : record.flows) {
    if (is_matched(record, flow))
      agrees(flow.index, flow.current, flow.name);
    else
      world_.require(!domain_.lma->tables.session_of(flow.index), "a flow that has no packets has a row");
  }
}

/// What a predecessor left without a record goes with the sweep.
void Checks::check_nothing_else(const core::NodeRecord& record) const {
  const auto& tables = domain_.lma->tables;
  for (const auto flow : tables.flows_of(record.index))
    if (tables.flows().at(flow).fresh && flow != record.default_flow &&
        std::ranges::count(record.flows, flow, &core::FlowRecord::index) == 0)
      world_.broken(fmt::format("{}: nobody asked for the row of flow {}", record.mn_id, flow.value));
  for (const auto id : tables.sessions_of(record.index))
    if (tables.sessions().at(id).fresh &&
        std::ranges::none_of(record.sessions,
                             [&](const auto& s) { return s.id == id && !s.in_delete_wait; }) &&
        std::ranges::none_of(record.guests, [&](const auto& g) { return g.id == id && g.up; }))
      world_.broken(fmt::format("{}: nobody asked for the row of session {}", record.mn_id, id.value));
  for (const auto& prefix : tables.prefixes_of(record.index))
    if (tables.nodes().at(prefix).fresh && std::ranges::count(record.prefixes, prefix) == 0)
      world_.broken(fmt::format("{}: nobody asked for the row of {}", record.mn_id, prefix.to_string()));
}

void Checks::check_no_rows(std::size_t node, NodeIndex index) const {
  const auto& tables = domain_.lma->tables;
  const auto is_fresh = [](const auto& rows) {
    return [&rows](const auto& key) { return rows.at(key).fresh; };
  };
  const bool any = std::ranges::any_of(tables.flows_of(index), is_fresh(tables.flows())) ||
                   std::ranges::any_of(tables.sessions_of(index), is_fresh(tables.sessions())) ||
                   std::ranges::any_of(tables.prefixes_of(index), is_fresh(tables.nodes()));
  if (any) world_.broken(fmt::format("mn{} has rows and no record", node));
}

bool Checks::is_settled(Port port, const Ipv6Address& address) const {
  const auto socket = domain_.access.at(port);
  if (!socket || !domain_.mags.at(socket->mag)->is_powered()) return false;
  const auto retired = retired_.find(port);
  if (retired != retired_.end() && retired->second) return false;
  const auto& mag = *domain_.mags[socket->mag];
  const auto& mn = *domain_.mns.at(port.node);
  if (!mn.has_heard(port.member)) return false;
  const auto member = mn.tables.members().find(port.member);
  if (member == mn.tables.members().end() || !member->second.up) return false;
  const auto* host = mag.tables.find_host(socket->interface, domain_.mac_of(port));
  return host != nullptr && std::ranges::any_of(host->prefixes, [&](const auto& prefix) {
           return prefix.contains(address) &&
                  domain_.lma->tables.has_session_via(mag.config().address, prefix);
         });
}

bool Checks::is_settled(Port port) const {
  const auto socket = domain_.access.at(port);
  if (!socket) return false;
  const auto* host = domain_.mags[socket->mag]->tables.find_host(socket->interface, domain_.mac_of(port));
  if (host == nullptr) return false;
  const auto own = domain_.addresses_of(port.node);
  const auto is_had = [&](const Ipv6Prefix& prefix) {
    return std::ranges::any_of(
        own, [&](const auto& address) { return prefix.contains(address) && is_settled(port, address); });
  };
  return std::ranges::any_of(host->prefixes, is_had) &&
         std::ranges::all_of(host->prefixes, [&](const Ipv6Prefix& prefix) {
           return is_had(prefix) || is_left_over(port.node, socket->mag, prefix);
         });
}

/// An anchor that was killed before it heard that its MAG forwards another set's prefix does not know it
/// (docs/adr/0055).
bool Checks::is_left_over(std::size_t node, std::size_t mag, const Ipv6Prefix& prefix) const {
  const auto has_link = [&](const core::NodeRecord* record) {
    return std::ranges::count(record->prefixes, prefix) != 0 &&
           std::ranges::count(record->sessions, domain_.mags[mag]->config().address,
                              &core::SessionRecord::mag) != 0;
  };
  return domain_.lma->has_restarted() && std::ranges::none_of(domain_.lma->records_of(node), has_link);
}

/// Those that a link was settled for before this event.
std::vector<Ipv6Address> Checks::settled_addresses(std::size_t node) {
  std::vector<Settled> settled;
  std::vector<Ipv6Address> addresses;
  const auto now = world_.queue.now();
  for (const auto& address : domain_.addresses_of(node)) {
    bool any = false;
    for (std::size_t member = 0; member < domain_.members(); ++member) {
      if (!is_settled({node, member}, address)) continue;
      const auto before = std::ranges::find_if(
          settled_[node], [&](const Settled& s) { return s.member == member && s.address == address; });
      const bool is_new = before == settled_[node].end();
      settled.push_back(is_new ? Settled{member, address, now} : *before);
      if (is_new) wake(node, now + Duration(1));
      any = any || settled.back().since < now;
    }
    if (any) addresses.push_back(address);
  }
  settled_[node] = std::move(settled);
  return addresses;
}

bool Checks::is_excused(std::size_t node) const {
  const auto outage = outage_until_.find(node);
  return outage != outage_until_.end() && world_.queue.now() < outage->second;
}

/// The product's promise: while a link is settled, every packet of every flow gets through.
void Checks::check_promise(std::size_t node) {
  const auto addresses = settled_addresses(node);
  if (!is_excused(node))
    for (const auto& address : addresses) check_delivery(node, address);
  for (const bool to_the_deaf : {false, true})
    if (const auto loss = losses_.find({node, to_the_deaf});
        loss != losses_.end() && !std::exchange(loss->second.is_seen, false))
      losses_.erase(loss);
}

void Checks::check_delivery(std::size_t node, const Ipv6Address& address) {
  for (const auto& flow : Domain::flows()) {
    const Packet packet{flow, Domain::correspondent(), address};
    for (const bool is_down : {true, false}) {
      if (!is_judged(node, packet, is_down)) continue;
      const auto walk = is_down ? domain_.walk_down(node, packet) : domain_.walk_up(node, packet);
      if (walk.delivered) continue;
      lost(node, is_down && walk.lost_at == "mag: not hosted" && goes_to_the_deaf(packet),
           fmt::format("mn{}: {} {} is lost although a link is settled: {}", node, flow.name,
                       is_down ? "downlink" : "uplink", walk.lost_at));
    }
  }
}

bool Checks::is_judged(std::size_t node, const Packet& packet, bool is_down) const {
  if (is_down || !are_links_apart) return true;
  const auto member = domain_.mns[node]->tables.taught(packet);
  return member && is_settled({node, *member}, packet.node);
}

bool Checks::goes_to_the_deaf(const Packet& packet) const {
  const auto& tables = domain_.lma->tables;
  const auto sessions = tables.ways(packet);
  return sessions && std::ranges::any_of(*sessions, [&](SessionId session) {
           const auto via = tables.by_session(session);
           const auto mag = via ? domain_.mag_at(*via) : std::nullopt;
           return mag && lifetimes.is_unheard(*mag, Ipv6Prefix::truncated(packet.node, 64));
         });
}

void Checks::lost(std::size_t node, bool to_the_deaf, const std::string& what) {
  const auto tolerated = to_the_deaf ? std::max(tolerance, belief) : tolerance;
  const auto [loss, is_new] = losses_.try_emplace({node, to_the_deaf}, Loss{world_.queue.now(), true});
  loss->second.is_seen = true;
  if (world_.queue.now() - loss->second.since >= tolerated) world_.broken(what);
  if (is_new) wake(node, world_.queue.now() + tolerated);
}

void Checks::require_agreement() const {
  if (!domain_.lma->has_restarted()) check_off_link();
  for (std::size_t node = 0; node < domain_.mns.size(); ++node) {
    if (can_judge_records()) check_record(node);
    for (std::size_t member = 0; member < domain_.members(); ++member) check_port({node, member});
  }
}

/// What a MAG forwards for another set is what the LMA has asked it for. An anchor that was killed may not
/// know of it (docs/adr/0055).
void Checks::check_off_link() const {
  const auto& store = domain_.lma->store();
  for (const auto& mag : domain_.mags)
    for (const auto& [id, attachment] : mag->store())
      for (const auto& prefix : attachment.off_link)
        world_.require(std::ranges::any_of(store,
                                           [&](const auto& row) {
                                             return std::ranges::any_of(
                                                 row.second.guests, [&](const auto& guest) {
                                                   return guest.mag == mag->config().address &&
                                                          std::ranges::count(guest.prefixes, prefix) != 0;
                                                 });
                                           }),
                       mag->config().name + " forwards " + prefix.to_string() + " that nobody wants there");
}

/// Connected: settled end to end, and nowhere else. Not connected: no MAG remembers it.
void Checks::check_port(Port port) const {
  const auto socket = domain_.access.at(port);
  if (socket && !is_settled(port))
    world_.broken(fmt::format("mn{} if{} is connected but not settled", port.node, port.member));
  for (std::size_t mag = 0; mag < domain_.mags.size(); ++mag)
    if (domain_.hosts(mag, port) && (!socket || socket->mag != mag))
      world_.broken(
          fmt::format("mn{} if{} is not there, but mag{} delivers to it", port.node, port.member, mag));
}

void Checks::require_empty() const {
  const auto& lma = *domain_.lma;
  if (!lma.tables.is_empty()) world_.broken("lma: left behind: " + lma.tables.contents());
  world_.require(lma.store().empty(), "lma: a record is left behind");
  world_.require(!lma.is_running() || !lma.pump.core().poll_timeout(), "lma: a timer is left behind");
  for (const auto& mag : domain_.mags) {
    const auto& name = mag->config().name;
    if (!mag->tables.is_empty()) world_.broken(name + ": left behind: " + mag->tables.contents());
    world_.require(mag->store().empty(), name + ": a record is left behind");
    world_.require(!mag->is_running() || !mag->pump.core().poll_timeout(), name + ": a timer is left behind");
  }
}

}  // namespace flowmob::sim
