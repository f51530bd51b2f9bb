// SPDX-License-Identifier: Apache-2.0
#include "core/lma/guest_links.h"

#include <algorithm>

#include "core/lma/events.h"
#include "core/lma/flow_settling.h"

namespace flowmob::core {
namespace {

constexpr std::uint32_t kCandidate = 0x80000000;  // no anchor counts so far

bool is_bound_to(const FlowBinding& flow, SessionId link) {
  return flow.asked == link || flow.wanted == link || flow.current == link ||
         std::ranges::count(flow.spread.links, link, &SpreadLink::session) != 0;
}

bool is_bound_to(const FlowTable& flows, SessionId link) {
  return std::ranges::any_of(flows.bindings(), [&](const auto& flow) { return is_bound_to(flow, link); });
}

void carry_as(GuestLink& link, const Session& session) {
  link.unreachable = session.unreachable;
  link.technology = session.technology;
  link.tunnel_mtu = session.tunnel_mtu;
  link.tunnelling = session.tunnelling;
}

void confirm(GuestLink& link, const Session& session, const MobileNode& node,
             const std::set<Ipv6Prefix>& told) {
  carry_as(link, session);
  link.mag = session.mag;
  link.up = true;
  link.prefixes.clear();
  for (const auto& prefix : node.prefixes)
    if (told.contains(prefix)) link.prefixes.push_back(prefix);
}

/// In delete-wait its MAG has forgotten what it was told; so has one that was not its MAG then.
void catch_up(GuestLink& link, const Session& session) {
  const bool serves = !session.in_delete_wait && session.ipv6 && session.mag == link.mag;
  if (!serves) link.mag = session.mag;  // for whom it has yet to be confirmed
  link.up = link.up && serves;
  if (!link.up) link.prefixes.clear();
  carry_as(link, session);
}

/// A MAG has a prefix at one of its attachments alone: where the set gets a session of its own, the other
/// forwards it no more.
void prefer_own_sessions(MobileNode& node) {
  const auto own_at = [&](const GuestLink& link) {
    return std::ranges::find_if(node.sessions, [&](const Session& session) {
      return session.mag == link.mag && session.ipv6 && !session.in_delete_wait;
    });
  };
  std::erase_if(node.guests, [&](const GuestLink& link) {
    const auto own = own_at(link);
    if (own == node.sessions.end()) return false;
    node.flows.replace(link.id, own->id);
    return true;
  });
}

/// And so it is among two of other sets: the one that is not confirmed there gives way.
void merge_guests(MobileNode& node) {
  for (auto link = node.guests.begin(); link != node.guests.end();) {
    const auto other = std::ranges::find_if(node.guests, [&](const GuestLink& one) {
      return one.id != link->id && one.mag == link->mag && (one.up || one.id < link->id);
    });
    if (link->up || other == node.guests.end()) {
      ++link;
      continue;
    }
    node.flows.replace(link->id, other->id);
    link = node.guests.erase(link);
  }
}

std::optional<Change> change_to(const Policy& policy, const MobileNode& node, MobileNode next) {
  settle_flows(policy, next);
  next.flows.adopt_default();
  if (next == node) return std::nullopt;
  Change change;
  change.mn_id = node.mn_id;
  change.node = node.index;
  change.next = std::move(next);
  return change;
}

template <class Test>
void drop_guests(MobileNode& node, Test is_dropped) {
  for (const auto& link : node.guests)
    if (is_dropped(link)) node.flows.forget(link.id);
  std::erase_if(node.guests, is_dropped);
}

/// Made if there is none.
SessionId link_at(MobileNode& node, NodeIndex host, const Session& session, SessionId fresh,
                  const std::set<Ipv6Prefix>& told) {
  auto link = std::ranges::find(node.guests, session.id, &GuestLink::session);
  if (link == node.guests.end()) {
    node.guests.emplace_back();
    link = std::prev(node.guests.end());
    link->id = fresh;
    link->host = host;
    link->session = session.id;
  }
  confirm(*link, session, node, told);
  return link->id;
}

bool serves(const AnchorState& state, const Session& session) {
  return !session.in_delete_wait && !session.unreachable && session.ipv6 && !session.opens &&
         !session.tunnelling.has_keys() && !state.revoking.contains(session.id);
}

}  // namespace

std::vector<ForeignSession> foreign_sessions(const AnchorState& state, const MobileNode& node,
                                             const std::function<bool(const Session&)>& is_asked_for) {
  std::vector<ForeignSession> found;
  if (node.prefixes.empty()) return found;
  const auto has_link_with = [&](const Session& session) {
    const auto is_there = [&](const auto& link) { return link.mag == session.mag; };
    const auto is_guest = [&](const GuestLink& link) {
      return link.session == session.id || (link.up && is_there(link));
    };
    return std::ranges::any_of(node.guests, is_guest) ||
           std::ranges::any_of(node.sessions,
                               [&](const Session& own) { return is_there(own) && !own.in_delete_wait; });
  };
  for (const auto* other : state.cache.find_all(node.mn_id)) {
    if (other->index == node.index) continue;
    for (const auto& session : other->sessions)
      if (serves(state, session) && !has_link_with(session) && is_asked_for(session))
        found.push_back({other->index, &session});
  }
  return found;
}

SessionId session_behind_candidate(SessionId link) { return SessionId{link.value & ~kCandidate}; }

LinkState link_of(const Policy& policy, const MobileNode& node, const Session& foreign) {
  const auto* mag = policy.mag(foreign.mag);
  LinkState link{SessionId{foreign.id.value | kCandidate},
                 mag ? std::string_view(mag->name) : std::string_view(), foreign.mag, foreign.technology};
  link.is_foreign = true;
  link.missing = node.prefixes;
  link.lacks_ipv4 = node.ipv4.has_value();
  return link;
}

std::set<Ipv6Prefix> prefixes_of(const MobileNode& node, const FlowBinding& flow) {
  std::set<Ipv6Prefix> some;
  for (const auto& prefix : node.prefixes)
    if (may_be_for(flow, prefix)) some.insert(prefix);
  return some.empty() ? std::set(node.prefixes.begin(), node.prefixes.end()) : some;
}

std::set<Ipv6Prefix> prefixes_by(const MobileNode& node, SessionId link) {
  std::set<Ipv6Prefix> all;
  for (const auto& flow : node.flows.bindings())
    if (is_bound_to(flow, link)) all.merge(prefixes_of(node, flow));
  return all;
}

SessionId guest_link_at(const MobileNode& node, SessionId session) {
  const auto found = std::ranges::find(node.guests, session, &GuestLink::session);
  return found == node.guests.end() ? SessionId{} : found->id;
}

std::optional<Change> with_guests_followed(const Policy& policy, const BindingCache& cache,
                                           const MobileNode& node,
                                           const std::function<bool(const GuestLink&)>& is_kept) {
  MobileNode next = node;
  // GRE keys are those of the session's own set: the data plane takes packets with them for that set's
  const auto session_of = [&](const GuestLink& link) -> const Session* {
    const auto* host = cache.find(link.host);
    if (!host || host->mn_id != node.mn_id || node.prefixes.empty()) return nullptr;
    const auto* session = host->find(link.session);
    return session && !session->tunnelling.has_keys() ? session : nullptr;
  };
  drop_guests(next, [&](const GuestLink& link) {
    return !session_of(link) || (!is_bound_to(node.flows, link.id) && !is_kept(link));
  });
  for (auto& link : next.guests) catch_up(link, *session_of(link));
  prefer_own_sessions(next);
  merge_guests(next);
  return change_to(policy, node, std::move(next));
}

std::optional<Change> with_guest_confirmed(const Policy& policy, const MobileNode& node,
                                           const Session& session, const std::set<Ipv6Prefix>& told) {
  MobileNode next = node;
  for (auto& link : next.guests)
    if (link.session == session.id && !session.in_delete_wait) confirm(link, session, node, told);
  return change_to(policy, node, std::move(next));
}

std::optional<Change> with_guest(const Policy& policy, const MobileNode& node, NodeIndex host,
                                 const Session& session, SessionId fresh, const std::set<Ipv6Prefix>& told) {
  MobileNode next = node;
  const auto link = link_at(next, host, session, fresh, told);
  settle_flows(policy, next);
  if (!is_bound_to(next.flows, link)) return std::nullopt;
  return change_to(policy, node, std::move(next));
}

std::optional<Change> with_guests_narrowed(const Policy& policy, const MobileNode& node, SessionId session,
                                           const std::set<Ipv6Prefix>& wanted) {
  MobileNode next = node;
  for (auto& link : next.guests) {
    if (link.session != session) continue;
    std::erase_if(link.prefixes, [&](const auto& prefix) { return !wanted.contains(prefix); });
    link.up = link.up && !link.prefixes.empty();
  }
  if (next == node) return std::nullopt;
  return change_to(policy, node, std::move(next));
}

std::optional<Change> without_unconfirmed_guest(const Policy& policy, const MobileNode& node,
                                                SessionId session, const Ipv6Address& mag) {
  MobileNode next = node;
  drop_guests(next,
              [&](const GuestLink& link) { return link.session == session && link.mag == mag && !link.up; });
  return change_to(policy, node, std::move(next));
}

MobileNode with_flow_as_guest(const Policy& policy, const MobileNode& node, FlowIndex flow, NodeIndex host,
                              const Session& session, SessionId fresh, const std::set<Ipv6Prefix>& told) {
  MobileNode next = node;
  next.flows.move(flow, link_at(next, host, session, fresh, told));
  settle_flows(policy, next);
  return next;
}

}  // namespace flowmob::core
