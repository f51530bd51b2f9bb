// SPDX-License-Identifier: Apache-2.0
#include "core/lma/handovers.h"

#include <algorithm>

#include "base/time_text.h"
#include "core/lma/commands.h"
#include "core/lma/events.h"
#include "core/lma/identifier.h"

namespace flowmob::core {
namespace {

using State = Handover::State;

/// A way that has been silent for so long is not waited for.
constexpr Duration kWasSilent = std::chrono::seconds(2);

Handover::End end_of(const Policy& policy, const MobileNode& node, SessionId id) {
  const auto* mag = node.mag_of(id);
  if (!mag) return {id, id, {}, {}};
  const auto* guest = node.find_guest(id);
  const auto technology = guest ? guest->technology : node.find(id)->technology;
  return {id, node.session_behind(id), policy.mag_name(*mag), std::string(wire::to_string(technology)), *mag};
}

Handover::Kind kind_of(FlowEvent::Kind kind) {
  switch (kind) {
    case FlowEvent::Kind::Moved:
      return Handover::Kind::Moved;
    case FlowEvent::Kind::Fallback:
      return Handover::Kind::Fallback;
    case FlowEvent::Kind::Returned:
      return Handover::Kind::Returned;
  }
  return {};
}

bool is_handoff(const Handover& handover) { return handover.kind == Handover::Kind::Handoff; }

Watched watched(const Handover& handover) {
  return is_handoff(handover) ? Watched{{}, handover.to.link} : Watched{handover.flow_index};
}

bool is_open(const Handover& handover) {
  return handover.state == State::Switching || handover.state == State::Observing;
}

/// It came by the new path, or there was nothing to come; and nothing comes by the old one any more.
bool has_settled(const FlowWatch::Way& way, TimePoint now) {
  const auto& last = way.old_path.last;
  if (way.new_path.packets == 0) return !last || *last + kWasSilent < now;
  return !last || *last + Handovers::kReadEvery <= now;
}

bool has_settled(const FlowWatch& seen, TimePoint now) {
  const bool has_come = seen.down.new_path.packets + seen.up.new_path.packets != 0;
  return has_come && has_settled(seen.down, now) && has_settled(seen.up, now);
}

/// None in the answer: whichever.
bool is_asked_for(const Handover& handover, const Json& arguments) {
  const auto is = [&](const char* name, const std::string& value) {
    const auto found = arguments.find(name);
    if (found == arguments.end()) return true;
    const auto& text = found->get_ref<const std::string&>();
    return text == value || text == escaped(value);
  };
  return is("mn", handover.mn_id) && is("flow", handover.flow);
}

}  // namespace

void Handovers::configure(std::size_t most) {
  most_ = most;
  while (all_.size() > most_) forget_oldest();
}

void Handovers::advance(Now now) {
  now_ = now;
  if (!since_) since_ = now.wall;
}

HandoverCause Handovers::cause(HandoverTrigger trigger, Json details) {
  return {trigger, std::move(details), now(), {}, ++last_cause_};
}

Handover* Handovers::find(HandoverId id) {
  const auto* found = std::as_const(*this).find(id);
  return const_cast<Handover*>(found);
}

const Handover* Handovers::find(HandoverId id) const {
  if (all_.empty() || id < all_.front().id || id > all_.back().id) return nullptr;
  return &all_[id.value - all_.front().id.value];
}

Handover* Handovers::open_record_of(FlowIndex flow) {
  const auto found = open_.find(flow);
  return found == open_.end() ? nullptr : find(found->second);
}

Handover* Handovers::open_handoff_of(SessionId session) {
  const auto found = open_handoffs_.find(session);
  return found == open_handoffs_.end() ? nullptr : find(found->second);
}

Handover Handovers::record_of(const Policy& policy, const MobileNode& before, const MobileNode& after,
                              const FlowEvent& change, const HandoverCause& cause) const {
  Handover handover;
  handover.node = after.index;
  handover.order = order_plan(policy, after, change, cause);
  handover.kind = kind_of(change.kind);
  handover.mn_id = after.mn_id;
  handover.flow = change.after.name();
  handover.flow_index = change.after.index;
  handover.from = end_of(policy, before, change.before.current);
  handover.to = end_of(policy, after, change.after.current);
  handover.decision = decision_of(policy, before, after, change);
  return handover;
}

OrderPlan Handovers::order_plan(const Policy& policy, const MobileNode& after, const FlowEvent& change,
                                const HandoverCause& cause) const {
  OrderPlan plan;
  plan.asked = cause.order.value_or(policy.order(after.mn_id));
  const auto live = after.live();
  const auto is_live = [&](SessionId id) { return std::ranges::count(live, id) != 0; };
  if (change.before.spread.kind != SpreadKind::None || change.after.spread.kind != SpreadKind::None)
    plan.why_now = "the flow takes several links";
  else if (!is_planned(cause.trigger) || !is_live(change.before.current) || !is_live(change.after.current))
    plan.why_now = "the link before is not up";
  return plan;
}

Handovers::Ids Handovers::open(const Policy& policy, const MobileNode& before, const MobileNode& after,
                               HandoverCause cause, std::vector<Notify>& events) {
  Ids ids;
  anchor_ = policy.config().address;
  orders_.follow(after);
  append_spread_events(policy, before, after, events);
  open_handoffs(policy, before, after, cause, events, ids);
  for (const auto& change : differences(before.flows, after.flows)) {
    supersede(open_record_of(change.after.index));
    ids.push_back(add(record_of(policy, before, after, change, cause), cause));
    events.push_back(flow_event(policy, before, after, change));
    if (most_ > 0) events.back().fields["handover"] = ids.back().value;
  }
  return ids;
}

/// All flows that go by the session go with it; each packet finds its tunnel by the session's row.
void Handovers::open_handoffs(const Policy& policy, const MobileNode& before, const MobileNode& after,
                              HandoverCause& cause, std::vector<Notify>& events, Ids& ids) {
  for (const auto& session : after.sessions) {
    const auto* former = before.find(session.id);
    if (!former || session.in_delete_wait || policy.are_of_one_mag(former->mag, session.mag)) continue;
    supersede(open_handoff_of(session.id));
    Handover handover;
    handover.kind = Handover::Kind::Handoff;
    handover.node = after.index;
    handover.mn_id = after.mn_id;
    handover.from = end_of(policy, before, session.id);
    handover.to = end_of(policy, after, session.id);
    handover.order.why_now = "the link goes to another gateway";
    for (const auto& flow : before.flows.bindings())
      if (flow.current == session.id) handover.flows.push_back(flow.index);
    ids.push_back(add(std::move(handover), cause));
    for (auto& event : events)
      if (event.event == "binding-handoff" && event.fields["session"] == session.id.value && most_ > 0)
        event.fields["handover"] = ids.back().value;
  }
}

HandoverId Handovers::add(Handover handover, HandoverCause& cause) {
  if (cause.number == 0) cause.number = ++last_cause_;
  handover.began = now();
  handover.clock_offset = now_.clock_offset();
  handover.cause = cause;
  handover.cause.steps.clear();
  handover.steps.push_back({cause.at.value_or(now()), "trigger", cause.details});
  handover.steps.insert(handover.steps.end(), cause.steps.begin(), cause.steps.end());
  handover.steps.push_back({now(), "decided", Json::object()});
  handover.id = HandoverId{++last_id_};
  if (is_handoff(handover))
    open_handoffs_[handover.to.link] = handover.id;
  else
    open_[handover.flow_index] = handover.id;
  all_.push_back(std::move(handover));
  schedule(all_.back(), now() + kObserveAtMost);
  const HandoverId id = all_.back().id;
  while (all_.size() > most_) forget_oldest();
  return id;
}

/// What was seen until now is the old record's.
void Handovers::supersede(Handover* former) {
  if (!former) return;
  if (is_handoff(*former))
    open_handoffs_.erase(former->to.link);
  else
    open_.erase(former->flow_index);
  step(*former, "superseded");
  if (!watched_as(*former).contains(former->id)) return end(*former, State::Superseded);
  former->state = State::Superseded;
  read(*former);
  unwatch(*former);
  schedule(*former, now() + kReadEvery);
}

Handovers::Switch Handovers::before_switch(FlowIndex flow) {
  auto* handover = open_record_of(flow);
  if (!handover || handover->state != State::Switching) {
    orders_.drop(flow);
    return {};
  }
  step(*handover, "switch-asked");
  const bool is_watched = watch(*handover);
  if (!is_watched && handover->to.link && handover->order.why_now.empty())
    handover->order.why_now = "too many flows move at a time";
  auto order = is_watched ? put_in_order(*handover) : std::nullopt;
  if (!order) orders_.drop(flow);
  return {handover->id, order};
}

HandoverId Handovers::before_switch(SessionId session) {
  auto* handover = open_handoff_of(session);
  if (!handover || handover->state != State::Switching) return {};
  step(*handover, "switch-asked");
  watch(*handover);
  return handover->id;
}

/// Who is watched is known to end.
std::optional<FlowOrder> Handovers::put_in_order(Handover& handover) {
  auto& plan = handover.order;
  if (plan.asked.order == MoveOrder::Now || !plan.why_now.empty()) return std::nullopt;
  const auto order = orders_.begin(
      now(), {handover.flow_index, handover.node, handover.from.link, handover.to.link, anchor_, plan.asked});
  if (order)
    plan = *orders_.plan(handover.flow_index);
  else
    plan.why_now = "too many flows move at a time";
  return order;
}

std::set<HandoverId>& Handovers::watched_as(const Handover& handover) {
  return is_handoff(handover) ? watched_sessions_ : watched_;
}

/// Without a new path there is nothing to wait for. False: it is not watched.
bool Handovers::watch(Handover& handover) {
  auto& watched_now = watched_as(handover);
  const std::size_t most = is_handoff(handover) ? kMostWatchedSessions : kMostWatched;
  if (!handover.to.link || watched_now.size() >= most) return false;
  if (!watched_now.insert(handover.id).second) return false;
  if (is_handoff(handover))
    effects_.push(WatchSession{handover.to.link, handover.from.address, handover.to.address, handover.flows});
  else
    effects_.push(WatchFlow{handover.flow_index, handover.from.link, handover.to.link});
  return true;
}

void Handovers::unwatch(const Handover& handover) {
  if (watched_as(handover).erase(handover.id) != 0) effects_.push(EndWatch{watched(handover)});
}

void Handovers::read(Handover& handover) {
  handover.is_read = true;
  effects_.push(ReadWatch{handover.id, watched(handover)});
}

void Handovers::handle_switched(HandoverId id, const Result<void>& outcome) {
  auto* handover = find(id);
  if (!handover || handover->state != State::Switching) return;
  if (!outcome) return fail({id}, outcome.error());
  handover->switched = now();
  handover->state = State::Observing;
  step(*handover, "switched");
  if (!watched_as(*handover).contains(id)) return end(*handover, State::Complete);
  schedule(*handover, now() + kReadEvery);
}

/// Also of those that had switched: they are switched back.
void Handovers::fail(const Ids& ids, const Error& error) {
  for (const auto id : ids) {
    auto* handover = find(id);
    if (!handover || !is_open(*handover)) continue;
    step(*handover, "failed", {{"code", error.code}, {"message", error.message}});
    end(*handover, State::Failed);
  }
}

void Handovers::note(const Ids& ids, const HandoverStep& step) {
  for (const auto id : ids)
    if (auto* handover = find(id)) handover->steps.push_back(step);
}

void Handovers::handle_watch(HandoverId id, const std::optional<FlowWatch>& seen) {
  auto* handover = find(id);
  if (!handover || !std::exchange(handover->is_read, false)) return;
  if (seen) handover->seen = seen;
  if (handover->state == State::Superseded) return end(*handover, State::Superseded);
  if (handover->state != State::Observing) return;
  const bool is_over = now() >= *handover->switched + kObserveAtMost;
  if (!seen || is_over || has_settled(*seen, now())) end(*handover, State::Complete);
}

void Handovers::handle_order(FlowIndex flow, const std::optional<OrderSeen>& seen) {
  if (seen) orders_.handle_seen(now(), flow, *seen);
}

void Handovers::handle_echo_reply(const Ipv6Address& source, ByteView message) {
  for (const auto flow : orders_.handle_echo_reply(now(), source, message))
    if (auto* handover = open_record_of(flow)) handover->order = *orders_.plan(flow);
}

void Handovers::handle_timeout() {
  orders_.handle_timeout(now());
  while (!schedule_.empty() && schedule_.begin()->first <= now()) {
    auto* handover = find(schedule_.begin()->second);
    schedule_.erase(schedule_.begin());
    if (handover) look_at(*handover);
  }
}

void Handovers::look_at(Handover& handover) {
  if (handover.state == State::Switching)
    return fail({handover.id}, {"unanswered", "the data plane has not been heard of"});
  if (handover.is_read) return end(handover, is_open(handover) ? State::Complete : handover.state);
  read(handover);
  schedule(handover, now() + kReadEvery);
}

std::optional<TimePoint> Handovers::next_deadline() const {
  const auto next = orders_.next_deadline();
  if (schedule_.empty()) return next;
  return next ? std::min(*next, schedule_.begin()->first) : schedule_.begin()->first;
}

void Handovers::schedule(Handover& handover, TimePoint due) {
  schedule_.erase({handover.due, handover.id});
  handover.due = due;
  schedule_.emplace(due, handover.id);
}

void Handovers::end(Handover& handover, State state) {
  handover.state = state;
  close(handover);
  if (state == State::Complete) step(handover, "complete");
  effects_.push(Notify{"handover", whole_of(handover)});
}

void Handovers::close(const Handover& handover) {
  schedule_.erase({handover.due, handover.id});
  if (is_handoff(handover)) {
    const auto open = open_handoffs_.find(handover.to.link);
    if (open != open_handoffs_.end() && open->second == handover.id) open_handoffs_.erase(open);
    return unwatch(handover);
  }
  const auto open = open_.find(handover.flow_index);
  if (open != open_.end() && open->second == handover.id) {
    open_.erase(open);
    orders_.end(handover.flow_index);
  }
  unwatch(handover);
}

void Handovers::step(Handover& handover, std::string_view what, Json details) {
  handover.steps.push_back({now(), what, std::move(details)});
}

void Handovers::forget_oldest() {
  close(all_.front());
  all_.pop_front();
  ++forgotten_;
}

Result<Json> Handovers::show(const Json& arguments) const {
  Json rows = Json::array();
  if (const auto id = arguments.find("id"); id != arguments.end()) {
    const auto number = id->get<std::int64_t>();
    const auto* one = number > 0 ? find(HandoverId{static_cast<std::uint64_t>(number)}) : nullptr;
    if (!one || !is_asked_for(*one, arguments))
      return flowmob::fail("no-such-handover", "no handover " + std::to_string(number) +
                                                   " is kept; the last was " + std::to_string(last_id_));
    rows.push_back(whole_of(*one));
  } else {
    for (const auto& one : all_)
      if (is_asked_for(one, arguments)) rows.push_back(summary_of(one));
  }
  return Json{{"handovers", std::move(rows)},
              {"since", since_ ? Json(to_rfc3339(*since_)) : Json()},
              {"forgotten", forgotten_}};
}

}  // namespace flowmob::core
