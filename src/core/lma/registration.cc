// SPDX-License-Identifier: Apache-2.0
#include "core/lma/registration.h"

#include <algorithm>

#include "core/lma/events.h"
#include "core/lma/identifier.h"

namespace flowmob::core {
namespace {

using wire::BindingStatus;

constexpr Duration kLifetimeUnit = std::chrono::seconds(4);

/// RFC 6543: one address for all MAGs on all links.
constexpr Ipv6Address kFixedLinkLocal{
    {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x02, 0, 0x5e, 0xff, 0xfe, 0, 0x52, 0x13}};

void note_link_local(MobileNode& node, const PbuRequest& r) {
  if (!r.link_local) return;
  if (r.link_local->is_link_local()) node.link_local = *r.link_local;
  if (node.link_local.is_unspecified()) node.link_local = kFixedLinkLocal;
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

}  // namespace

std::uint16_t Registration::grant(const PbuRequest& request) const {
  const auto most = std::max<Duration::rep>(1, policy_.config().max_lifetime / kLifetimeUnit);
  return static_cast<std::uint16_t>(std::min<Duration::rep>(request.update.lifetime, most));
}

void Registration::accept_values(Session& session, const PbuRequest& r, Now now,
                                 std::uint16_t granted) const {
  note_opening(session, r, now, policy_.config().new_link_delay);
  session.mag = r.proxy_coa;
  session.technology = *r.technology;
  session.handoff = *r.handoff;
  session.link_layer_id = r.link_layer_id;
  session.lifetime = kLifetimeUnit * granted;
  session.deadline = Deadline::after(now, session.lifetime);
  session.in_delete_wait = false;
  note_order(session, r);
}

/// Session, flows and events of a registration that stands but for the effects.
Change Registration::finish(MobileNode next, SessionId id, const PbuRequest& r, Now now,
                            std::uint16_t granted) {
  const MobileNode* before = cache_.find(next.mn_id);
  const auto opened = next.find(id)->opens;
  accept_values(*next.find(id), r, now, granted);
  const SessionId leaving = next.find(id)->opens == opened ? SessionId{} : id;
  next.mn_id_subtype = *r.mn_id_subtype;
  note_link_local(next, r);
  if (r.service)
    if (const auto* service = policy_.service(*r.service)) next.flows.bind(*service, id, numbers_.flows);
  next.flows.reselect(next.live(), next.opening(), leaving);
  next.flows.adopt_default();

  Change change;
  change.mn_id = next.mn_id;
  change.events.push_back(
      binding_event(policy_, before ? before->find(id) : nullptr, next, *next.find(id), r.service));
  if (before) append_flow_events(policy_, *before, next, change.events);
  change.answer = Answer{r, granted};
  change.next = std::move(next);
  return change;
}

Change Registration::update(Now now, const PbuRequest& r, SessionId session) {
  return finish(*cache_.find(r.mn_id), session, r, now, grant(r));
}

/// RFC 7864 section 3.2.1, or our policy where a MAG cannot say so. A second interface with prefixes of its
/// own does not fit here: the data plane knows a node by its prefixes.
BindingStatus Registration::may_share(const MobileNode& node, const PbuRequest& r) const {
  if (node.sessions.size() >= kMaxSessions) return BindingStatus::InsufficientResources;
  if (!r.prefixes.empty() && r.prefixes != node.prefixes)
    return BindingStatus::NotAuthorizedForHomeNetworkPrefix;
  if (policy_.config().share_prefixes || r.hands_off(wire::HandoffIndicator::NewInterfaceSharingPrefixes))
    return BindingStatus::Accepted;
  return r.prefixes.empty() ? BindingStatus::InsufficientResources
                            : BindingStatus::NotAuthorizedForHomeNetworkPrefix;
}

/// Items 1 to 3 of section 5.3.2.
tl::expected<std::vector<Ipv6Prefix>, BindingStatus> Registration::choose_prefixes(const PbuRequest& r) {
  const auto& own = policy_.profile(r.mn_id)->prefixes;
  const auto is_permitted = [&](const Ipv6Prefix& p) {
    return own.empty() ? prefixes_.is_offered(p) : std::ranges::find(own, p) != own.end();
  };
  if (!std::ranges::all_of(r.prefixes, is_permitted))
    return tl::unexpected(BindingStatus::NotAuthorizedForHomeNetworkPrefix);
  if (!r.prefixes.empty() || !own.empty()) {
    auto chosen = r.prefixes.empty() ? own : r.prefixes;
    std::ranges::sort(chosen);
    if (prefixes_.claim(chosen)) return chosen;
    return tl::unexpected(r.prefixes.empty() ? BindingStatus::InsufficientResources
                                             : BindingStatus::NotAuthorizedForHomeNetworkPrefix);
  }
  const auto prefix = prefixes_.allocate();
  if (!prefix) return tl::unexpected(BindingStatus::InsufficientResources);
  return std::vector{*prefix};
}

Registration::Outcome Registration::create(Now now, const PbuRequest& r) {
  MobileNode node;
  std::vector<Ipv6Prefix> allocated;
  if (const auto* known = cache_.find(r.mn_id)) {
    if (const auto status = may_share(*known, r); status != BindingStatus::Accepted)
      return tl::unexpected(status);
    node = *known;
  } else {
    auto chosen = choose_prefixes(r);
    if (!chosen) return tl::unexpected(chosen.error());
    allocated = *chosen;
    node.mn_id = r.mn_id;
    node.index = numbers_.next_node();
    node.prefixes = std::move(*chosen);
    node.flows = FlowTable::with_default(numbers_.flows.next());
  }
  node.sessions.emplace_back().id = numbers_.next_session();
  const SessionId id = node.sessions.back().id;
  Change change = finish(std::move(node), id, r, now, grant(r));
  change.allocated = std::move(allocated);
  return change;
}

/// Sent again it changes nothing but what counts as newer.
Change Registration::deregister(Now now, const PbuRequest& r, SessionId id) {
  const MobileNode& before = *cache_.find(r.mn_id);
  MobileNode next = before;
  Session& session = *next.find(id);
  note_order(session, r);
  Change change;
  change.mn_id = next.mn_id;
  if (!session.in_delete_wait) {
    session.in_delete_wait = true;
    session.opens.reset();
    session.deadline = Deadline::after(now, policy_.config().min_delay_before_bce_delete);
    next.flows.reselect(next.live(), next.opening());
    change.events.push_back(session_event("binding-deregistered", policy_, next, session));
    append_flow_events(policy_, before, next, change.events);
  }
  change.answer = Answer{r, 0};
  change.next = std::move(next);
  return change;
}

}  // namespace flowmob::core
