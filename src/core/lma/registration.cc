// SPDX-License-Identifier: Apache-2.0
#include "core/lma/registration.h"

#include <algorithm>

#include "core/lma/events.h"
#include "core/lma/identifier.h"

namespace flowmob::core {
namespace {

using wire::BindingStatus;

/// Section 5.3.6: what it is told it keeps.
void note_link_local(Session& session, const PbuRequest& r) {
  if (r.link_local && r.link_local->is_link_local()) session.link_local = *r.link_local;
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

/// A MAG that has not de-registered the node may still believe that it is there.
void note_departure(const Session* before, const PbuRequest& r, Change& change) {
  if (!before || before->in_delete_wait || before->mag == r.proxy_coa) return;
  change.left_mag = before->mag;
  change.left_technology = before->technology;
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
  if (is_new_link(session, r)) session.tunnel_mtu = policy_.config().tunnel_mtu;
  session.mag = r.proxy_coa;
  session.technology = *r.technology;
  session.handoff = *r.handoff;
  session.link_layer_id = r.link_layer_id;
  session.lifetime = wire::kLifetimeUnit * granted;
  session.deadline = Deadline::after(now, session.lifetime);
  session.in_delete_wait = false;
  note_link_local(session, r);
  session.unreachable = false;
  note_order(session, r);
}

/// Session, flows and events of a registration that stands but for the effects.
Change Registration::finish(MobileNode next, SessionId id, const PbuRequest& r, Now now,
                            std::uint16_t granted) {
  const MobileNode* before = cache_.find(next.index);
  const auto opened = next.find(id)->opens;
  accept_values(*next.find(id), r, now, granted);
  const SessionId leaving = next.find(id)->opens == opened ? SessionId{} : id;
  next.mn_id_subtype = *r.mn_id_subtype;
  if (r.service)
    if (const auto* service = policy_.service(*r.service)) next.flows.bind(*service, id, numbers_.flows);
  next.flows.reselect(next.live(), next.opening(), leaving);
  next.flows.adopt_default();

  Change change;
  change.mn_id = next.mn_id;
  change.node = next.index;
  const Session* former = before ? before->find(id) : nullptr;
  if (tells_extensions_ || !is_extension(former, *next.find(id)))
    change.events.push_back(binding_event(policy_, former, next, *next.find(id), r.service));
  if (before) append_flow_events(policy_, *before, next, change.events);
  change.answer = Answer{{}, granted, id};
  change.registered = id;
  note_departure(former, r, change);
  change.next = std::move(next);
  return change;
}

Registration::Outcome Registration::update(Now now, const PbuRequest& r, const LookupResult& found) {
  return finish(*cache_.find(found.node), found.session, r, now, grant(r));
}

/// Whose prefixes a further interface shares by RFC 7864 section 3.2.1, or by our policy where a MAG cannot
/// say so; nullptr: it has its own (section 5.4). A MAG may say HI 6 without knowing a prefix: then there has
/// to be one set alone.
tl::expected<const MobileNode*, BindingStatus> Registration::to_share_with(const PbuRequest& r) const {
  const auto known = cache_.find_all(r.mn_id);
  if (known.empty()) return nullptr;
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

tl::expected<MobileNode, BindingStatus> Registration::with_new_prefixes(const PbuRequest& r) {
  auto chosen = choose_prefixes(r);
  if (!chosen) return tl::unexpected(chosen.error());
  MobileNode node;
  node.mn_id = r.mn_id;
  node.index = numbers_.next_node();
  node.prefixes = std::move(*chosen);
  node.flows = FlowTable::with_default(numbers_.flows.next());
  return node;
}

Registration::Outcome Registration::create(Now now, const PbuRequest& r) {
  if (sessions_of(cache_, r.mn_id) >= kMaxSessions)
    return tl::unexpected(BindingStatus::InsufficientResources);
  const auto shared = to_share_with(r);
  if (!shared) return tl::unexpected(shared.error());
  auto node = *shared ? tl::expected<MobileNode, BindingStatus>(**shared) : with_new_prefixes(r);
  if (!node) return tl::unexpected(node.error());
  node->sessions.emplace_back().id = numbers_.next_session();
  const SessionId id = node->sessions.back().id;
  const auto allocated = *shared ? std::vector<Ipv6Prefix>{} : node->prefixes;
  Change change = finish(std::move(*node), id, r, now, grant(r));
  change.allocated = allocated;
  return change;
}

/// Sent again it changes nothing but what counts as newer.
Change Registration::deregister(Now now, const PbuRequest& r, const LookupResult& found) {
  const MobileNode& before = *cache_.find(found.node);
  MobileNode next = before;
  Session& session = *next.find(found.session);
  note_link_local(session, r);
  note_order(session, r);
  Change change;
  change.mn_id = next.mn_id;
  change.node = next.index;
  if (!session.in_delete_wait) {
    session.in_delete_wait = true;
    session.opens.reset();
    session.deadline = Deadline::after(now, policy_.config().min_delay_before_bce_delete);
    next.flows.reselect(next.live(), next.opening());
    change.events.push_back(session_event("binding-deregistered", policy_, next, session));
    append_flow_events(policy_, before, next, change.events);
  }
  change.next = std::move(next);
  return change;
}

}  // namespace flowmob::core
