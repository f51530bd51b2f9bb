// SPDX-License-Identifier: Apache-2.0
#include "core/flow/flow_decider.h"

#include <algorithm>
#include <tuple>

#include "core/flow/flow_key.h"

namespace flowmob::core {
namespace {

bool is_named_by(const LinkPattern& pattern, const LinkState& link) {
  return (pattern.mag.empty() || pattern.mag == link.mag) &&
         (!pattern.technology || *pattern.technology == link.technology);
}

std::optional<std::size_t> rank_of(const FlowRule& rule, const LinkState& link) {
  const auto first =
      std::ranges::find_if(rule.prefer, [&](const LinkPattern& p) { return is_named_by(p, link); });
  if (first == rule.prefer.end()) return std::nullopt;
  return static_cast<std::size_t>(first - rule.prefer.begin());
}

/// A flow that is on a link that opens once more stays there, but for the link that it leaves meanwhile.
bool may_not_deliver(const FlowBinding& flow, const LinkState& link, const Surroundings& around) {
  return link.is_opening && (link.session != flow.current || link.session == around.leaving);
}

/// What is not known of a link of another set is what the flow's last loss says of all that come.
std::optional<TimePoint> held_until(const FlowBinding& flow, const LinkState& link) {
  const auto memory = std::ranges::find(flow.seen, link.session, &LinkMemory::session);
  const bool is_known = memory != flow.seen.end();
  const auto since = is_known ? memory->since : link.is_foreign ? flow.left : std::nullopt;
  return since ? std::optional(*since + flow.rule->hold_down) : std::nullopt;
}

bool is_missed(const FlowBinding& flow, const LinkState& link) {
  return std::ranges::any_of(link.missing, [&](const auto& prefix) { return may_be_for(flow, prefix); });
}

/// Of another set's: unless a command has moved it there.
bool loses_ipv4(const FlowBinding& flow, const LinkState& link) {
  return link.lacks_ipv4 && may_be_ipv4(flow) && !(link.is_foreign && flow.asked == link.session);
}

LinkVerdict verdict_on(const FlowBinding& flow, const LinkState& link, const Surroundings& around) {
  LinkVerdict verdict{link.session, LinkFitness::Well, Excess::None, {}, {}};
  if (flow.rule) verdict.rank = rank_of(*flow.rule, link);
  const auto with = [&](LinkFitness fitness) { return verdict.fitness = fitness, verdict; };
  if (!link.is_registered) return with(LinkFitness::Gone);
  if (is_missed(flow, link)) return with(LinkFitness::Foreign);
  if (!link.is_live) return with(loses_ipv4(flow, link) ? LinkFitness::Foreign : LinkFitness::Unreachable);
  const bool is_pinned = flow.is_pinned && flow.wanted == link.session;
  if (flow.rule && !is_pinned && !verdict.rank && !flow.rule->others) return with(LinkFitness::NotListed);
  if (may_not_deliver(flow, link, around)) return with(LinkFitness::Opening);
  if (!flow.rule || is_pinned) return verdict;
  if (around.board) verdict.excess = around.board->excess_of(*flow.rule, link.mag_address);
  if (verdict.excess != Excess::None) return with(LinkFitness::Excess);
  const auto until = held_until(flow, link);
  if (link.session == flow.current || !until || *until <= around.now) return verdict;
  verdict.held_until = until;
  return with(LinkFitness::HeldDown);
}

bool carries(const LinkVerdict& verdict) { return verdict.fitness <= LinkFitness::Opening; }

const LinkVerdict* verdict_of(const Decision& decision, SessionId session) {
  const auto found = std::ranges::find(decision.links, session, &LinkVerdict::session);
  return session && found != decision.links.end() ? &*found : nullptr;
}

constexpr auto kBehindAll = static_cast<std::size_t>(-1);

/// Of links that a flow is not better off with than with its own it keeps its own.
auto place_in_list(const FlowBinding& flow, const LinkVerdict& verdict) {
  return std::tuple(verdict.rank.value_or(kBehindAll), verdict.session != flow.current, verdict.session);
}

/// Among links none of which is well, where the flow is comes first: bad links must not make it wander.
auto place(const FlowBinding& flow, const LinkVerdict& verdict) {
  const bool wanders = verdict.fitness > LinkFitness::HeldDown && verdict.session != flow.current;
  return std::tuple(verdict.fitness, wanders, place_in_list(flow, verdict));
}

SessionId wanted_by_rule(const FlowBinding& flow, const Decision& decision) {
  const LinkVerdict* first = nullptr;
  for (const auto& verdict : decision.links) {
    if (verdict.fitness == LinkFitness::Foreign) continue;
    if (!verdict.rank && (!flow.rule->others || !carries(verdict))) continue;
    if (!first || place_in_list(flow, verdict) < place_in_list(flow, *first)) first = &verdict;
  }
  return first ? first->session : SessionId{};
}

DecisionReason reason_for(const LinkVerdict& best) {
  if (best.fitness > LinkFitness::HeldDown) return DecisionReason::Only;
  return best.rank ? DecisionReason::Preferred : DecisionReason::Unlisted;
}

void note_revisit(const FlowBinding& flow, Decision& decision) {
  const auto* chosen = verdict_of(decision, decision.session);
  for (const auto& verdict : decision.links) {
    if (verdict.fitness != LinkFitness::HeldDown) continue;
    const bool waits_for_share = flow.rule->spread == SpreadKind::Shares && verdict.rank;
    if (!waits_for_share && chosen && chosen->fitness == LinkFitness::Well &&
        (!flow.rule->returns || place_in_list(flow, *chosen) < place_in_list(flow, verdict)))
      continue;
    if (!decision.revisit || *verdict.held_until < *decision.revisit) decision.revisit = verdict.held_until;
  }
}

/// Between two sessions with one gateway nobody can tell copies apart.
bool is_with_same_gateway(const Surroundings& around, SessionId one, SessionId other) {
  if (one == other) return true;
  const auto *a = around.find(one), *b = around.find(other);
  return a && b && !a->mag_address.is_unspecified() && a->mag_address == b->mag_address;
}

void add_link(Spread& spread, const Surroundings& around, SpreadLink link) {
  const bool is_told_apart =
      spread.kind != SpreadKind::Copies || std::ranges::none_of(spread.links, [&](const SpreadLink& other) {
        return is_with_same_gateway(around, other.session, link.session);
      });
  if (is_told_apart && spread.links.size() < Spread::kMostLinks) spread.links.push_back(link);
}

/// A link that is not well keeps the connections that it has, and gets no new ones.
std::uint16_t share_of_new(const FlowRule& rule, const LinkVerdict& verdict) {
  const bool takes_new =
      rule.spread == SpreadKind::Shares && verdict.fitness == LinkFitness::Well && verdict.rank;
  return takes_new ? rule.shares.at(*verdict.rank) : std::uint16_t{};
}

bool may_take_part(const FlowRule& rule, const LinkVerdict& verdict) {
  return carries(verdict) && (rule.spread == SpreadKind::Copies || verdict.fitness != LinkFitness::Opening);
}

/// The link that the flow would take alone comes first. Copies go also where they may not arrive yet, shares
/// do not. A flow that a command has moved takes that link alone.
Spread spread_of(const FlowBinding& flow, const Surroundings& around, const Decision& decision) {
  const auto& rule = *flow.rule;
  if (rule.spread == SpreadKind::None || !decision.session) return {};
  const auto* own = verdict_of(decision, decision.session);
  const bool is_alone = decision.reason == DecisionReason::Moved;
  if (rule.spread == SpreadKind::Shares && (is_alone || !own->rank)) return {};
  std::vector<const LinkVerdict*> part;
  for (const auto& verdict : decision.links)
    if (&verdict != own && !is_alone && verdict.rank && may_take_part(rule, verdict))
      part.push_back(&verdict);
  std::ranges::sort(part, {}, [&](const LinkVerdict* verdict) { return place_in_list(flow, *verdict); });
  Spread spread{rule.spread, {{own->session, share_of_new(rule, *own)}}};
  for (const auto* verdict : part) add_link(spread, around, {verdict->session, share_of_new(rule, *verdict)});
  return spread;
}

void decide_by_rule(const FlowBinding& flow, Decision& decision) {
  decision.wanted = flow.is_pinned ? flow.wanted : wanted_by_rule(flow, decision);
  const auto* pinned = flow.is_pinned ? verdict_of(decision, flow.wanted) : nullptr;
  const auto* current = verdict_of(decision, flow.current);
  if (pinned && pinned->fitness == LinkFitness::Well) {
    decision.session = flow.wanted;
    decision.reason = DecisionReason::Moved;
    return;
  }
  const LinkVerdict* best = nullptr;
  for (const auto& verdict : decision.links)
    if (carries(verdict) && (!best || place(flow, verdict) < place(flow, *best))) best = &verdict;
  const bool stays = !flow.rule->returns && current && current->fitness == LinkFitness::Well;
  decision.session = stays ? flow.current : best ? best->session : SessionId{};
  decision.reason = stays && current != best ? DecisionReason::Stays
                    : best                   ? reason_for(*best)
                                             : DecisionReason::Nowhere;
  note_revisit(flow, decision);
}

/// Without a rule: to the session it is bound to, else it stays, else with the default flow, else to the
/// smallest.
void decide_by_binding(const FlowBinding& flow, SessionId wanted, const Surroundings& around,
                       Decision& decision) {
  decision.wanted = wanted;
  const auto is_open = [&](SessionId session) {
    const auto* link = around.find(session);
    return link && link->is_live && !link->is_opening;
  };
  const auto is_live = [&](SessionId session) {
    const auto* link = around.find(session);
    return link && link->is_live;
  };
  const auto place = [](const LinkState& link) { return std::tuple(link.is_foreign, link.session); };
  const auto smallest = [&](const auto& is_one) {
    const LinkState* first = nullptr;
    for (const auto& link : around.links)
      if (is_one(link.session) && (!first || place(link) < place(*first))) first = &link;
    return first ? first->session : SessionId{};
  };
  const auto take = [&](SessionId session, DecisionReason reason) {
    decision.session = session;
    decision.reason = reason;
  };
  if (is_open(wanted)) return take(wanted, DecisionReason::Bound);
  const auto* current = around.find(flow.current);
  if (current && current->is_foreign && flow.asked != flow.current)  // where it is for want of better
    if (const auto own = smallest([&](SessionId id) { return is_open(id) && !around.find(id)->is_foreign; }))
      return take(own, DecisionReason::Only);
  if (is_live(flow.current) && flow.current != around.leaving)
    return take(flow.current, DecisionReason::Stays);
  if (is_open(around.meanwhile)) return take(around.meanwhile, DecisionReason::WithDefault);
  if (const auto open = smallest(is_open)) return take(open, DecisionReason::Only);
  for (const SessionId candidate : {flow.current, around.meanwhile, wanted})
    if (is_live(candidate)) return take(candidate, DecisionReason::Only);
  const auto last = smallest(is_live);
  take(last, last ? DecisionReason::Only : DecisionReason::Nowhere);
}

/// The first of its bindings that is there, best an open one. Without any it goes nowhere, and is not
/// matched; nor is one that waits for its first link to open.
SessionId bound_to(const FlowBinding& flow, const Surroundings& around) {
  SessionId live;
  for (const auto id : flow.announced->binding_ids) {
    const auto* link = find_binding(around.links, flow.announced->by, id);
    if (!link || !link->is_live) continue;
    if (!link->is_opening) return link->session;
    if (!live) live = link->session;
  }
  return live;
}

/// By every link that is referred to and can carry one, beside the link that it would take alone.
Spread copies_of(const FlowBinding& flow, const Surroundings& around, SessionId own) {
  const auto& ids = flow.announced->binding_ids;
  if (around.several == SeveralBindings::First || ids.size() < 2 || !own) return {};
  Spread spread{SpreadKind::Copies, {{own}}};
  for (const auto id : ids) {
    const auto* link = find_binding(around.links, flow.announced->by, id);
    if (link && link->is_live) add_link(spread, around, {link->session});
  }
  return spread;
}

void decide_by_announcement(const FlowBinding& flow, const Surroundings& around, Decision& decision) {
  const auto bound = bound_to(flow, around);
  const auto* link = around.find(bound);
  const auto* current = around.find(flow.current);
  const bool waits = link && link->is_opening && !(current && current->is_live);
  if (link && !waits) {
    decide_by_binding(flow, bound, around, decision);
    decision.spread = copies_of(flow, around, decision.session);
    return;
  }
  decision.wanted = bound;
  decision.reason = DecisionReason::Nowhere;
}

}  // namespace

const LinkState* find_binding(const std::vector<LinkState>& links, SessionId announcer, std::uint16_t id) {
  const auto own = std::ranges::find(links, announcer, &LinkState::session);
  const LinkState* best = nullptr;
  const auto place = [&](const LinkState& link) {
    const bool is_others = own == links.end() || link.mag.empty() || link.mag != own->mag;
    return std::tuple(link.session != announcer, is_others, link.session);
  };
  for (const auto& link : links) {
    if (id == 0 || link.binding_id != id || !link.is_registered) continue;
    if (!best || place(link) < place(*best)) best = &link;
  }
  return best;
}

const LinkState* Surroundings::find(SessionId session) const {
  const auto found = std::ranges::find(links, session, &LinkState::session);
  return session && found != links.end() ? &*found : nullptr;
}

std::string_view to_string(DecisionReason reason) {
  switch (reason) {
    case DecisionReason::Moved:
      return "moved";
    case DecisionReason::Bound:
      return "bound";
    case DecisionReason::Preferred:
      return "preferred";
    case DecisionReason::Unlisted:
      return "unlisted";
    case DecisionReason::Stays:
      return "stays";
    case DecisionReason::WithDefault:
      return "with-default";
    case DecisionReason::Only:
      return "only";
    case DecisionReason::Nowhere:
      return "nowhere";
  }
  return "?";
}

std::string_view to_string(LinkFitness fitness) {
  switch (fitness) {
    case LinkFitness::Well:
      return "well";
    case LinkFitness::HeldDown:
      return "held-down";
    case LinkFitness::Excess:
      return "excess";
    case LinkFitness::Opening:
      return "opening";
    case LinkFitness::NotListed:
      return "not-listed";
    case LinkFitness::Foreign:
      return "foreign";
    case LinkFitness::Unreachable:
      return "unreachable";
    case LinkFitness::Gone:
      return "gone";
  }
  return "?";
}

std::string_view to_string(Excess excess) {
  switch (excess) {
    case Excess::None:
      return "none";
    case Excess::RoundTrip:
      return "round-trip";
    case Excess::Loss:
      return "loss";
    case Excess::Load:
      return "load";
  }
  return "?";
}

bool may_be_for(const FlowBinding& flow, const Ipv6Prefix& prefix) {
  if (flow.is_default()) return true;
  const auto is_for = [&](const wire::TrafficSelector6& selector) {
    return !selector.destination || has_some_of(*selector.destination, prefix);
  };
  return is_for(flow.flow->selector) || std::ranges::any_of(flow.flow->alternatives, is_for);
}

bool may_be_ipv4(const FlowBinding& flow) {
  const Ipv6Prefix mapped{to_mapped({}), 96};
  const auto is_other = [&](const auto& range) { return range && !has_some_of(*range, mapped); };
  const auto is_ipv4 = [&](const wire::TrafficSelector6& selector) {
    return !is_other(selector.source) && !is_other(selector.destination);
  };
  return flow.is_default() || is_ipv4(flow.flow->selector) ||
         std::ranges::any_of(flow.flow->alternatives, is_ipv4);
}

namespace {

/// What does not forward the flow's prefixes is no link to it. If nothing else is left, what loses its IPv4
/// is one; if that neither, what does not answer.
std::vector<LinkState> links_for(const FlowBinding& flow, const std::vector<LinkState>& all) {
  auto links = all;
  const auto is_permitted = [&](const LinkState& link) {
    return !flow.rule || flow.rule->others || flow.is_pinned || rank_of(*flow.rule, link);
  };
  const auto keep = [&](const auto& is_kept) {
    for (std::size_t i = 0; i < all.size(); ++i)
      links[i].is_live = !is_missed(flow, all[i]) && is_kept(all[i]);
    return std::ranges::any_of(links, [&](const auto& link) { return link.is_live && is_permitted(link); });
  };
  if (!keep([&](const LinkState& link) { return link.is_live && !loses_ipv4(flow, link); }) &&
      !keep([](const LinkState& link) { return link.is_live; }))
    keep([](const LinkState& link) { return link.is_registered; });
  return links;
}

Decision decide_among(const FlowBinding& flow, const Surroundings& around) {
  Decision decision;
  for (const auto& link : around.links) decision.links.push_back(verdict_on(flow, link, around));
  if (flow.rule)
    decide_by_rule(flow, decision);
  else if (flow.announced)
    decide_by_announcement(flow, around, decision);
  else
    decide_by_binding(flow, flow.wanted, around, decision);
  if (flow.rule) decision.spread = spread_of(flow, around, decision);
  return decision;
}

}  // namespace

Decision decide(const FlowBinding& flow, const Surroundings& around) {
  const auto is_whole = [&](const auto& link) { return !is_missed(flow, link) && !loses_ipv4(flow, link); };
  if (std::ranges::all_of(around.links, is_whole)) return decide_among(flow, around);
  const auto links = links_for(flow, around.links);
  return decide_among(flow,
                      {links, around.board, around.now, around.leaving, around.meanwhile, around.several});
}

/// A link that has failed this flow, or comes when the flow has just had to leave another, is held down from
/// the moment that it is well; one of another set, which was there before somebody asked for it, from the
/// loss.
void observe(FlowBinding& flow, const Surroundings& around) {
  if (!flow.rule) return flow.seen.clear();
  std::erase_if(flow.seen, [&](const LinkMemory& memory) { return !around.find(memory.session); });
  const bool has_just_left = flow.left && around.now < *flow.left + flow.rule->hold_down;
  for (const auto& link : around.links) {
    auto known = std::ranges::find(flow.seen, link.session, &LinkMemory::session);
    if (known == flow.seen.end()) known = flow.seen.insert(known, LinkMemory{link.session});
    const bool is_bad = around.board && around.board->excess_of(*flow.rule, link.mag_address) != Excess::None;
    const bool is_well = link.is_registered && link.is_live && !is_bad;
    if (is_well && link.is_opening) continue;  // which is no failure: a handover, or it was said again
    if (is_well && !known->is_well)
      known->since = known->was_well   ? std::optional(around.now)
                     : !has_just_left  ? std::nullopt
                     : link.is_foreign ? flow.left
                                       : std::optional(around.now);
    known->is_well = is_well;
    known->was_well = known->was_well || is_well;
  }
}

}  // namespace flowmob::core
