// SPDX-License-Identifier: Apache-2.0
#include "core/flow/flow_table.h"

#include <algorithm>
#include <tuple>

namespace flowmob::core {
namespace {

/// The default flow stands behind all others whatever their priority.
bool stands_before(const FlowBinding& a, const FlowBinding& b) {
  const auto place = [](const FlowBinding& flow) {
    return std::tuple(flow.is_default(), flow.is_default() ? 0 : flow.flow->priority, flow.index);
  };
  return place(a) < place(b);
}

bool contains(const std::vector<SessionId>& sessions, SessionId session) {
  return std::ranges::find(sessions, session) != sessions.end();
}

struct Choice {
  const std::vector<SessionId>& live;
  const std::vector<SessionId>& opening;
  SessionId leaving;
  SessionId meanwhile;

  bool is_open(SessionId session) const { return contains(live, session) && !contains(opening, session); }
};

SessionId first_open(const Choice& choice) {
  SessionId first;
  for (const SessionId session : choice.live)
    if (choice.is_open(session) && (!first || session < first)) first = session;
  return first;
}

SessionId select(const FlowBinding& flow, const Choice& choice) {
  if (choice.is_open(flow.wanted)) return flow.wanted;
  if (contains(choice.live, flow.current) && flow.current != choice.leaving) return flow.current;
  if (choice.is_open(choice.meanwhile)) return choice.meanwhile;
  if (const SessionId open = first_open(choice)) return open;
  for (const SessionId candidate : {flow.current, choice.meanwhile, flow.wanted})
    if (contains(choice.live, candidate)) return candidate;
  return choice.live.empty() ? SessionId{} : *std::ranges::min_element(choice.live);
}

void bind_to(FlowBinding& flow, SessionId session) {
  if (flow.wanted == session) return;
  flow.wanted = session;
  flow.is_awaited = flow.current != session;
}

void go_to(FlowBinding& flow, SessionId session) {
  if (flow.current && session && session != flow.current) ++flow.moves;
  flow.current = session;
  if (flow.current == flow.wanted) flow.is_awaited = false;
}

}  // namespace

FlowState state_of(const FlowBinding& flow) {
  if (!flow.current) return FlowState::Inactive;
  return flow.current == flow.wanted ? FlowState::Active : FlowState::Fallback;
}

std::string_view to_string(FlowState state) {
  switch (state) {
    case FlowState::Active:
      return "active";
    case FlowState::Fallback:
      return "fallback";
    case FlowState::Inactive:
      return "inactive";
  }
  return "?";
}

FlowTable FlowTable::with_default(FlowIndex index) {
  FlowBinding flow;
  flow.index = index;
  return FlowTable(std::move(flow));
}

const FlowBinding* FlowTable::find(std::string_view name) const {
  const auto found = std::ranges::find_if(bindings_, [&](const FlowBinding& f) { return f.name() == name; });
  return found == bindings_.end() ? nullptr : &*found;
}

const FlowBinding* FlowTable::find(FlowIndex index) const {
  const auto found = std::ranges::find(bindings_, index, &FlowBinding::index);
  return found == bindings_.end() ? nullptr : &*found;
}

bool FlowTable::has_several(std::string_view name) const {
  return std::ranges::count_if(bindings_, [&](const FlowBinding& f) { return f.name() == name; }) > 1;
}

FlowBinding* FlowTable::find_in(std::string_view service, std::string_view name) {
  const auto found = std::ranges::find_if(bindings_, [&](const FlowBinding& f) {
    return !f.is_default() && f.service == service && f.name() == name;
  });
  return found == bindings_.end() ? nullptr : &*found;
}

void FlowTable::insert(FlowBinding flow) {
  const auto place = std::ranges::upper_bound(bindings_, flow, stands_before);
  bindings_.insert(place, std::move(flow));
}

void FlowTable::bind(const ServiceProfile& service, SessionId session, FlowNumbers& numbers) {
  std::erase_if(bindings_, [&](const FlowBinding& f) {
    return !f.is_default() && f.service == service.identifier &&
           std::ranges::none_of(service.flows, [&](const auto& flow) { return flow->name == f.name(); });
  });
  for (const auto& flow : service.flows) {
    if (auto* known = find_in(service.identifier, flow->name)) {
      known->flow = flow;
      bind_to(*known, session);
    } else {
      bindings_.push_back({numbers.next(), service.identifier, flow, session, {}, 0, true});
    }
  }
  std::ranges::sort(bindings_, stands_before);
  if (service.is_default) bind_default(session);
}

FlowBinding* FlowTable::find_mutable(FlowIndex index) {
  const auto found = std::ranges::find(bindings_, index, &FlowBinding::index);
  return found == bindings_.end() ? nullptr : &*found;
}

void FlowTable::move(FlowIndex flow, SessionId session) {
  if (auto* found = find_mutable(flow)) bind_to(*found, session);
}

void FlowTable::forget(SessionId session) {
  for (auto& flow : bindings_)
    if (flow.wanted == session) flow.wanted = SessionId{};
}

void FlowTable::reselect(const std::vector<SessionId>& live, const std::vector<SessionId>& opening,
                         SessionId leaving) {
  const Choice choice{live, opening, leaving, default_flow().current};
  for (auto& flow : bindings_) go_to(flow, select(flow, choice));
}

void FlowTable::adopt_default() {
  if (!default_flow().wanted) bind_default(default_flow().current);
}

std::vector<FlowEvent> differences(const FlowTable& before, const FlowTable& after) {
  std::vector<FlowEvent> events;
  for (const auto& now : after.bindings()) {
    const auto* then = before.find(now.index);
    if (!then || then->current == now.current) continue;
    using Kind = FlowEvent::Kind;
    const bool bound_anew = (then->wanted != now.wanted && now.wanted) || then->is_awaited;
    const Kind kind = now.current != now.wanted ? Kind::Fallback : bound_anew ? Kind::Moved : Kind::Returned;
    events.push_back({kind, *then, now});
  }
  return events;
}

}  // namespace flowmob::core
