// SPDX-License-Identifier: Apache-2.0
#include "core/lma/flow_mobility.h"

#include <algorithm>

#include "core/lma/events.h"
#include "core/lma/flow_wishes.h"
#include "core/lma/identifier.h"

namespace flowmob::core {
namespace {

using Reason = wire::NotificationReason;

/// Of a MAG that has not answered.
constexpr Duration kShortestPause = std::chrono::seconds(4), kLongestPause = std::chrono::seconds(64);

/// RFC 7864 section 4.2: the node, then its prefixes, off-link. A MAG may have several interfaces of the
/// node: what else says which comes behind, as RFC 7077 permits.
wire::UpdateNotification initiate(const MobileNode& node, const Session& session,
                                  const std::set<Ipv6Prefix>& prefixes) {
  wire::UpdateNotification message;
  message.reason = prefixes.empty() ? Reason::ForceReregistration : Reason::FlowMobility;
  message.options = {wire::MobileNodeIdentifier{node.mn_id_subtype, to_bytes(node.mn_id)}};
  for (const auto& prefix : prefixes)
    message.options.push_back(wire::HomeNetworkPrefixOption{true, prefix.length, prefix.address});
  message.options.push_back(wire::AccessTechnologyTypeOption{session.technology});
  if (!session.link_layer_id.empty())
    message.options.push_back(wire::MnLinkLayerIdentifier{session.link_layer_id});
  return message;
}

/// Section 4.3: an acknowledgement that says 0 repeats the node and the prefixes.
bool echoes(const wire::UpdateNotificationAcknowledgement& answer, const std::string& mn_id,
            const std::set<Ipv6Prefix>& prefixes) {
  if (prefixes.empty()) return true;
  const auto* node = wire::find<wire::MobileNodeIdentifier>(answer.options);
  if (!node || to_octet_string(node->identifier) != mn_id) return false;
  std::set<Ipv6Prefix> named;
  for (const auto& option : wire::find_all<wire::HomeNetworkPrefixOption>(answer.options))
    named.insert(option.to_prefix());
  return std::ranges::includes(named, prefixes);
}

Json list_of(const std::set<Ipv6Prefix>& prefixes) {
  return prefixes_json(std::vector<Ipv6Prefix>(prefixes.begin(), prefixes.end()));
}

}  // namespace

FlowMobility::Hosts& FlowMobility::hosts_of(const std::string& mn_id) {
  state_.cache.watch(mn_id);
  return nodes_[mn_id];
}

/// What a predecessor's MAGs have acknowledged is what its records say is up.
void FlowMobility::restored() {
  for (const auto& [index, node] : state_.cache.nodes())
    if (!node.guests.empty()) know_guests_of(node);
}

void FlowMobility::know_guests_of(const MobileNode& node) {
  auto& hosts = hosts_of(node.mn_id);
  todo_.insert(node.mn_id);
  for (const auto& link : node.guests) {
    if (link.up) state_.know_off_link.insert(link.mag);
    const auto [host, is_new] = hosts.try_emplace(link.session);
    if (!is_new) continue;
    host->second.node = link.host;
    host->second.mag = link.mag;
    host->second.told = forwarded_at(node.mn_id, link.session);
  }
}

const Session* FlowMobility::live_session(const Host& host, SessionId id) const {
  const auto* node = state_.cache.find(host.node);
  const auto* session = node ? node->find(id) : nullptr;
  return session && !session->in_delete_wait && session->ipv6 ? session : nullptr;
}

FlowMobility::Prefixes FlowMobility::forwarded_at(const std::string& mn_id, SessionId session) const {
  Prefixes all;
  for (const auto* node : state_.cache.find_all(mn_id))
    for (const auto& link : node->guests)
      if (link.session == session) all.insert(link.prefixes.begin(), link.prefixes.end());
  return all;
}

/// A link at a MAG that has not said 0 yet.
bool FlowMobility::has_unconfirmed(const std::string& mn_id, SessionId session) const {
  return std::ranges::any_of(state_.cache.find_all(mn_id), [&](const MobileNode* node) {
    return std::ranges::any_of(node->guests,
                               [&](const GuestLink& link) { return link.session == session && !link.up; });
  });
}

FlowMobility::Prefixes FlowMobility::wanted(const std::string& mn_id, SessionId session,
                                            const Host& host) const {
  Prefixes all;
  for (const auto* node : state_.cache.find_all(mn_id))
    for (const auto& link : node->guests)
      if (link.session == session) all.merge(prefixes_by(*node, link.id));
  const auto* moving = host.move ? state_.cache.find(host.move->node) : nullptr;
  const auto* flow = moving ? moving->flows.find(host.move->flow) : nullptr;
  if (flow) all.merge(prefixes_of(*moving, *flow));
  for (const auto& [node, prefixes] : host.wished) all.insert(prefixes.begin(), prefixes.end());
  all.merge(host.resting.all(now()));
  return all;
}

void FlowMobility::reconfigured() {
  mute_.clear();
  for (auto& [mn_id, hosts] : nodes_)
    for (auto& [session, host] : hosts) host.refused_at.reset();
  links_turned();
}

void FlowMobility::links_turned() {
  for (const auto& [index, node] : state_.cache.nodes())
    if (state_.cache.find_all(node.mn_id).size() > 1) todo_.insert(node.mn_id);
}

std::optional<TimePoint> FlowMobility::next_deadline() const {
  const auto next = sender_.next_deadline();
  if (by_time_.empty()) return next;
  return next ? std::min(*next, by_time_.begin()->first) : by_time_.begin()->first;
}

/// While its MAG is being asked at another of the node's attachments for the same, that stays the choice.
FlowMobility::Asking FlowMobility::may_be_asked(const MobileNode& node, const Session& session) const {
  if (mute_.contains(session.mag)) return Asking::AfterRegistration;
  const auto hosts = nodes_.find(node.mn_id);
  if (hosts == nodes_.end()) return Asking::Now;
  for (const auto& row : hosts->second) {
    const auto& other = row.second;
    const auto is_asked_for = [&](const auto& p) { return other.asked && other.asked->prefixes.contains(p); };
    if (row.first != session.id && other.mag == session.mag &&
        std::ranges::any_of(node.prefixes, is_asked_for))
      return Asking::Later;
  }
  const auto found = hosts->second.find(session.id);
  if (found == hosts->second.end()) return Asking::Now;
  const auto& host = found->second;
  const std::optional<TimePoint> period = session.deadline.monotonic;
  if (host.refused_at == period || host.untaken == period) return Asking::AfterRegistration;
  return host.silent == period && now() < host.again ? Asking::Later : Asking::Now;
}

void FlowMobility::revisit(const std::string& mn_id, TimePoint at) {
  const auto [known, is_new] = revisits_.try_emplace(mn_id, at);
  if (!is_new && known->second <= at) return;
  if (!is_new) by_time_.erase({known->second, mn_id});
  known->second = at;
  by_time_.emplace(at, mn_id);
}

void FlowMobility::forget_revisit(const std::string& mn_id) {
  const auto known = revisits_.find(mn_id);
  if (known == revisits_.end()) return;
  by_time_.erase({known->second, mn_id});
  revisits_.erase(known);
}

void FlowMobility::follow_wishes(const std::string& mn_id) {
  forget_revisit(mn_id);
  const auto known = nodes_.find(mn_id);
  if (known != nodes_.end())
    for (auto& [session, host] : known->second) host.wished.clear();
  const auto nodes = state_.cache.find_all(mn_id);
  if (nodes.size() < 2 || state_.policy.decider(mn_id) == Decider::Gateways) return;
  for (const auto* node : nodes) follow_wishes(mn_id, *node);
}

void FlowMobility::follow_wishes(const std::string& mn_id, const MobileNode& node) {
  for (const auto& guest : node.guests)
    if (guest.up) hosts_of(mn_id)[guest.session].untaken.reset();
  bool is_paused = false;
  const auto wishes = wishes_of(state_, node, [&](const Session& session) {
    const auto when = may_be_asked(node, session);
    is_paused = is_paused || when == Asking::Later;
    return when == Asking::Now;
  });
  for (const auto& [session, wish] : wishes.sessions) {
    auto& host = hosts_of(mn_id)[session];
    if (!host.asked && host.told.empty()) host.mag = state_.cache.find(wish.host)->find(session)->mag;
    host.node = wish.host;
    host.wished[node.index] = wish.prefixes;
  }
  if (wishes.revisit) revisit(mn_id, *wishes.revisit);
  if (!is_paused) return;
  const auto later = wishes_of(state_, node, [&](const Session& session) {
    return may_be_asked(node, session) != Asking::AfterRegistration;
  });
  for (const auto& [session, wish] : later.sessions) {
    const auto& host = hosts_of(mn_id)[session];
    if (host.again > now()) revisit(mn_id, host.again);
  }
}

Result<void> FlowMobility::move(Now now, GuestMove move) {
  const auto* node = state_.cache.find(move.host);
  const auto* session = node ? node->find(move.session) : nullptr;
  if (!session) return fail("no-session", "the session is gone");
  const std::string mag = state_.policy.mag_name(session->mag);
  if (mute_.contains(session->mag))
    return fail("flow-mobility-not-supported", mag + " does not know Update Notifications (RFC 7077)");
  auto& host = hosts_of(node->mn_id)[move.session];
  todo_.insert(node->mn_id);
  if (host.move) return fail("busy", "another move to " + mag + " is under way; try again");
  if (!host.asked && host.told.empty()) host.mag = session->mag;
  host.node = move.host;
  host.move = std::move(move);
  settle(now);
  return {};
}

/// Edits may change what is followed: until nothing does any more.
void FlowMobility::settle(Now now) {
  std::set<std::string> busy;
  const auto due = [this] {
    auto all = state_.cache.take_changed();
    all.merge(std::exchange(todo_, {}));
    // one at a time: a number is free for as many as that
    if (all.empty() && !starved_.empty() && sender_.has_room())
      all.insert(starved_.extract(starved_.begin()));
    return all;
  };
  for (auto all = due(); !all.empty(); all = due())
    for (const auto& mn_id : all) {
      if (state_.changes.under_way(mn_id))
        busy.insert(mn_id);
      else
        follow(now, mn_id);
    }
  todo_ = std::move(busy);
}

void FlowMobility::follow(Now now, const std::string& mn_id) {
  follow_links(mn_id);
  follow_wishes(mn_id);
  const auto found = nodes_.find(mn_id);
  if (found == nodes_.end()) return state_.cache.unwatch(mn_id);
  auto& hosts = found->second;
  for (auto& [session, host] : hosts) {
    reconcile(now, mn_id, session, host);
    state_.off_link[session] = wanted(mn_id, session, host);
    if (const auto rested = host.resting.next(now.monotonic)) revisit(mn_id, *rested);
  }
  std::erase_if(hosts, [this](const auto& row) {
    const auto& [session, host] = row;
    const auto* live = live_session(host, session);
    const auto is_now = [&](const auto& at) { return at && live && *at == live->deadline.monotonic; };
    const bool is_off = is_now(host.refused_at) || is_now(host.untaken);
    const bool is_idle =
        state_.off_link[session].empty() && host.told.empty() && !host.asked && !host.move && !is_off;
    if (is_idle) state_.off_link.erase(session);
    return is_idle;
  });
  if (!hosts.empty()) return;
  nodes_.erase(found);
  state_.cache.unwatch(mn_id);
}

void FlowMobility::follow_links(const std::string& mn_id) {
  for (const auto* node : state_.cache.find_all(mn_id)) {
    if (node->guests.empty()) continue;
    know_guests_of(*node);
    todo_.erase(mn_id);
    let_rest(*node);
    edits_.make(*node, cause(), [this](const MobileNode& n) {
      return with_guests_followed(state_.policy, state_.cache, n,
                                  [&](const GuestLink& link) { return rests(n, link); });
    });
  }
}

void FlowMobility::let_rest(const MobileNode& node) {
  const Duration grace = state_.policy.config().former_gateway_grace;
  auto& hosts = hosts_of(node.mn_id);
  for (const auto& link : node.guests) hosts[link.session].resting.follow(node, link, now(), grace);
}

bool FlowMobility::rests(const MobileNode& node, const GuestLink& link) const {
  const auto hosts = nodes_.find(node.mn_id);
  if (hosts == nodes_.end()) return false;
  const auto host = hosts->second.find(link.session);
  return host != hosts->second.end() && host->second.resting.has(node, link, now());
}

/// False: there is nobody to tell anything.
bool FlowMobility::follow_session(const Session* session, Host& host) {
  if (session && session->mag == host.mag) return true;
  cancel(host);
  fail_move(host, "no-session", "the session has ended, or is with another MAG");
  host.told.clear();
  host.steps.clear();
  host.resting = {};
  host.refused_at.reset();
  host.untaken.reset();
  if (session) host.mag = session->mag;
  return session != nullptr;
}

void FlowMobility::reconcile(Now now, const std::string& mn_id, SessionId id, Host& host) {
  const auto* session = live_session(host, id);
  if (!follow_session(session, host)) return;
  if (host.move && !state_.cache.find(host.move->node))
    fail_move(host, "no-such-mobile-node", "the flow's node is gone");
  if (host.asked) return;
  auto prefixes = wanted(mn_id, id, host);
  const bool is_told = prefixes == host.told && !host.silent && !has_unconfirmed(mn_id, id);
  if (is_told && host.move) return carry_out(now, *session, host);
  if (is_told && !host.wished.empty()) return make_links(*session, host);
  if (is_told || (session->opens && *session->opens > now.monotonic)) return;
  const std::optional<TimePoint> period = session->deadline.monotonic;
  const bool is_refused = host.refused_at == period && host.refused == prefixes;
  if ((is_refused || (host.silent == period && host.wished.empty())) && !host.move) return;
  if (mute_.contains(host.mag)) return do_without(mn_id, id, host);
  if (narrow(mn_id, id, prefixes)) return;
  if (!sender_.has_room()) {
    starved_.insert(mn_id);
    return;
  }
  tell(now, mn_id, *session, host, std::move(prefixes));
}

/// What is to be taken back nobody goes by from here on. True: that has been asked for.
bool FlowMobility::narrow(const std::string& mn_id, SessionId session, const Prefixes& wanted) {
  bool is_wide = false;
  for (const auto* node : state_.cache.find_all(mn_id))
    for (const auto& link : node->guests) {
      if (link.session != session ||
          std::ranges::all_of(link.prefixes, [&](const auto& prefix) { return wanted.contains(prefix); }))
        continue;
      is_wide = true;
      edits_.make(*node, cause(), [this, session, wanted](const MobileNode& n) {
        return with_guests_narrowed(state_.policy, n, session, wanted);
      });
      break;  // the edit may have been made, and the node be another
    }
  return is_wide;
}

void FlowMobility::do_without(const std::string& mn_id, SessionId session, Host& host) {
  fail_move(host, "flow-mobility-not-supported", "the MAG does not know Update Notifications (RFC 7077)");
  give_up(mn_id, session, host.mag);
}

void FlowMobility::tell(Now now, const std::string& mn_id, const Session& session, Host& host,
                        Prefixes prefixes) {
  const auto& config = state_.policy.config().notification;
  auto sent = sender_.begin(now.monotonic, config, host.mag,
                            initiate(*state_.cache.find(host.node), session, prefixes));
  ++state_.statistics.notification.sent;
  state_.effects.push(std::move(sent.message));
  state_.notify("flow-mobility-sent", {{"mn", escaped(mn_id)},
                                       {"mag", state_.policy.mag_name(host.mag)},
                                       {"session", session.id.value},
                                       {"prefixes", list_of(prefixes)}});
  if (!host.move) host.steps.clear();  // of messages before
  note(host, "upn-sent", {{"mag", state_.policy.mag_name(host.mag)}, {"sequence", sent.sequence}});
  outstanding_.insert_or_assign(sent.sequence, Where{mn_id, session.id});
  host.asked = Asked{sent.sequence, std::move(prefixes)};
}

void FlowMobility::note(Host& host, std::string_view what, Json details) {
  auto& steps = host.move ? host.move->cause.steps : host.steps;
  steps.push_back({state_.handovers.now(), what, std::move(details)});
}

void FlowMobility::cancel(Host& host) {
  if (!host.asked) return;
  sender_.cancel(host.asked->sequence);
  outstanding_.erase(host.asked->sequence);
  host.asked.reset();
}

void FlowMobility::fail_move(Host& host, const char* code, const std::string& message) {
  if (!host.move) return;
  const CommandId id = host.move->command.id;
  host.move.reset();
  if (id) state_.answers.push_back({id, fail(code, message)});
}

void FlowMobility::handle_acknowledgement(Now now, const PacketMeta& meta,
                                          const wire::UpdateNotificationAcknowledgement& answer) {
  if (!sender_.handle_acknowledgement(meta.source, answer.sequence))
    return state_.drop(now, "unmatched-acknowledgement", meta);
  ++state_.statistics.notification.acknowledgements_received;
  const auto& [mn_id, session] = outstanding_.at(answer.sequence);
  auto& host = nodes_.find(mn_id)->second.at(session);
  const auto& asked = *host.asked;
  const bool is_said = answer.accepted() && echoes(answer, mn_id, asked.prefixes);
  const auto status = is_said || !answer.accepted() ? wire::to_string(answer.status) : "answer-mismatch";
  note(host, "upa-received",
       {{"mag", state_.policy.mag_name(host.mag)}, {"sequence", answer.sequence}, {"status", status}});
  end(answer.sequence, is_said ? End::Accepted : End::Refused, status);
}

/// RFC 7077 section 5.2: none is sent to it any more.
void FlowMobility::handle_refusal(Now, const Ipv6Address& peer) {
  mute_.insert(peer);
  state_.know_off_link.erase(peer);
  for (const auto sequence : sender_.handle_refusal(peer)) end(sequence, End::Refused, "not-supported");
}

void FlowMobility::handle_timeout(Now now) {
  while (!by_time_.empty() && by_time_.begin()->first <= now.monotonic) {
    const std::string mn_id = by_time_.begin()->second;
    todo_.insert(mn_id);
    forget_revisit(mn_id);
  }
  auto due = sender_.handle_timeout(now.monotonic);
  for (auto& sent : due.again) {
    ++state_.statistics.notification.retransmissions;
    state_.effects.push(std::move(sent.message));
  }
  for (const auto sequence : due.unanswered) {
    ++state_.statistics.notification.unanswered;
    end(sequence, End::Unanswered, "unanswered");
  }
}

void FlowMobility::end(Sequence sequence, End how, const std::string& status) {
  const Where where = std::move(outstanding_.extract(sequence).mapped());
  Host& host = nodes_.find(where.mn_id)->second.at(where.session);
  auto prefixes = std::move(std::exchange(host.asked, {})->prefixes);
  const Json fields{{"mn", escaped(where.mn_id)},
                    {"mag", state_.policy.mag_name(host.mag)},
                    {"session", where.session.value},
                    {"prefixes", list_of(prefixes)},
                    {"status", status}};
  if (how == End::Unanswered)
    state_.notify("flow-mobility-unanswered", fields);
  else
    state_.notify(how == End::Accepted ? "flow-mobility-accepted" : "flow-mobility-refused", fields);
  if (how == End::Accepted)
    accepted(where, host, std::move(prefixes));
  else
    failed(where, host, prefixes, how, status);
  todo_.insert(where.mn_id);
}

void FlowMobility::accepted(const Where& where, Host& host, Prefixes prefixes) {
  if (!prefixes.empty()) state_.know_off_link.insert(host.mag);
  host.told = std::move(prefixes);
  host.silent.reset();
  host.pause = {};
  for (const auto* node : state_.cache.find_all(where.mn_id)) {
    if (!guest_link_at(*node, where.session)) continue;
    auto why = cause();
    why.steps = host.steps;
    edits_.make(
        *node, std::move(why),
        [this, at = host.node, id = where.session, mag = host.mag, told = host.told](const MobileNode& n) {
          const auto* owner = state_.cache.find(at);
          const auto* session = owner ? owner->find(id) : nullptr;
          return session && session->mag == mag ? with_guest_confirmed(state_.policy, n, *session, told)
                                                : std::nullopt;
        });
  }
}

/// Once: if a flow does not take the link after all, that is not to begin anew at once.
void FlowMobility::make_links(const Session& session, Host& host) {
  host.untaken = session.deadline.monotonic;
  auto why = cause();
  why.steps = std::exchange(host.steps, {});
  for (const auto& [index, prefixes] : std::exchange(host.wished, {})) {
    const auto* node = state_.cache.find(index);
    const auto fresh = guest_link_at(*node, session.id) ? SessionId{} : state_.numbers.next_session();
    edits_.make(*node, why,
                [this, at = host.node, id = session.id, mag = host.mag, fresh,
                 told = host.told](const MobileNode& n) {
                  const auto* owner = state_.cache.find(at);
                  const auto* there = owner ? owner->find(id) : nullptr;
                  const bool serves = there && there->mag == mag && !there->in_delete_wait;
                  return serves ? with_guest(state_.policy, n, at, *there, fresh, told) : std::nullopt;
                });
  }
}

/// A MAG that has said no has what it had, and has lost what was to be taken back; one that is silent may
/// have all of it, which is taken back when it has been heard again: when it registers the session the next
/// time.
void FlowMobility::failed(const Where& where, Host& host, const Prefixes& prefixes, End how,
                          const std::string& status) {
  const char* code = mute_.contains(host.mag) ? "flow-mobility-not-supported"
                     : how == End::Refused    ? "flow-mobility-refused"
                                              : "flow-mobility-unanswered";
  fail_move(host, code, state_.policy.mag_name(host.mag) + ": " + status + "; the flow is where it was");
  give_up(where.mn_id, where.session, host.mag);
  host.steps.clear();
  const auto* session = live_session(host, where.session);
  if (how == End::Refused) {
    if (session) host.refused_at = session->deadline.monotonic;
    host.refused = prefixes;
    if (std::ranges::includes(host.told, prefixes)) host.told = prefixes;
    return;
  }
  host.told.insert(prefixes.begin(), prefixes.end());
  if (session) host.silent = session->deadline.monotonic;
  host.pause = std::clamp(2 * host.pause, kShortestPause, kLongestPause);
  host.again = state_.policy.links().now() + host.pause;
}

void FlowMobility::give_up(const std::string& mn_id, SessionId session, const Ipv6Address& mag) {
  for (const auto* node : state_.cache.find_all(mn_id))
    if (guest_link_at(*node, session))
      edits_.make(*node, cause(), [this, session, mag](const MobileNode& n) {
        return without_unconfirmed_guest(state_.policy, n, session, mag);
      });
}

void FlowMobility::carry_out(Now now, const Session& session, Host& host) {
  if (state_.changes.under_way(state_.cache.find(host.node)->mn_id)) return;
  const auto* node = state_.cache.find(host.move->node);
  const auto* flow = node->flows.find(host.move->flow);
  if (!flow) return fail_move(host, "no-such-flow", "the flow is gone");
  if (state_.policy.decider(node->mn_id) == Decider::Gateways)
    return fail_move(host, "mn-decides", "decider has become \"mn\" for its node");
  GuestMove move = std::move(*std::exchange(host.move, std::nullopt));
  const bool has_link = guest_link_at(*node, session.id).value != 0;
  Change change;
  change.mn_id = node->mn_id;
  change.node = node->index;
  change.next = with_flow_as_guest(state_.policy, *node, move.flow, host.node, session,
                                   has_link ? SessionId{} : state_.numbers.next_session(), host.told);
  const auto& moved = *change.next->flows.find(move.flow);
  if (move.command.answer) (*move.command.answer)["waits"] = moved.current != moved.wanted;
  if (move.command.id) change.command = std::move(move.command);
  change.cause = std::move(move.cause);
  updates_.begin(now, std::move(change));
}

}  // namespace flowmob::core
