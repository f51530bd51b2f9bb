// SPDX-License-Identifier: Apache-2.0
#include "core/lma/restore.h"

#include <algorithm>
#include <set>

#include "core/lma/expiry.h"
#include "core/lma/flow_settling.h"
#include "core/lma/identifier.h"
#include "core/lma/paths.h"

namespace flowmob::core {
namespace {

Session session_from(const SessionRecord& r, Now now, Duration most, std::uint16_t tunnel_mtu) {
  Session s;
  s.id = r.id;
  s.mag = r.mag;
  s.technology = r.technology;
  s.handoff = r.handoff;
  s.link_layer_id = r.link_layer_id;
  const Duration remaining = r.expires <= now.wall ? Duration{} : std::min(r.expires - now.wall, most);
  s.lifetime = remaining;
  s.deadline = Deadline::after(now, remaining);
  s.in_delete_wait = r.in_delete_wait;
  s.came = now.monotonic;
  if (r.opening) s.opens = now.monotonic + kAsksAgainWithin;
  s.link_local = r.link_local;
  s.tunnelling = tunnelling_of(s.id, r.encapsulation, r.downlink_key);
  s.path = r.path;
  s.path_label = r.path_label;
  s.binding_id = r.binding_id;
  s.binding_priority = r.binding_priority;
  if (!r.notes.empty()) s.notes = r.notes;
  s.tunnel_mtu = tunnel_mtu;
  s.last_sequence = r.last_sequence;
  s.last_timestamp = r.last_timestamp;
  s.ipv6 = r.ipv6;
  s.ipv4 = r.ipv4;
  s.delegated = r.delegated;
  sort_once(s.delegated);
  return s;
}

/// Its session's own record says the rest. Older records do not say which prefixes: all of the set's.
GuestLink guest_from(const GuestRecord& r, const MobileNode& node, std::uint16_t tunnel_mtu) {
  auto prefixes = r.prefixes.empty() && r.up ? node.prefixes : r.prefixes;
  std::ranges::sort(prefixes);
  return {r.id, r.host, r.session, r.mag, std::move(prefixes), r.technology, tunnel_mtu, {}, r.up, false};
}

/// One that was announced is kept whole; of others one without a service is a rule's.
Shared<FlowTemplate> flow_template(const Policy& policy, const std::string& mn_id, const FlowRecord& r) {
  if (r.announced && policy.decider(mn_id) == Decider::Anchor) return {};
  if (r.announced) return FlowTemplate{r.name, r.announced->priority, r.announced->selector};
  if (const auto rules = policy.flow_policy(mn_id); rules && r.service.empty()) {
    const auto own = std::ranges::find(rules->rules, r.name, [](const auto& rule) { return rule->name; });
    return own == rules->rules.end() ? Shared<FlowTemplate>{} : (*own)->flow;
  }
  const auto* service = policy.service(r.service);
  if (!service) return {};
  const auto found = std::ranges::find(service->flows, r.name, [](const auto& flow) { return flow->name; });
  return found == service->flows.end() ? Shared<FlowTemplate>{} : *found;
}

class Restorer {
 public:
  Restorer(AnchorState& state, Now now) : state_(state), now_(now) {}

  /// A rule that has come meanwhile brings flows: they must not get numbers of records that are yet to come.
  void reserve_flow_numbers(const NodeRecord& record) {
    state_.numbers.flows.skip_to(record.default_flow);
    for (const auto& flow : record.flows) state_.numbers.flows.skip_to(flow.index);
  }

  void restore(const NodeRecord& record) {
    if (const auto problem = objection(record); !problem.empty()) {
      drop(record, problem);
      for (const auto& session : record.sessions) tell_mag(record, session);
      return;
    }
    if (const auto problem = contradiction(record); !problem.empty()) return drop(record, problem);
    claim_numbers(record);
    const MobileNode former = node_from(record);
    MobileNode permitted = former;
    drop_strangers(record, permitted);
    drop_delegated(permitted);
    settle_flows(policy(), permitted);
    Change change = without_expired(state_.policy, permitted, now_.monotonic);
    state_.changes.restore(state_.policy, former, std::move(change));
  }

 private:
  const Policy& policy() const { return state_.policy; }

