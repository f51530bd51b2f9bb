// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "core/flow/flow_key.h"
#include "core/lma/commands.h"
#include "core/lma/events.h"
#include "core/lma/flow_settling.h"
#include "core/lma/guest_links.h"
#include "core/lma/identifier.h"

namespace flowmob::core {
namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

bool has_address(const MobileNode& node, const Ipv6Address& address) {
  if (is_mapped(address)) return node.ipv4 && node.ipv4->address.address == from_mapped(address);
  return node.has_address(address);
}

Result<const MobileNode*> addressed_node(const BindingCache& cache, const FlowKey& key,
                                         const Json& arguments) {
  const auto mn = arguments.find("mn");
  if (mn == arguments.end()) {
    for (const auto& [index, node] : cache.nodes())
      if (has_address(node, key.destination)) return &node;
    return fail("no-such-mobile-node", "no registered mobile node has the destination's address");
  }
  const auto& name = mn->get_ref<const std::string&>();
  auto nodes = cache.find_all(name);
  if (const auto octets = unescaped(name); nodes.empty() && octets) nodes = cache.find_all(*octets);
  if (nodes.empty()) return fail("no-such-mobile-node", "no mobile node " + escaped(name) + " is registered");
  for (const auto* node : nodes)
    if (has_address(*node, key.destination)) return node;
  return fail("no-such-mobile-node", escaped(name) + " does not have the destination's address");
}

/// The first field of every selector in which the flow differs; none: it matches.
std::optional<std::string> mismatch(const FlowBinding& flow, const FlowKey& key) {
  if (flow.is_default()) return std::nullopt;
  std::string fields;
  const auto matches = [&](const wire::TrafficSelector6& selector) {
    const auto field = first_mismatch(selector, key);
    if (field && fields.find(*field) == std::string::npos)
      fields += (fields.empty() ? "" : " ") + std::string(*field);
    return !field;
  };
  if (matches(flow.flow->selector) || std::ranges::any_of(flow.flow->alternatives, matches))
    return std::nullopt;
  return fields;
}

std::string milliseconds(Duration duration) {
  return fmt::format("{:.6g} ms", std::chrono::duration_cast<Milliseconds>(duration).count());
}

std::string whole_milliseconds(Duration duration) {
  return fmt::format("{} ms", std::chrono::ceil<std::chrono::milliseconds>(duration).count());
}

std::string excess_text(const LinkVerdict& verdict, const FlowRule& rule, const LinkQuality& quality) {
  switch (verdict.excess) {
    case Excess::RoundTrip:
      return fmt::format("round trip {}, at most {}", milliseconds(quality.round_trip.value_or(Duration{})),
                         milliseconds(rule.limits.round_trip.value_or(Duration{})));
    case Excess::Loss:
      return fmt::format("loss {} %, at most {} %", quality.loss.value_or(0), rule.limits.loss.value_or(0));
    case Excess::Load:
      return fmt::format("load {} bit/s, at most {} bit/s", quality.load.value_or(0),
                         rule.limits.load.value_or(0));
    case Excess::None:
      break;
  }
  return {};
}

/// Why a link does not carry the flow.
std::string why_not(const LinkVerdict& verdict, const FlowBinding& flow, const LinkState& link,
                    const Policy& policy) {
  switch (verdict.fitness) {
    case LinkFitness::Well:
      if (!flow.rule || flow.is_pinned) return "the flow is bound elsewhere";
      return verdict.rank ? "another comes first in the rule" : "not in the rule's list";
    case LinkFitness::HeldDown:
      return fmt::format("has failed; well, and held down for another {}",
                         whole_milliseconds(*verdict.held_until - policy.links().now()));
    case LinkFitness::Excess:
      return excess_text(verdict, *flow.rule, policy.links().quality(link.mag_address));
    case LinkFitness::Opening:
      return "has just come: its gateway may not deliver yet";
    case LinkFitness::NotListed:
      return "not in the rule's list, and the rule permits no others";
    case LinkFitness::Foreign:
      return link.is_foreign ? "of another set: its gateway does not forward all of the flow's packets"
                             : "its gateway has not registered the IPv4 home address";
    case LinkFitness::Unreachable:
      return "its gateway does not answer";
    case LinkFitness::Gone:
      return "de-registered";
  }
  return "?";
}

std::string because(DecisionReason reason) {
  switch (reason) {
    case DecisionReason::Moved:
      return "a command has moved it there";
    case DecisionReason::Bound:
      return "it is bound to that link";
    case DecisionReason::Preferred:
      return "first in the rule's list of the links that can carry it";
    case DecisionReason::Unlisted:
      return "no link of the rule's list can carry it, and the rule permits others";
    case DecisionReason::Stays:
      return "it is there, and nothing moves it";
    case DecisionReason::WithDefault:
      return "its own link cannot carry it: it goes where the default flow goes";
    case DecisionReason::Only:
      return "no better link is left";
    case DecisionReason::Nowhere:
      return "no link may carry it";
  }
  return "?";
}

bool is_in(const Spread& spread, SessionId session) {
  return std::ranges::count(spread.links, session, &SpreadLink::session) != 0;
}

std::string because(const Decision& decision) {
  if (decision.reason == DecisionReason::Moved) return because(decision.reason);
  if (decision.spread.kind == SpreadKind::Copies) return "each packet goes by every chosen link";
  if (decision.spread.kind == SpreadKind::Shares)
    return "its share of new flows; one that lives stays where it began";
  return because(decision.reason);
}

std::string_view reason_of(const Decision& decision) {
  if (decision.reason == DecisionReason::Moved) return to_string(decision.reason);
  if (decision.spread.kind == SpreadKind::Copies) return "copied";
  return decision.spread.kind == SpreadKind::Shares ? "shared" : to_string(decision.reason);
}

std::string why_no_other(const LinkVerdict& verdict, const FlowBinding& flow, const LinkState& link,
                         const Decision& decision, const Policy& policy) {
  if (decision.spread.kind == SpreadKind::Shares && is_in(decision.spread, link.session))
    return "it has other flows: their share";
  return why_not(verdict, flow, link, policy);
}

Json link_json(const MobileNode& node, const LinkState& link, const LinkVerdict& verdict,
               const FlowBinding& flow, const Decision& decision, const Policy& policy) {
  const bool is_copied = decision.spread.kind == SpreadKind::Copies && is_in(decision.spread, link.session);
  const bool is_chosen = link.session == decision.session || is_copied;
  const auto quality = policy.links().quality(link.mag_address);
  return {{"mag", policy.mag_name(link.mag_address)},
          {"session", session_behind_candidate(node.session_behind(link.session)).value},
          {"access_technology", wire::to_string(link.technology)},
          {"rank", verdict.rank ? Json(*verdict.rank + 1) : Json()},
          {"fitness", to_string(verdict.fitness)},
          {"chosen", is_chosen},
          {"why", is_chosen ? because(decision) : why_no_other(verdict, flow, link, decision, policy)},
          {"round_trip_ms", quality.round_trip ? Json(Milliseconds(*quality.round_trip).count()) : Json()},
          {"loss_percent", quality.loss ? Json(*quality.loss) : Json()},
          {"load_bits_per_second", quality.load ? Json(*quality.load) : Json()}};
}

Surroundings surroundings_of(const Policy& policy, const MobileNode& node,
                             const std::vector<LinkState>& links) {
  return {links,
          &policy.links(),
          policy.links().now(),
          {},
          node.flows.default_flow().current,
          policy.several_bindings(node.mn_id)};
}

Json decision_json(const Policy& policy, const MobileNode& node, const FlowBinding& flow,
                   const std::vector<LinkState>& links, const Decision& decision) {
  Json shown = Json::array();
  for (std::size_t i = 0; i < links.size(); ++i)
    shown.push_back(link_json(node, links[i], decision.links[i], flow, decision, policy));
  const auto* mag = node.mag_of(decision.session);
  return {{"policy", node.flows.policy() ? Json(node.flows.policy()->name) : Json()},
          {"rule", flow.rule ? Json(flow.rule->name) : Json()},
          {"session", mag ? Json(node.session_behind(decision.session).value) : Json()},
          {"mag", mag ? Json(policy.mag_name(*mag)) : Json()},
          {"reason", reason_of(decision)},
          {"because", because(decision)},
          {"spread", spread_json(policy, node, decision.spread)},
          {"links", std::move(shown)}};
}

}  // namespace

