// SPDX-License-Identifier: Apache-2.0
#include "core/flow/flow_table.h"

#include <algorithm>
#include <tuple>

namespace flowmob::core {
namespace {

/// Flows of rules in the order of the rules, then those that were announced, then those of services alone,
/// then the default flow, whatever the priority.
bool stands_before(const FlowBinding& a, const FlowBinding& b) {
  const auto place = [](const FlowBinding& flow) {
    const bool is_ruled = flow.rule && !flow.is_default();
    const int part = flow.is_default() ? 3 : is_ruled ? 0 : flow.announced ? 1 : 2;
    return std::tuple(part, is_ruled ? flow.rule->position : 0, flow.flow ? flow.flow->priority : 0,
                      flow.index);
  };
  return place(a) < place(b);
}

void bind_to(FlowBinding& flow, SessionId session) {
  if (flow.wanted == session) return;
  flow.wanted = session;
  flow.is_awaited = flow.current != session;
}

void ask_for(FlowBinding& flow, SessionId session) {
  flow.asked = session;
  if (!flow.rule) bind_to(flow, session);
}

/// A link is left because it failed, or for a better one: only then it may soon be left again.
void note_leaving(FlowBinding& flow, const Decision& decision, TimePoint now) {
  if (!flow.rule || !flow.current || flow.current == decision.session) return;
  const auto still = std::ranges::find(decision.links, flow.current, &LinkVerdict::session);
  if (still == decision.links.end() || still->fitness != LinkFitness::Well) flow.left = now;
}

Shared<FlowRule> rule_for(const FlowPolicy& policy, const FlowBinding& flow) {
  if (flow.announced) return {};
  for (const auto& rule : policy.rules) {
    const bool governs = flow.is_default()   ? rule->governs_default()
                         : flow.is_of_rule() ? rule->flow && rule->name == flow.flow->name
                                             : rule->service == flow.service;
    if (governs) return rule;
  }
  return {};
}

void go_to(FlowBinding& flow, SessionId session) {
  if (flow.current && session && session != flow.current) ++flow.moves;
  flow.current = session;
  if (flow.current == flow.wanted) flow.is_awaited = false;
}

}  // namespace

FlowState state_of(const FlowBinding& flow) {
  if (flow.is_superseded) return FlowState::Superseded;
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
    case FlowState::Superseded:
      return "superseded";
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
    return !f.is_default() && !f.announced && f.service == service && f.name() == name;
  });
  return found == bindings_.end() ? nullptr : &*found;
}

const FlowBinding* FlowTable::find_announced(SessionId by, std::uint16_t flow_id) const {
  const auto found = std::ranges::find_if(bindings_, [&](const FlowBinding& f) {
    return f.announced && f.announced->by == by && f.announced->flow_id == flow_id;
  });
  return found == bindings_.end() ? nullptr : &*found;
}

bool FlowTable::has_announced() const {
  return std::ranges::any_of(bindings_, [](const FlowBinding& f) { return f.announced.has_value(); });
}

std::size_t FlowTable::selectors() const {
  std::size_t count = 0;
  for (const auto& f : bindings_) count += f.flow ? 1 + f.flow->alternatives.size() : 0;
  return count;
}

void FlowTable::announce(const Announcement& said, FlowNumbers& numbers) {
  std::uint32_t last_turn = 0;
  for (const auto& f : bindings_)
    if (f.announced) last_turn = std::max(last_turn, f.announced->turn);
  const auto* known = find_announced(said.by, said.flow_id);
  FlowBinding next = known ? *known : FlowBinding{};
  FlowTemplate flow = known ? *known->flow : FlowTemplate{"fid-" + std::to_string(said.flow_id), 0, {}};
  if (!known) next.announced = Announced{said.by, said.flow_id, {}, 0};
  flow.priority = said.priority;
  if (said.selector) flow.selector = *said.selector;
  if (said.binding_ids) next.announced->binding_ids = *said.binding_ids;
  if (!known || !(*known->flow == flow)) next.flow = std::move(flow);
  if (known && next == *known) return;
  next.announced->turn = last_turn + 1;
  if (!known) next.index = numbers.next();
  std::erase_if(bindings_, [&](const FlowBinding& f) { return f.index == next.index; });
  insert(std::move(next));
}

std::vector<std::uint16_t> FlowTable::keep_announced(SessionId by, const std::set<std::uint16_t>& flow_ids) {
  std::vector<std::uint16_t> gone;
  std::erase_if(bindings_, [&](const FlowBinding& f) {
    if (!f.announced || f.announced->by != by || flow_ids.contains(f.announced->flow_id)) return false;
    gone.push_back(f.announced->flow_id);
    return true;
  });
  return gone;
}

