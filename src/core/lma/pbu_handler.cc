// SPDX-License-Identifier: Apache-2.0
#include "core/lma/pbu_handler.h"

#include "core/lma/access_network.h"
#include "core/lma/acknowledgement.h"
#include "core/lma/events.h"
#include "core/lma/expiry.h"
#include "core/lma/identifier.h"
#include "core/lma/pbu_checks.h"

namespace flowmob::core {
namespace {

using Kind = LookupResult::Kind;
using wire::BindingStatus;

constexpr std::size_t kMaxWaiting = 8;
constexpr unsigned kAnswersToStrangersPerSecond = 10;

bool is_of_same_sender(const PbuRequest& a, const PbuRequest& b) {
  return a.meta.source == b.meta.source && a.proxy_coa == b.proxy_coa && a.technology == b.technology &&
         a.link_layer_id == b.link_layer_id;
}

/// Section 6.9.4: the same request with a new timestamp or sequence number.
bool repeats(const PbuRequest& a, const PbuRequest& b) {
  return is_of_same_sender(a, b) && a.service == b.service && a.handoff == b.handoff &&
         a.prefixes == b.prefixes && a.has_home_network_prefix == b.has_home_network_prefix &&
         a.ipv4_requests == b.ipv4_requests && a.delegation == b.delegation &&
         a.deregisters() == b.deregisters() && a.gre == b.gre && a.bindings == b.bindings &&
         a.flows == b.flows && a.summary == b.summary;
}

/// Needs handoff indicator and access technology; the checks see to it that requests without go no further.
LookupResult look_up_if_possible(const BindingCache& cache, const PbuRequest& r) {
  if (!r.handoff || !r.technology) return {Kind::New, {}, {}, {}};
  return look_up(cache, r);
}

}  // namespace

PbuHandler::PbuHandler(AnchorState& state)
    : state_(state), strangers_(RateLimiter::per_second(kAnswersToStrangersPerSecond)) {}

void PbuHandler::handle(Now now, PbuRequest request) { handle(now, std::move(request), now.wall); }

void PbuHandler::handle(Now now, PbuRequest request, WallTime came) {
  if (auto* under_way = state_.changes.under_way(request.mn_id))
    return handle_while_busy(now, std::move(request), *under_way);
  const LookupResult found = look_up_if_possible(state_.cache, request);
  const auto last = last_accepted(request, found);
  const bool leaves = leaves_serving_mag(request, found);
  const auto status = check_pbu({request, state_.policy, last, came, leaves});
  if (status == BindingStatus::ServiceAuthorizationFailed) end_session(now, found);
  if (status != BindingStatus::Accepted) return reject(now, request, status, last);
  decide(now, std::move(request), found);
}

/// RFC 5149 section 4.2: a session goes with the service that it asks for and may not have.
void PbuHandler::end_session(Now now, const LookupResult& found) {
  if (found.kind != Kind::Update) return;
  MobileNode node = *state_.cache.find(found.node);
  Session& session = *node.find(found.session);
  session.in_delete_wait = true;
  session.deadline.monotonic = now.monotonic;
  expire(state_, node, now.monotonic);
}

std::optional<LastAccepted> PbuHandler::last_accepted(const PbuRequest& request,
                                                      const LookupResult& found) const {
  const auto held = held_.find(request.mn_id);
  if (held != held_.end() && repeats(held->second.request, request)) return held->second.request.order();
  if (found.kind != Kind::Update) return std::nullopt;
  const auto* session = session_of(found);
  return LastAccepted{session->last_sequence, session->last_timestamp};
}

const Session* PbuHandler::session_of(const LookupResult& found) const {
  return state_.cache.find(found.node)->find(found.session);
}

/// The policy may have changed since the node came; ending what the MAG itself began hurts nobody.
bool PbuHandler::leaves_serving_mag(const PbuRequest& request, const LookupResult& found) const {
  if (!request.deregisters() || found.kind != Kind::Update) return false;
  const auto& mag = session_of(found)->mag;
  return mag == request.proxy_coa && mag == request.meta.source;
}

void PbuHandler::handle_while_busy(Now now, PbuRequest request, Change& under_way) {
  const bool again = under_way.answer && repeats(*under_way.answer->request, request);
  if (again) {
    const auto last = under_way.answer->request->order();
    const auto status = check_pbu({request, state_.policy, last, now.wall});
    if (status != BindingStatus::Accepted) return reject(now, request, status, last);
    ++state_.statistics.coalesced;
    under_way.answer->request = std::move(request);
    return;
  }
  // what waits was sent by a MAG that may speak for this node, or it does not wait
  const bool leaves = leaves_serving_mag(request, look_up_if_possible(state_.cache, request));
  const auto status = check_pbu({request, state_.policy, std::nullopt, now.wall, leaves});
  const bool may_wait =
      status == BindingStatus::Accepted || status == BindingStatus::ServiceAuthorizationFailed;
  if (!may_wait) return reject(now, request, status, std::nullopt);
  auto& waiting = waiting_[request.mn_id];
  if (waiting.size() >= kMaxWaiting) return state_.drop(now, "too-many-waiting", request.meta);
  waiting.push_back({std::move(request), now.wall});
}

void PbuHandler::decide(Now now, PbuRequest request, const LookupResult& found) {
  if (found.kind == Kind::Reject) return reject(now, request, found.status, std::nullopt);
  if (request.deregisters()) return deregister(now, request, found);
  if (is_being_revoked(request, found))
    return reject(now, request, Status::AdministrativelyProhibited, std::nullopt);
  if (found.kind == Kind::Hold && state_.policy.config().holds_unknown_handoff())
    return hold(now, std::move(request));
  register_session(now, std::move(request), found);
}

/// A re-registration that crossed the indication changes nothing (RFC 5846 section 8.1 leaves it to us);
/// whoever registers the node anew does.
bool PbuHandler::is_being_revoked(const PbuRequest& request, const LookupResult& found) const {
  return found.kind == Kind::Update && request.hands_off(wire::HandoffIndicator::NoChange) &&
         state_.revoking.contains(found.session);
}

/// A retransmission keeps the first one's deadline: a hold is longer than a MAG's patience. Who asks for yet
/// another interface asks again when the first has been decided.
void PbuHandler::hold(Now now, PbuRequest request) {
  const TimePoint deadline = now.monotonic + state_.policy.config().max_delay_before_new_bce_assign;
  const auto [held, is_new] = held_.try_emplace(request.mn_id, Held{request, deadline});
  if (is_new) return state_.news.holds.push_back(request.mn_id);
  if (!repeats(held->second.request, request)) return state_.drop(now, "another-is-held", request.meta);
  ++state_.statistics.coalesced;
  held->second.request = std::move(request);
}

void PbuHandler::register_session(Now now, PbuRequest request, const LookupResult& found) {
  forget_held_of_sender(request);
  auto registration = state_.registration();
  if (registration.is_with_another_mag(request))
    return reject(now, request, BindingStatus::ReasonUnspecified, std::nullopt);
  auto change = found.kind == Kind::Update ? registration.update(now, request, found)
                                           : registration.create(now, request);
  if (!change) return reject(now, request, change.error(), std::nullopt);
  const auto& announced = change->answer->flows.added;
  const bool announces = found.kind == Kind::Update && !announced.empty();
  change->cause =
      cause_of(announces ? HandoverTrigger::Announcement : HandoverTrigger::Registration, request);
  if (announces) change->cause.details["flow_ids"] = announced;
  change->answer->request = std::move(request);
  begin(now, std::move(*change));
}

HandoverCause PbuHandler::cause_of(HandoverTrigger trigger, const PbuRequest& request) const {
  const std::string mag = state_.policy.mag_name(request.proxy_coa);
  Json details{{"mag", mag}};
  if (request.handoff) details["handoff_indicator"] = wire::to_string(*request.handoff);
  if (request.service) details["service"] = escaped(*request.service);
  HandoverCause cause{trigger, std::move(details), request.came};
  cause.steps.push_back(
      {request.came, "pbu-received", {{"mag", mag}, {"sequence", request.update.sequence}}});
  return cause;
}

void PbuHandler::note_answer(const Handovers::Ids& handovers, const PbuRequest& request) {
  state_.handovers.note(handovers, {state_.handovers.now(),
                                    "pba-sent",
                                    {{"mag", state_.policy.mag_name(request.proxy_coa)},
                                     {"sequence", request.update.sequence}}});
}

/// Who has registered otherwise waits no more.
void PbuHandler::forget_held_of_sender(const PbuRequest& request) {
  const auto held = held_.find(request.mn_id);
  if (held != held_.end() && is_of_same_sender(held->second.request, request)) held_.erase(held);
}

void PbuHandler::begin(Now now, Change change) {
  if (auto finished = state_.changes.begin(state_.policy, std::move(change)))
    finish(now, std::move(*finished));
}

/// Section 5.3.5: a late message from where the node was before must not end what is there now.
void PbuHandler::deregister(Now now, const PbuRequest& request, const LookupResult& found) {
  if (found.kind != Kind::Update) return state_.drop(now, "no-such-binding", request.meta);
  if (session_of(found)->mag != request.proxy_coa)
    return state_.drop(now, "not-the-serving-mag", request.meta);
  const MobileNode node = *state_.cache.find(found.node);  // with what the request ends
  Change change = state_.registration().deregister(now, request, found);
  change.cause = cause_of(HandoverTrigger::Deregistration, request);
  const auto handovers = state_.changes.apply(state_.policy, std::move(change));
  ++state_.statistics.accepted;
  note_answer(handovers, request);
  const auto flows = refuse_flows(request);
  state_.statistics.flows.count(flows);
  state_.effects.push(
      accept(request, node, *session_of(found), 0, flows, state_.policy.config().ipv4_dhcp_server));
  go_on_with_held(now, request.mn_id, false);
}

/// `as_new`: it has waited long enough. Else, whatever has happened to the node, it may not be what is waited
/// for.
void PbuHandler::go_on_with_held(Now now, const std::string& mn_id, bool as_new) {
  const auto held = held_.find(mn_id);
  if (held == held_.end()) return;
  LookupResult found = look_up(state_.cache, held->second.request);
  if (found.kind == Kind::Hold && !as_new) return;
  if (found.kind == Kind::Hold) found.kind = Kind::New;
  PbuRequest request = std::move(held_.extract(held).mapped().request);
  const auto status = check_pbu({request, state_.policy, std::nullopt, now.wall, false, true});
  if (status != BindingStatus::Accepted) return reject(now, request, status, std::nullopt);
  if (found.kind == Kind::Reject) return reject(now, request, found.status, std::nullopt);
  register_session(now, std::move(request), found);
}

void PbuHandler::reject(Now now, const PbuRequest& request, Status status,
                        const std::optional<LastAccepted>& last, const std::string& reason) {
  state_.statistics.count_rejection(status);
  if (!may_answer(now, request)) return state_.drop(now, "stranger-too-often", request.meta);
  state_.effects.push(core::reject(request, status, last, now.wall));
  Json fields{{"mn", escaped(request.mn_id)},
              {"source", request.meta.source.to_string()},
              {"status", static_cast<unsigned>(status)},
              {"reason", reason.empty() ? wire::to_string(status) : reason}};
  add_notes(notes_of(request.update.options), fields);
  state_.notify_limited(now, "binding-rejected", std::move(fields));
}

/// Sources are easily forged: who is no MAG of ours gets few answers.
bool PbuHandler::may_answer(Now now, const PbuRequest& request) {
  return state_.policy.mag(request.meta.source) || strangers_.allow(now.monotonic);
}

void PbuHandler::answer(Now now, Finished& finished) {
  Change& change = finished.change;
  if (change.command && finished.error) change.command->answer = tl::unexpected(*finished.error);
  if (change.command) state_.answers.push_back(std::move(*change.command));
  if (!finished.error) {
    if (change.answer) {
      ++state_.statistics.accepted;
      const auto& [request, granted, session, flows] = *change.answer;
      const auto* node = state_.cache.find(change.node);
      const auto& registered = *node->find(session);
      note_answer(change.handovers, *request);
      state_.statistics.flows.count(flows);
      state_.effects.push(accept(*request, *node, registered, granted, flows,
                                 state_.policy.config().ipv4_dhcp_server, state_.off_link_for(registered)));
    }
    for (auto& event : change.events) state_.effects.push(std::move(event));
    note_registered(change);
  } else if (change.answer) {
    reject(now, *change.answer->request, BindingStatus::InsufficientResources, std::nullopt,
           finished.error->code + ": " + finished.error->message);
  }
}

void PbuHandler::note_registered(const Change& change) {
  if (!change.registered) return;
  state_.news.registered.push_back({change.node, change.registered});
  if (!change.left_mag.is_unspecified())
    state_.news.left.push_back({change.node, change.registered, change.left_mag, change.left_technology});
}

void PbuHandler::finish(Now now, Finished finished) {
  answer(now, finished);
  auto waiting = waiting_.extract(finished.change.mn_id);
  if (waiting.empty()) return;
  for (auto& [request, came] : waiting.mapped()) handle(now, std::move(request), came);
}

void PbuHandler::await_revocation(const std::string& mn_id) {
  if (const auto held = held_.find(mn_id); held != held_.end()) held->second.awaits_revocation = true;
}

void PbuHandler::end_revocation(Now now, const std::string& mn_id, bool as_new) {
  const auto held = held_.find(mn_id);
  if (held == held_.end()) return;
  held->second.awaits_revocation = false;
  if (!as_new) return;
  held->second.deadline = now.monotonic;
  handle_timeout(now);
}

void PbuHandler::handle_timeout(Now now) {
  std::vector<std::string> due;
  for (const auto& [mn_id, held] : held_)
    if (is_counting(mn_id, held) && held.deadline <= now.monotonic) due.push_back(mn_id);
  for (const auto& mn_id : due) go_on_with_held(now, mn_id, true);
}

bool PbuHandler::is_counting(const std::string& mn_id, const Held& held) const {
  return !held.awaits_revocation && !state_.changes.under_way(mn_id);
}

std::optional<TimePoint> PbuHandler::next_deadline() const {
  std::optional<TimePoint> next;
  for (const auto& [mn_id, held] : held_)
    if (is_counting(mn_id, held) && (!next || held.deadline < *next)) next = held.deadline;
  return next;
}

}  // namespace flowmob::core