Json decision_of(const Policy& policy, const MobileNode& before, const MobileNode& after,
                 const FlowEvent& change) {
  const auto links = links_of(policy, after);
  FlowBinding undecided = change.after;
  undecided.current = change.before.current;
  auto around = surroundings_of(policy, before, links);
  if (const auto* left = around.find(undecided.current); left && left->is_opening)
    around.leaving = undecided.current;
  const auto decision = decide(undecided, around);
  if (decision.session != change.after.current) return {};
  return decision_json(policy, after, undecided, links, decision);
}

Result<Json> explain(const AnchorState& state, const Json& arguments) {
  for (const char* name : {"user", "cgroup"})
    if (arguments.contains(name))
      return fail("bad-argument", fmt::format("{}: only a mobile node knows the sockets of its flows", name));
  const auto key = flow_key_of(arguments);
  if (!key) return tl::unexpected(key.error());
  const auto node = addressed_node(state.cache, *key, arguments);
  if (!node) return tl::unexpected(node.error());
  Json passed = Json::array();
  for (const auto& flow : (*node)->flows.bindings()) {
    if (!flow.is_matched()) continue;
    const auto fields = mismatch(flow, *key);
    if (fields) {
      passed.push_back({{"flow", escaped(flow.name())},
                        {"rule", flow.rule ? Json(flow.rule->name) : Json()},
                        {"differs_in", *fields}});
      continue;
    }
    Json answer{{"mn", escaped((*node)->mn_id)},
                {"packets", to_string(*key)},
                {"flow", escaped(flow.name())},
                {"flow_index", flow.index.value}};
    auto links = links_of(state.policy, **node);
    for (const auto& foreign : foreign_sessions(state, **node))
      links.push_back(link_of(state.policy, **node, *foreign.session));
    auto decision = decide(flow, surroundings_of(state.policy, **node, links));
    if (decision.spread.kind == SpreadKind::Shares) decision.session = share_of(decision.spread, *key);
    answer.update(decision_json(state.policy, **node, flow, links, decision));
    answer["passed_over"] = std::move(passed);
    return answer;
  }
  return fail("no-such-flow", "no flow matches");  // not reached: the default flow matches everything
}

}  // namespace flowmob::core