std::vector<Announced> FlowTable::shed_announced(std::size_t most) {
  std::vector<Announced> gone;
  auto left = static_cast<std::size_t>(
      std::ranges::count_if(bindings_, [](const FlowBinding& f) { return f.announced.has_value(); }));
  const auto is_less = [](const FlowBinding& a, const FlowBinding& b) {
    if (a.announced.has_value() != b.announced.has_value()) return b.announced.has_value();
    if (!a.announced) return false;
    return std::tuple(a.flow->priority, a.announced->turn) < std::tuple(b.flow->priority, b.announced->turn);
  };
  for (; left > most; --left) {
    const auto last = std::ranges::max_element(bindings_, is_less);
    gone.push_back(*last->announced);
    bindings_.erase(last);
  }
  return gone;
}

void FlowTable::drop_announced() {
  std::erase_if(bindings_, [](const FlowBinding& f) { return f.announced.has_value(); });
}

void FlowTable::insert(FlowBinding flow) {
  const auto place = std::ranges::upper_bound(bindings_, flow, stands_before);
  bindings_.insert(place, std::move(flow));
}

void FlowTable::bind(const ServiceProfile& service, SessionId session, FlowNumbers& numbers) {
  std::erase_if(bindings_, [&](const FlowBinding& f) {
    return !f.is_default() && !f.announced && f.service == service.identifier &&
           std::ranges::none_of(service.flows, [&](const auto& flow) { return flow->name == f.name(); });
  });
  for (const auto& flow : service.flows) {
    if (auto* known = find_in(service.identifier, flow->name)) {
      known->flow = flow;
      ask_for(*known, session);
    } else {
      bindings_.push_back({numbers.next(), service.identifier, flow, session, {}, 0, true, session});
    }
  }
  govern();
  if (service.is_default) bind_default(session);
}

FlowBinding* FlowTable::find_mutable(FlowIndex index) {
  const auto found = std::ranges::find(bindings_, index, &FlowBinding::index);
  return found == bindings_.end() ? nullptr : &*found;
}

void FlowTable::bind_default(SessionId session) { ask_for(bindings_.back(), session); }

void FlowTable::move(FlowIndex flow, SessionId session) {
  auto* found = find_mutable(flow);
  if (!found) return;
  found->asked = session;
  bind_to(*found, session);
  found->is_pinned = static_cast<bool>(found->rule);
}

void FlowTable::release(FlowIndex flow) {
  if (auto* found = find_mutable(flow)) found->is_pinned = false;
}

void FlowTable::pin(FlowIndex flow) {
  auto* found = find_mutable(flow);
  if (!found || !found->rule || !found->asked) return;
  bind_to(*found, found->asked);
  found->is_pinned = true;
}

void FlowTable::govern(Follow kind) {
  for (auto& flow : bindings_) {
    auto rule = policy_ ? rule_for(*policy_, flow) : Shared<FlowRule>{};
    if (!rule) flow.is_pinned = false;
    if (!rule && flow.rule) {
      if (flow.current && !flow.is_abroad && (kind == Follow::Lasting || !flow.asked))
        flow.asked = flow.current;
      // where it had to go for want of a link of its own nothing binds it
      bind_to(flow, flow.asked || flow.is_abroad ? flow.asked : flow.wanted);
      flow.asked = flow.wanted;
    }
    if (rule && rule->flow) flow.flow = rule->flow;
    flow.rule = std::move(rule);
  }
  std::ranges::sort(bindings_, stands_before);
}

bool FlowTable::has_rules_of(const Shared<FlowPolicy>& a, const Shared<FlowPolicy>& b) {
  if (!a || !b) return !a && !b;
  return &*a == &*b || (a->name == b->name && a->rules == b->rules);
}

void FlowTable::follow(const Shared<FlowPolicy>& policy, FlowNumbers& numbers, Follow kind) {
  const bool has_same_rules = has_rules_of(policy_, policy);
  policy_ = policy;
  if (has_same_rules) return;
  std::erase_if(bindings_, [&](const FlowBinding& flow) {
    return flow.is_of_rule() && !(policy_ && rule_for(*policy_, flow));
  });
  if (policy_)
    for (const auto& rule : policy_->rules)
      if (rule->flow && !find_in("", rule->name)) {
        FlowBinding flow;
        flow.index = numbers.next();
        flow.flow = rule->flow;
        bindings_.insert(bindings_.begin(), std::move(flow));
      }
  govern(kind);
}

void FlowTable::forget(SessionId session) {
  keep_announced(session, {});
  for (auto& flow : bindings_) {
    if (flow.asked == session) flow.asked = SessionId{};
    if (flow.wanted == session) {
      flow.wanted = SessionId{};
      flow.is_pinned = false;
    }
  }
}

void FlowTable::replace(SessionId session, SessionId by) {
  for (auto& flow : bindings_) {
    if (flow.asked == session) flow.asked = by;
    if (flow.wanted == session) bind_to(flow, by);
  }
}