  /// The policy's.
  std::string objection(const NodeRecord& r) {
    const auto* profile = policy().profile(r.mn_id);
    if (!profile) return "unknown-mobile-node";
    if (!profile->enabled) return "not-entitled";
    const auto permitted = [&](const Ipv6Prefix& p) {
      return permits_prefix(policy(), state_.prefixes, *profile, p);
    };
    if (!std::ranges::all_of(r.prefixes, permitted)) return "prefix-not-permitted";
    const bool may_have_ipv4 = !r.ipv4 || may_have(*profile, r.ipv4->address.address);
    return may_have_ipv4 ? "" : "ipv4-address-not-permitted";
  }

  std::string contradiction(const NodeRecord& r) {
    if (has_taken_number(r)) return "contradicts-another-record";
    if (!state_.prefixes.claim(r.prefixes)) return "prefix-in-use";
    if (!r.ipv4 || state_.ipv4.claim(r.ipv4->address.address)) return "";
    state_.prefixes.release(r.prefixes);
    return "ipv4-address-in-use";
  }

  bool may_have(const PolicyProfile& profile, const Ipv4Address& address) const {
    if (!has_ipv4(profile.ip_versions)) return false;
    return profile.ipv4_address ? *profile.ipv4_address == address && state_.ipv4.home_of(address)
                                : state_.ipv4.is_offered(address);
  }

  bool has_taken_number(const NodeRecord& r) const {
    return nodes_.contains(r.index) || flows_.contains(r.default_flow) ||
           std::ranges::any_of(r.sessions, [&](const auto& s) { return sessions_.contains(s.id); }) ||
           std::ranges::any_of(r.guests, [&](const auto& g) { return sessions_.contains(g.id); }) ||
           std::ranges::any_of(r.flows, [&](const auto& f) { return flows_.contains(f.index); });
  }

  void claim_numbers(const NodeRecord& r) {
    auto& numbers = state_.numbers;
    nodes_.insert(r.index);
    numbers.last_node = std::max(numbers.last_node, r.index.value);
    for (const auto& s : r.sessions) {
      sessions_.insert(s.id);
      numbers.last_session = std::max(numbers.last_session, s.id.value);
    }
    for (const auto& g : r.guests) {
      sessions_.insert(g.id);
      numbers.last_session = std::max(numbers.last_session, g.id.value);
    }
    flows_.insert(r.default_flow);
    for (const auto& f : r.flows) flows_.insert(f.index);
  }

  MobileNode node_from(const NodeRecord& r) {
    MobileNode node;
    node.mn_id = r.mn_id;
    node.mn_id_subtype = r.mn_id_subtype;
    node.index = r.index;
    node.generation = r.generation;
    node.prefixes = r.prefixes;
    std::ranges::sort(node.prefixes);
    if (r.ipv4)
      node.ipv4 = state_.ipv4.home_of(r.ipv4->address.address);  // a pool's router may be another now
    for (const auto& s : r.sessions)
      node.sessions.push_back(session_from(s, now_, most_remaining(s), policy().config().tunnel_mtu));
    for (const auto& g : r.guests) node.guests.push_back(guest_from(g, node, policy().config().tunnel_mtu));
    FlowBinding default_flow = FlowTable::with_default(r.default_flow).default_flow();
    default_flow.wanted = default_flow.asked = r.default_wanted;
    default_flow.current = r.default_current;
    const auto rules = policy().flow_policy(r.mn_id);
    default_flow.is_pinned = r.default_pinned && rules;  // without rules there is nothing that it waits for
    default_flow.left = now_.monotonic;
    node.flows = FlowTable(default_flow);
    for (const auto& f : r.flows)
      if (const auto flow = flow_template(policy(), r.mn_id, f))
        node.flows.insert(flow_from(f, flow, static_cast<bool>(rules)));
      else
        tell(r, "flow-not-configured", escaped(f.name));
    node.flows.follow(rules, state_.numbers.flows);
    return node;
  }

