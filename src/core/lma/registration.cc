// SPDX-License-Identifier: Apache-2.0
#include "core/lma/registration.h"

#include <algorithm>

#include "core/lma/access_network.h"
#include "core/lma/events.h"
#include "core/lma/flow_settling.h"
#include "core/lma/identifier.h"
#include "core/lma/paths.h"

namespace flowmob::core {
namespace {

using wire::BindingStatus;

/// Section 5.3.6: what it is told it keeps.
void note_link_local(Session& session, const PbuRequest& r) {
  if (r.link_local && r.link_local->is_link_local()) session.link_local = *r.link_local;
}

/// What is not said any more is known no more (RFC 6757 section 4.2).
void note_details(Session& session, const PbuRequest& r) {
  auto notes = notes_of(r.update.options);
  if (notes != session.notes) session.notes = std::move(notes);
}

/// A request that was held back may be older than what came in between.
void note_order(Session& session, const PbuRequest& r) {
  session.last_sequence = r.update.sequence;
  session.last_timestamp = std::max(session.last_timestamp, r.timestamp.value_or(0));
}

/// MAX_BINDACK_TIMEOUT (RFC 5213 section 6.9.4): the longest pause between two messages of the same request.
constexpr Duration kLongestPause = std::chrono::seconds(32);

bool is_new_link(const Session& session, const PbuRequest& r) {
  return session.lifetime == Duration{} || session.in_delete_wait || session.mag != r.proxy_coa;
}

/// HI 5 comes from a MAG that has had our answer. Whoever registers the same session once more has not, and
/// pauses twice as long each time.
bool asks_once_more(const Session& session, const PbuRequest& r, Now now) {
  return session.handoff != wire::HandoffIndicator::NoChange &&
         now.monotonic - session.came <= 2 * kLongestPause && !is_new_link(session, r);
}

/// Flows that have another link stay there until the MAG would have asked again.
void note_opening(Session& session, const PbuRequest& r, Now now, Duration delay) {
  if (!is_new_link(session, r) && r.hands_off(wire::HandoffIndicator::NoChange)) return;
  if (!asks_once_more(session, r, now)) session.came = now.monotonic;
  if (delay == Duration{}) return;
  session.opens = now.monotonic + delay + 2 * (now.monotonic - session.came);
}

std::size_t sessions_of(const BindingCache& cache, std::string_view mn_id) {
  std::size_t count = 0;
  for (const auto* node : cache.find_all(mn_id)) count += node->sessions.size();
  return count;
}

bool is_of_interface(const Session& session, const PbuRequest& r) {
  return session.link_layer_id == r.link_layer_id && session.technology == *r.technology;
}

/// As many as a node has sessions are known; those before are forgotten.
void note_former(std::vector<FormerGateway>& all, const Session& before, TimePoint until) {
  if (all.size() >= kMaxSessions) all.erase(all.begin());
  all.push_back({before.id, before.mag, before.ipv6, before.ipv4, before.delegated, until});
}

/// A MAG that has not de-registered the node may still believe that it is there, and is told. What the node
/// has sent by it still goes on for the grace.
void note_departure(const Policy& policy, const Session* before, const PbuRequest& r, Now now,
                    Change& change) {
  const Duration grace = policy.config().former_gateway_grace;
  auto& former = change.next->former;
  const auto is_said_anew = [&](const FormerGateway& gateway) {
    return gateway.session == change.registered &&
           (gateway.mag == r.proxy_coa || (before && gateway.mag == before->mag));
  };
  std::erase_if(former, is_said_anew);
  if (!before || before->in_delete_wait || before->mag == r.proxy_coa) return;
  if (grace > Duration{}) note_former(former, *before, now.monotonic + grace);
  if (policy.are_of_one_mag(before->mag, r.proxy_coa)) return;
  change.left_mag = before->mag;
  change.left_technology = before->technology;
}

/// RFC 5844 section 3.1.2.5: a request that leaves out a family which the session has keeps that one.
bool is_selective(const Session& session, const PbuRequest& r) {
  return !session.in_delete_wait &&
         ((session.ipv6 && !r.has_home_network_prefix) || (session.ipv4 && !r.wants_ipv4()));
}

}  // namespace

bool permits_prefix(const Policy& policy, const PrefixAllocator& prefixes, const PolicyProfile& profile,
                    const Ipv6Prefix& prefix) {
  if (std::ranges::count(profile.prefixes, prefix) != 0) return true;
  const bool may_need_more = profile.prefixes.empty() || !policy.config().share_prefixes;
  return may_need_more && prefixes.is_offered(prefix);
}

std::uint16_t Registration::grant(const PbuRequest& request) const {
  const auto most = std::max<Duration::rep>(1, policy_.config().max_lifetime / wire::kLifetimeUnit);
  return static_cast<std::uint16_t>(std::min<Duration::rep>(request.update.lifetime, most));
}

void Registration::accept_values(Session& session, const PbuRequest& r, Now now,
                                 std::uint16_t granted) const {
  note_opening(session, r, now, policy_.config().new_link_delay);
  note_binding_id(session, r, is_new_link(session, r));
  if (is_new_link(session, r)) session.tunnel_mtu = policy_.config().tunnel_mtu;
  session.mag = r.proxy_coa;
  session.technology = *r.technology;
  session.handoff = *r.handoff;
  session.link_layer_id = r.link_layer_id;
  session.lifetime = wire::kLifetimeUnit * granted;
  session.deadline = Deadline::after(now, session.lifetime);
  session.in_delete_wait = false;
  session.tunnelling = tunnelling_for(session.id, r);
  session.path = r.path ? r.path->binding_id : std::uint8_t{0};
  session.path_label = r.path ? r.path->label : std::uint8_t{0};
  note_link_local(session, r);
  note_details(session, r);
  session.unreachable = session.unreachable && r.meta.source != r.proxy_coa;  // who speaks there is heard
  session.ipv6 = r.has_home_network_prefix;
  session.ipv4 = r.wants_ipv4();
  note_order(session, r);
}

/// What a registration says of the interface's other paths (RFC 8278 section 4.1): nothing, that they live as
/// long, or that they are no more, as after a handoff, also one from an interface to another, and where the
/// MAG has but one path now. Returns those. `former`: what the session was before.
std::vector<Session> Registration::follow_paths(MobileNode& next, const Session* former, SessionId id,
                                                const PbuRequest& r, Now now) const {
  const Session& own = *next.find(id);
  const bool replaces = !r.path || r.path->overwrite;
  std::vector<Session> replaced;
  for (auto& session : next.sessions) {
    const bool is_ours = is_of_interface(session, r);
    const bool was_ours = former && are_of_one_interface_by_paths(session, *former);
    if (session.id == id || session.path == 0 || (!is_ours && !was_ours)) continue;
    if (replaces || !is_ours || !policy_.are_of_one_mag(session.mag, r.proxy_coa)) {
      replaced.push_back(session);
    } else if (r.path->bulk && !session.in_delete_wait) {
      session.lifetime = own.lifetime;
      session.deadline = Deadline::after(now, own.lifetime);
    }
  }
  for (const auto& session : replaced) {
    next.flows.forget(session.id);
    std::erase_if(next.sessions, [&](const Session& s) { return s.id == session.id; });
  }
  return replaced;
}

/// RFC 5845 section 5.2, RFC 5844 section 4.1.3.1: what the MAG asks for, if it may.
Tunnelling Registration::tunnelling_for(SessionId session, const PbuRequest& r) const {
  if (r.forces_udp()) return tunnelling_of(session, Encapsulation::Udp, 0);
  const auto* mag = policy_.mag(r.meta.source);
  if (!r.gre || !mag || mag->gre == GrePolicy::Never) return {};
  if (!r.gre->key) return tunnelling_of(session, Encapsulation::Gre, 0);
  return tunnelling_of(session, Encapsulation::GreWithKeys, *r.gre->key);
}

/// Session, flows and events of a registration that stands but for the effects.
Change Registration::finish(MobileNode next, SessionId id, const PbuRequest& r, Now now,
                            std::uint16_t granted, Taken taken) {
  const MobileNode* before = cache_.find(next.index);
  const Session* former = before ? before->find(id) : nullptr;
  const auto opened = next.find(id)->opens;
  accept_values(*next.find(id), r, now, granted);
  next.find(id)->delegated = std::move(taken.delegated);
  const auto replaced = follow_paths(next, former, id, r, now);
  next.drop_unregistered_families();
  const SessionId leaving = next.find(id)->opens == opened ? SessionId{} : id;
  next.mn_id_subtype = *r.mn_id_subtype;
  if (r.service)
    if (const auto* service = policy_.service(*r.service)) next.flows.bind(*service, id, numbers_.flows);
  next.flows.follow(policy_.flow_policy(r.mn_id), numbers_.flows);
  const bool is_handed_over = former && !policy_.are_of_one_mag(former->mag, r.proxy_coa);
  auto flows = take_flows({policy_, numbers_.flows, is_handed_over}, next, id, r);
  settle_flows(policy_, next, leaving);
  next.flows.adopt_default();

  Change change;
  change.mn_id = next.mn_id;
  change.node = next.index;
  if (tells_extensions_ || !is_extension(former, *next.find(id)))
    change.events.push_back(binding_event(policy_, former, next, *next.find(id), r.service));
  for (const auto& session : replaced)
    change.events.push_back(session_event("binding-replaced", policy_, next, session));
  if (flows.is_news()) change.events.push_back(announcement_event(policy_, next, *next.find(id), flows));
  change.answer = Answer{{}, granted, id, std::move(flows)};
  change.registered = id;
  change.next = std::move(next);
  note_departure(policy_, former, r, now, change);
  change.allocated = std::move(taken.prefixes);
  change.allocated_ipv4 = taken.ipv4;
  return change;
}

/// Without a path it is RFC 5213's (section 5.4.1): the session goes to whoever refreshes it.
bool Registration::is_with_another_mag(const PbuRequest& r) const {
  if (!r.path || !r.hands_off(wire::HandoffIndicator::NoChange)) return false;
  bool is_elsewhere = false;
  for (const auto* node : cache_.find_all(r.mn_id))
    for (const auto& session : node->sessions) {
      if (!is_of_interface(session, r)) continue;
      if (policy_.are_of_one_mag(session.mag, r.proxy_coa)) return false;
      is_elsewhere = is_elsewhere || !session.in_delete_wait;
    }
  return is_elsewhere;
}

/// A family that the request does not mention is not extended with the rest: it goes (RFC 5844 section
/// 3.1.2.4). One that the session did not have yet is added to it (section 3.1.2.1).
Registration::Outcome Registration::update(Now now, const PbuRequest& r, const LookupResult& found) {
  MobileNode node = *cache_.find(found.node);
  Taken taken;
  if (const auto status = take_addresses(node, r, taken); status != BindingStatus::Accepted)
    return tl::unexpected(status);
  return finish(std::move(node), found.session, r, now, grant(r), std::move(taken));
}

/// A further path carries the prefixes of the first (RFC 8278 section 3.1).
const MobileNode* Registration::with_other_paths(const std::vector<const MobileNode*>& known,
                                                 const PbuRequest& r) const {
  if (!r.path) return nullptr;
  const auto is_other_path = [&](const Session& s) {
    return s.path != 0 && is_of_interface(s, r) && policy_.are_of_one_mag(s.mag, r.proxy_coa);
  };
  for (const auto* node : known)
    if ((r.prefixes.empty() || r.prefixes == node->prefixes) &&
        std::ranges::any_of(node->sessions, is_other_path))
      return node;
  return nullptr;
}

/// Whose prefixes a further interface shares by RFC 7864 section 3.2.1, or by our policy where a MAG cannot
/// say so; nullptr: it has its own (section 5.4). A MAG may say HI 6 without knowing a prefix: then there has
/// to be one set alone.
tl::expected<const MobileNode*, BindingStatus> Registration::to_share_with(const PbuRequest& r) const {
  const auto known = cache_.find_all(r.mn_id);
  if (known.empty()) return nullptr;
  if (const auto* same_interface = with_other_paths(known, r)) return same_interface;
  const bool always = policy_.config().share_prefixes;
  if (!always && !r.hands_off(wire::HandoffIndicator::NewInterfaceSharingPrefixes)) return nullptr;
  if (r.prefixes.empty()) return always || known.size() == 1 ? known.front() : nullptr;
  const auto same = std::ranges::find(known, r.prefixes, &MobileNode::prefixes);
  if (same != known.end()) return *same;
  if (always) return tl::unexpected(BindingStatus::NotAuthorizedForHomeNetworkPrefix);
  return nullptr;
}

/// Of the node's own prefixes, those that none of its interfaces has.
std::vector<Ipv6Prefix> Registration::unassigned(const PbuRequest& r) const {
  auto left = policy_.profile(r.mn_id)->prefixes;
  for (const auto* node : cache_.find_all(r.mn_id))
    std::erase_if(left, [&](const auto& p) { return std::ranges::count(node->prefixes, p) != 0; });
  std::ranges::sort(left);
  return left;
}

/// Items 1 to 3 of section 5.3.2.
tl::expected<std::vector<Ipv6Prefix>, BindingStatus> Registration::choose_prefixes(const PbuRequest& r) {
  const auto& profile = *policy_.profile(r.mn_id);
  const auto may_have = [&](const Ipv6Prefix& p) { return permits_prefix(policy_, prefixes_, profile, p); };
  if (!r.prefixes.empty()) {
    if (std::ranges::all_of(r.prefixes, may_have) && prefixes_.claim(r.prefixes)) return r.prefixes;
    return tl::unexpected(BindingStatus::NotAuthorizedForHomeNetworkPrefix);
  }
  if (const auto own = unassigned(r); !own.empty()) {
    if (prefixes_.claim(own)) return own;
    return tl::unexpected(BindingStatus::InsufficientResources);
  }
  const auto prefix = prefixes_.allocate();
  if (!prefix) return tl::unexpected(BindingStatus::InsufficientResources);
  return std::vector{*prefix};
}

/// RFC 5844 section 3.1.2.2.
tl::expected<Ipv4Home, BindingStatus> Registration::choose_ipv4(const PbuRequest& r) {
  const auto& own = policy_.profile(r.mn_id)->ipv4_address;
  const auto asked = r.ipv4_address();
  const bool is_permitted = !asked || (own ? *asked == *own : ipv4_.is_offered(*asked));
  if (!is_permitted) return tl::unexpected(BindingStatus::NotAuthorizedForIpv4HomeAddress);
  const auto refusal =
      asked ? BindingStatus::NotAuthorizedForIpv4HomeAddress : BindingStatus::InsufficientResources;
  if (!asked && !own) {
    const auto home = ipv4_.allocate();
    if (!home) return tl::unexpected(refusal);
    return *home;
  }
  const auto home = ipv4_.home_of(asked ? *asked : *own);
  if (!home || !ipv4_.claim(home->address.address)) return tl::unexpected(refusal);
  return *home;
}

/// RFC 7148 section 5.2.2. A prefix belongs to the set of the node's whose session was first to have it
/// (docs/adr/0069). `node`: none for one that is new.
tl::expected<std::vector<Ipv6Prefix>, BindingStatus> Registration::choose_delegated(
    NodeIndex node, const PbuRequest& r) const {
  const auto& wish = r.delegation;
  if (!wish.is_asked_for || !policy_.delegates()) return std::vector<Ipv6Prefix>{};
  auto free = policy_.profile(r.mn_id)->delegated_prefixes;
  std::erase_if(free, [&](const Ipv6Prefix& prefix) {
    return std::ranges::any_of(cache_.holders_of(prefix), [&](NodeIndex other) { return other != node; });
  });
  std::ranges::sort(free);
  const auto chosen = wish.any_ipv6 ? free : wish.prefixes;
  if (wish.ipv4 || chosen.empty() || !std::ranges::includes(free, chosen))
    return tl::unexpected(BindingStatus::RequestedDmnpInUse);
  return chosen;
}

/// What the node lacks of what is asked for; all of it or none.
BindingStatus Registration::take_addresses(MobileNode& node, const PbuRequest& r, Taken& taken) {
  auto delegated = choose_delegated(node.index, r);
  if (!delegated) return delegated.error();
  taken.delegated = std::move(*delegated);
  if (r.has_home_network_prefix && node.prefixes.empty()) {
    auto chosen = choose_prefixes(r);
    if (!chosen) return chosen.error();
    node.prefixes = taken.prefixes = std::move(*chosen);
  }
  if (!r.wants_ipv4()) return BindingStatus::Accepted;
  auto status = BindingStatus::Accepted;
  if (node.ipv4) {
    if (r.ipv4_address().value_or(node.ipv4->address.address) != node.ipv4->address.address)
      status = BindingStatus::NotAuthorizedForIpv4HomeAddress;
  } else if (const auto home = choose_ipv4(r)) {
    node.ipv4 = *home;
    taken.ipv4 = home->address.address;
  } else {
    status = home.error();
  }
  if (status != BindingStatus::Accepted) prefixes_.release(taken.prefixes);
  return status;
}

MobileNode Registration::fresh_node(const PbuRequest& r) {
  MobileNode node;
  node.mn_id = r.mn_id;
  node.index = numbers_.next_node();
  node.flows = FlowTable::with_default(numbers_.flows.next());
  return node;
}

Registration::Outcome Registration::create(Now now, const PbuRequest& r) {
  if (sessions_of(cache_, r.mn_id) >= kMaxSessions)
    return tl::unexpected(BindingStatus::InsufficientResources);
  const auto shared = to_share_with(r);
  if (!shared) return tl::unexpected(shared.error());
  MobileNode node = *shared ? **shared : MobileNode{};
  Taken taken;
  if (const auto status = take_addresses(node, r, taken); status != BindingStatus::Accepted)
    return tl::unexpected(status);
  if (!*shared) {
    MobileNode fresh = fresh_node(r);
    fresh.prefixes = std::move(node.prefixes);
    fresh.ipv4 = node.ipv4;
    node = std::move(fresh);
  }
  node.sessions.emplace_back().id = numbers_.next_session();
  const SessionId id = node.sessions.back().id;
  return finish(std::move(node), id, r, now, grant(r), std::move(taken));
}

/// Sent again it changes nothing but what counts as newer.
Change Registration::deregister(Now now, const PbuRequest& r, const LookupResult& found) {
  const MobileNode& before = *cache_.find(found.node);
  MobileNode next = before;
  Session& session = *next.find(found.session);
  note_link_local(session, r);
  note_details(session, r);
  note_order(session, r);
  Change change;
  change.mn_id = next.mn_id;
  change.node = next.index;
  if (is_selective(session, r)) {
    if (r.has_home_network_prefix) session.ipv6 = false;
    if (r.has_home_network_prefix) session.delegated.clear();
    if (r.wants_ipv4()) session.ipv4 = false;
    next.drop_unregistered_families();
    change.events.push_back(session_event("address-deregistered", policy_, next, session));
  } else if (!session.in_delete_wait) {
    session.in_delete_wait = true;
    session.opens.reset();
    next.flows.keep_announced(session.id, {});  // RFC 6089 section 5.3.3
    session.deadline = Deadline::after(now, policy_.config().min_delay_before_bce_delete);
    settle_flows(policy_, next);
    change.events.push_back(session_event("binding-deregistered", policy_, next, session));
  }
  change.next = std::move(next);
  return change;
}

}  // namespace flowmob::core