/// Of links with the same priority the default flow keeps its own (RFC 6089 section 4.1 leaves it open).
void FlowTable::follow_priorities(const std::vector<LinkState>& links) {
  auto& flow = bindings_.back();
  const LinkState* best = nullptr;
  const auto place = [&](const LinkState& link) {
    return std::tuple(link.binding_priority, link.session != flow.wanted, link.session);
  };
  for (const auto& link : links)
    if (link.binding_priority != 0 && link.is_registered && link.is_live &&
        (!best || place(link) < place(*best)))
      best = &link;
  if (best) bind_default(best->session);
}

/// The latest has the packets, as long as it has a link.
void FlowTable::supersede() {
  const auto takes_from = [](const FlowBinding& later, const FlowBinding& flow) {
    return later.announced && later.current && later.announced->by != flow.announced->by &&
           later.announced->turn > flow.announced->turn && later.flow->selector == flow.flow->selector;
  };
  for (auto& flow : bindings_)
    flow.is_superseded = flow.announced && std::ranges::any_of(bindings_, [&](const FlowBinding& later) {
                           return takes_from(later, flow);
                         });
}

void FlowTable::reselect(const std::vector<LinkState>& links, const LinkBoard& board, SessionId leaving,
                         SeveralBindings several) {
  follow_priorities(links);
  const Surroundings around{links, &board, board.now(), leaving, default_flow().current, several};
  for (auto& flow : bindings_) {
    observe(flow, around);
    const Decision decision = decide(flow, around);
    note_leaving(flow, decision, around.now);
    const auto* link = around.find(decision.session);
    flow.is_abroad = link && link->is_foreign;
    flow.revisit = decision.revisit;
    flow.spread = decision.spread;
    const bool is_decided = flow.announced || (flow.rule && !flow.is_pinned);
    if (is_decided && decision.wanted) bind_to(flow, decision.wanted);
    go_to(flow, decision.session);
  }
  supersede();
}

std::optional<TimePoint> FlowTable::revisit() const {
  std::optional<TimePoint> next;
  for (const auto& flow : bindings_)
    if (flow.revisit && (!next || *flow.revisit < *next)) next = flow.revisit;
  return next;
}

void FlowTable::adopt_default() {
  auto& flow = bindings_.back();
  if (flow.is_abroad) return;
  if (!flow.asked) flow.asked = flow.current;
  if (!flow.wanted) bind_to(flow, flow.current);
}

namespace {

template <class T>
bool includes(const std::optional<wire::Range<T>>& wide, const std::optional<wire::Range<T>>& narrow) {
  return !wide || (narrow && wide->first <= narrow->first && narrow->last <= wide->last);
}

bool includes(const wire::TrafficSelector6& wide, const wire::TrafficSelector6& narrow) {
  return includes(wide.source, narrow.source) && includes(wide.destination, narrow.destination) &&
         includes(wide.spi, narrow.spi) && includes(wide.flow_label, narrow.flow_label) &&
         includes(wide.source_port, narrow.source_port) &&
         includes(wide.destination_port, narrow.destination_port) &&
         includes(wide.traffic_class, narrow.traffic_class) && includes(wide.next_header, narrow.next_header);
}

bool includes(const FlowBinding& wide, const wire::TrafficSelector6& narrow) {
  if (wide.is_default()) return true;
  const auto is_wide = [&](const auto& selector) { return includes(selector, narrow); };
  return is_wide(wide.flow->selector) || std::ranges::any_of(wide.flow->alternatives, is_wide);
}

/// What a gateway announces takes its packets from another flow, of which they were until then.
std::optional<FlowEvent> taken_by(const FlowBinding& announced, const FlowTable& before) {
  const auto owner = std::ranges::find_if(before.bindings(), [&](const FlowBinding& flow) {
    return flow.is_matched() && includes(flow, announced.flow->selector);
  });
  if (owner == before.bindings().end() || !owner->current || owner->current == announced.current)
    return std::nullopt;
  FlowBinding then = announced;
  then.current = then.wanted = owner->current;
  return FlowEvent{FlowEvent::Kind::Moved, std::move(then), announced};
}

}  // namespace

std::vector<FlowEvent> differences(const FlowTable& before, const FlowTable& after) {
  std::vector<FlowEvent> events;
  for (const auto& now : after.bindings()) {
    const auto* then = before.find(now.index);
    const bool had_packets = then && then->is_matched();
    if (now.announced && now.is_matched() && !had_packets) {
      if (auto taken = taken_by(now, before)) events.push_back(std::move(*taken));
      continue;
    }
    if (!had_packets || now.is_superseded || then->current == now.current) continue;
    using Kind = FlowEvent::Kind;
    const bool bound_anew = (then->wanted != now.wanted && now.wanted) || then->is_awaited;
    const Kind kind = !now.current || now.current != now.wanted ? Kind::Fallback
                      : bound_anew                              ? Kind::Moved
                                                                : Kind::Returned;
    events.push_back({kind, *then, now});
  }
  return events;
}

}  // namespace flowmob::core
