// SPDX-License-Identifier: Apache-2.0
#include "core/lma/guest_links.h"

#include <algorithm>

#include "core/lma/events.h"
#include "core/lma/flow_settling.h"

namespace flowmob::core {
namespace {

bool is_bound_to(const FlowTable& flows, SessionId link) {
  return std::ranges::any_of(flows.bindings(), [&](const FlowBinding& flow) {
    return flow.asked == link || flow.wanted == link || flow.current == link;
  });
}

/// In delete-wait its MAG has forgotten what it was told; so has one that was not its MAG then.
void catch_up(GuestLink& link, const Session& session) {
  const bool serves = !session.in_delete_wait && session.ipv6 && session.mag == link.mag;
  if (!serves) link.mag = session.mag;  // for whom it has yet to be confirmed
  link.up = link.up && serves;
  link.unreachable = session.unreachable;
  link.tunnel_mtu = session.tunnel_mtu;
  link.tunnelling = session.tunnelling;
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

}  // namespace

SessionId guest_link_at(const MobileNode& node, SessionId session) {
  const auto found = std::ranges::find(node.guests, session, &GuestLink::session);
  return found == node.guests.end() ? SessionId{} : found->id;
}

std::optional<Change> with_guests_followed(const Policy& policy, const BindingCache& cache,
                                           const MobileNode& node) {
  MobileNode next = node;
  // GRE keys are those of the session's own set: the data plane takes packets with them for that set's
  const auto session_of = [&](const GuestLink& link) -> const Session* {
    const auto* host = cache.find(link.host);
    if (!host || host->mn_id != node.mn_id || node.prefixes.empty()) return nullptr;
    const auto* session = host->find(link.session);
    return session && !session->tunnelling.has_keys() ? session : nullptr;
  };
  drop_guests(next,
              [&](const GuestLink& link) { return !session_of(link) || !is_bound_to(node.flows, link.id); });
  for (auto& link : next.guests) catch_up(link, *session_of(link));
  prefer_own_sessions(next);
  return change_to(policy, node, std::move(next));
}

std::optional<Change> with_guest_confirmed(const Policy& policy, const MobileNode& node,
                                           const Session& session) {
  MobileNode next = node;
  for (auto& link : next.guests) {
    if (link.session != session.id || session.in_delete_wait) continue;
    link.mag = session.mag;
    link.tunnel_mtu = session.tunnel_mtu;
    link.tunnelling = session.tunnelling;
    link.up = true;
  }
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
                              const Session& session, SessionId fresh) {
  MobileNode next = node;
  SessionId link = guest_link_at(next, session.id);
  if (!link) {
    link = fresh;
    next.guests.push_back({link, host, session.id, session.mag, session.tunnel_mtu, session.tunnelling, true,
                           session.unreachable});
  }
  next.flows.move(flow, link);
  settle_flows(policy, next);
  return next;
}

}  // namespace flowmob::core