  /// What has happened to its links meanwhile is not known: to others than its own it goes when they have
  /// been well for as long as a rule says.
  FlowBinding flow_from(const FlowRecord& f, const Shared<FlowTemplate>& flow, bool has_rules) const {
    FlowBinding binding{f.index, f.service, flow, f.wanted, f.current};
    binding.asked = f.wanted;
    binding.is_pinned = f.pinned && has_rules;
    binding.left = now_.monotonic;
    if (f.announced)
      binding.announced =
          Announced{f.announced->by, f.announced->flow_id, f.announced->binding_ids, f.announced->turn};
    return binding;
  }

  /// A wall clock that was set back must not make sessions live for ever.
  Duration most_remaining(const SessionRecord& s) const {
    return s.in_delete_wait ? policy().config().min_delay_before_bce_delete : policy().config().max_lifetime;
  }

  /// Sessions of MAGs that may not register this node any more.
  void drop_strangers(const NodeRecord& record, MobileNode& node) {
    const auto* profile = policy().profile(node.mn_id);
    const auto is_permitted = [&](const Ipv6Address& address) {
      const auto* mag = policy().mag(address);
      return mag && permits_mag(*profile, *mag);
    };
    const auto has_another_path = [&](const SessionRecord& session) {  // which the MAG would end as well
      return std::ranges::any_of(record.sessions, [&](const SessionRecord& other) {
        return is_permitted(other.mag) && !other.in_delete_wait &&
               are_of_one_interface_by_paths(other, session);
      });
    };
    for (const auto& session : record.sessions)
      if (!is_permitted(session.mag) && !has_another_path(session)) tell_mag(record, session);
    std::erase_if(node.sessions, [&](const Session& s) {
      if (is_permitted(s.mag)) return false;
      node.flows.forget(s.id);
      state_.notify("record-dropped",
                    {{"mn", escaped(node.mn_id)}, {"session", s.id.value}, {"reason", "mag-not-permitted"}});
      return true;
    });
  }

  /// What the configuration does not delegate to it any more, and what another of its sets has. Its MAG
  /// learns of it when it asks next.
  void drop_delegated(MobileNode& node) {
    const auto& profile = *policy().profile(node.mn_id);
    for (auto& session : node.sessions)
      std::erase_if(session.delegated, [&](const Ipv6Prefix& prefix) {
        return !permits_delegated(profile, prefix) || !state_.cache.holders_of(prefix).empty();
      });
  }

  /// It still serves the node, and would until it refreshes.
  void tell_mag(const NodeRecord& r, const SessionRecord& s) {
    if (!s.in_delete_wait && s.expires > now_.wall)
      state_.news.dropped.push_back({s.mag, r.mn_id_subtype, r.mn_id, r.prefixes});
  }

  void tell(const NodeRecord& r, const char* reason, std::string what) {
    state_.notify("record-dropped",
                  {{"mn", escaped(r.mn_id)}, {"reason", reason}, {"flow", std::move(what)}});
  }

  void drop(const NodeRecord& r, const std::string& reason) {
    state_.notify("record-dropped", {{"mn", escaped(r.mn_id)}, {"reason", reason}});
    if (state_.cache.find(r.index)) return;  // it is the other record's number
    for (const auto& prefix : r.prefixes)
      if (!state_.cache.find(prefix)) state_.effects.push_asking(RemoveRoute{prefix}, r.mn_id, false);
    for (const auto& session : r.sessions)
      for (const auto& prefix : session.delegated)
        if (state_.cache.holders_of(prefix).empty())
          state_.effects.push_asking(RemoveRoute{prefix}, r.mn_id, false);
    if (r.ipv4 && !state_.cache.find(r.ipv4->address.address))
      state_.effects.push_asking(RemoveIpv4Route{r.ipv4->address.address}, r.mn_id, false);
    state_.effects.push_asking(ForgetNode{r.index, r.mn_id}, r.mn_id, false);
  }

  AnchorState& state_;
  Now now_;
  std::set<NodeIndex> nodes_;
  std::set<SessionId> sessions_;
  std::set<FlowIndex> flows_;
};

}  // namespace

void restore(AnchorState& state, Now now, const std::vector<NodeRecord>& records) {
  Restorer restorer(state, now);
  for (const auto& record : records) restorer.reserve_flow_numbers(record);
  for (const auto& record : records) restorer.restore(record);
}

}  // namespace flowmob::core
