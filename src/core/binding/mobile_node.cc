// SPDX-License-Identifier: Apache-2.0
#include "core/binding/mobile_node.h"

#include <algorithm>

namespace flowmob::core {

Session* MobileNode::find(SessionId id) {
  const auto found = std::ranges::find(sessions, id, &Session::id);
  return found == sessions.end() ? nullptr : &*found;
}

const Session* MobileNode::find(SessionId id) const {
  const auto found = std::ranges::find(sessions, id, &Session::id);
  return found == sessions.end() ? nullptr : &*found;
}

const GuestLink* MobileNode::find_guest(SessionId id) const {
  const auto found = std::ranges::find(guests, id, &GuestLink::id);
  return found == guests.end() ? nullptr : &*found;
}

std::vector<Ipv6Prefix> MobileNode::delegated() const {
  std::vector<Ipv6Prefix> all;
  for (const auto& session : sessions)
    all.insert(all.end(), session.delegated.begin(), session.delegated.end());
  sort_once(all);
  return all;
}

bool MobileNode::has_address(const Ipv6Address& address) const {
  const auto holds = [&](const Ipv6Prefix& prefix) { return prefix.contains(address); };
  return std::ranges::any_of(prefixes, holds) || std::ranges::any_of(sessions, [&](const Session& session) {
           return std::ranges::any_of(session.delegated, holds);
         });
}

const Ipv6Address* MobileNode::mag_of(SessionId id) const {
  if (const auto* session = find(id)) return &session->mag;
  const auto* guest = find_guest(id);
  return guest ? &guest->mag : nullptr;
}

SessionId MobileNode::session_behind(SessionId id) const {
  const auto* guest = find_guest(id);
  return guest ? guest->session : id;
}

std::vector<SessionId> MobileNode::live() const {
  std::vector<SessionId> reachable, unreachable;
  for (const auto& session : sessions)
    if (!session.in_delete_wait) (session.unreachable ? unreachable : reachable).push_back(session.id);
  for (const auto& guest : guests)
    if (guest.up) (guest.unreachable ? unreachable : reachable).push_back(guest.id);
  return reachable.empty() ? unreachable : reachable;
}

std::vector<SessionId> MobileNode::opening() const {
  std::vector<SessionId> ids;
  for (const auto& session : sessions)
    if (session.opens) ids.push_back(session.id);
  return ids;
}

void MobileNode::drop_unregistered_families() {
  if (std::ranges::none_of(sessions, &Session::ipv6)) prefixes.clear();
  if (std::ranges::none_of(sessions, &Session::ipv4)) ipv4.reset();
}

std::optional<TimePoint> MobileNode::next_deadline() const {
  std::optional<TimePoint> next;
  for (const auto& session : sessions) {
    const TimePoint first = std::min(session.deadline.monotonic, session.opens.value_or(TimePoint::max()));
    if (!next || first < *next) next = first;
  }
  for (const auto& gateway : former)
    if (!next || gateway.until < *next) next = gateway.until;
  const auto revisit = flows.revisit();
  return revisit && (!next || *revisit < *next) ? revisit : next;
}

namespace {

std::optional<AnnouncedRecord> announced_record(const FlowBinding& f) {
  if (!f.announced) return std::nullopt;
  return AnnouncedRecord{f.announced->by,  f.announced->flow_id,     f.flow->priority,
                         f.flow->selector, f.announced->binding_ids, f.announced->turn};
}

}  // namespace

NodeRecord MobileNode::to_record() const {
  NodeRecord record;
  record.mn_id = mn_id;
  record.mn_id_subtype = mn_id_subtype;
  record.index = index;
  record.generation = generation;
  record.prefixes = prefixes;
  record.ipv4 = ipv4;
  record.default_flow = flows.default_flow().index;
  record.default_wanted = flows.default_flow().asked;
  record.default_current = flows.default_flow().current;
  record.default_pinned = flows.default_flow().is_pinned;
  for (const auto& s : sessions)
    record.sessions.push_back({s.id,
                               s.mag,
                               s.technology,
                               s.handoff,
                               s.link_layer_id,
                               s.deadline.wall,
                               s.last_sequence,
                               s.last_timestamp,
                               s.in_delete_wait,
                               s.opens.has_value(),
                               s.link_local,
                               s.ipv6,
                               s.ipv4,
                               s.tunnelling.encapsulation,
                               s.tunnelling.downlink_key,
                               s.path,
                               s.path_label,
                               s.notes ? *s.notes : wire::MobilityOptions{},
                               s.binding_id,
                               s.binding_priority,
                               s.delegated});
  for (const auto& g : guests)
    record.guests.push_back({g.id, g.host, g.session, g.mag, g.up, g.prefixes, g.technology});
  for (const auto& f : flows.bindings())
    if (!f.is_default())
      record.flows.push_back(
          {f.index, f.service, f.flow->name, f.asked, f.current, f.is_pinned, announced_record(f)});
  return record;
}

}  // namespace flowmob::core
