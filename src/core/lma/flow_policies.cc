// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "core/lma/commands.h"
#include "core/lma/events.h"
#include "core/lma/flow_wishes.h"
#include "core/lma/identifier.h"
#include "core/lma/node_edits.h"
#include "core/lma/selector_json.h"

namespace flowmob::core {
namespace {

Json pattern_json(const LinkPattern& pattern) {
  return pattern.technology ? Json(wire::to_string(*pattern.technology)) : Json(pattern.mag);
}

Json selectors_json(const FlowRule& rule) {
  Json selectors = Json::array();
  if (!rule.flow) return selectors;
  selectors.push_back(to_json(rule.flow->selector));
  for (const auto& selector : rule.flow->alternatives) selectors.push_back(to_json(selector));
  return selectors;
}

double in_milliseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::duration<double, std::milli>>(duration).count();
}

Json rule_json(const FlowRule& rule) {
  Json json{
      {"policy", rule.policy},
      {"position", rule.position + 1},
      {"rule", rule.name},
      {"service", rule.service.empty() ? Json() : Json(escaped(rule.service))},
      {"selectors", selectors_json(rule)},
      {"prefer", Json::array()},
      {"spread", rule.spread == SpreadKind::None ? Json() : Json(to_string(rule.spread))},
      {"shares", rule.shares},
      {"others", rule.others},
      {"returns", rule.returns},
      {"hold_down_ms", in_milliseconds(rule.hold_down)},
      {"max_round_trip_ms", rule.limits.round_trip ? Json(in_milliseconds(*rule.limits.round_trip)) : Json()},
      {"max_loss_percent", rule.limits.loss ? Json(*rule.limits.loss) : Json()},
      {"max_load_bits_per_second", rule.limits.load ? Json(*rule.limits.load) : Json()},
      {"margin_percent", rule.limits.margin}};
  for (const auto& pattern : rule.prefer) json["prefer"].push_back(pattern_json(pattern));
  return json;
}

using Rules = std::map<std::pair<std::string, std::string>, Shared<FlowRule>>;

Rules rules_by_name(const std::vector<Shared<FlowPolicy>>& policies) {
  Rules rules;
  for (const auto& policy : policies)
    for (const auto& rule : policy->rules) rules.emplace(std::pair(policy->name, rule->name), rule);
  return rules;
}

Json rule_changes(const Rules& before, const Rules& after) {
  Json changes = Json::array();
  const auto add = [&](const char* change, const auto& row) {
    changes.push_back({{"change", change}, {"policy", row.first.first}, {"rule", row.first.second}});
  };
  for (const auto& row : before)
    if (!after.contains(row.first)) add("removed", row);
  for (const auto& row : after) {
    const auto known = before.find(row.first);
    if (known == before.end())
      add("added", row);
    else if (!(known->second == row.second))
      add("changed", row);
  }
  return changes;
}

/// A flow by what it would be called; the numbers of flows to come are not known.
std::map<std::string, Ipv6Address> ways_of(const MobileNode& node) {
  std::map<std::string, Ipv6Address> ways;
  for (const auto& flow : node.flows.bindings()) {
    const auto* mag = node.mag_of(flow.current);
    ways.emplace(flow.service + "/" + std::string(flow.name()), mag ? *mag : Ipv6Address{});
  }
  return ways;
}

void append_moves(const Policy& policy, const MobileNode& node, const MobileNode& next, Json& moves) {
  const auto name = [&](const Ipv6Address& mag) {
    return mag.is_unspecified() ? Json() : Json(policy.mag_name(mag));
  };
  const auto before = ways_of(node), after = ways_of(next);
  for (const auto& [flow, mag] : after) {
    const auto was = before.find(flow);
    if (was != before.end() && was->second == mag) continue;
    moves.push_back({{"mn", escaped(node.mn_id)},
                     {"flow", escaped(flow.substr(flow.find('/') + 1))},
                     {"from", was == before.end() ? Json() : name(was->second)},
                     {"to", name(mag)}});
  }
}

void append_spreads(const Policy& policy, const MobileNode& node, const MobileNode& next, Json& spreads) {
  for (const auto& flow : next.flows.bindings()) {
    const auto* known = node.flows.find(flow.index);
    if (flow.spread == (known ? known->spread : Spread{})) continue;
    Json mags = Json::array();
    for (const auto& link : flow.spread.links)
      if (const auto* mag = next.mag_of(link.session)) mags.push_back(policy.mag_name(*mag));
    spreads.push_back({{"mn", escaped(node.mn_id)},
                       {"flow", escaped(flow.name())},
                       {"kind", to_string(flow.spread.kind)},
                       {"mags", std::move(mags)}});
  }
}

/// Whom the node's flows would have asked for them (docs/adr/0066), and is not asked already.
void append_asks(const AnchorState& state, const FlowMobility& mobility, const MobileNode& node,
                 const MobileNode& next, Json& asks) {
  if (state.policy.decider(node.mn_id) == Decider::Gateways || state.cache.find_all(node.mn_id).size() < 2)
    return;
  const auto may_be_asked = [&](const Session& session) { return mobility.may_be_asked_for(node, session); };
  const auto wished = wishes_of(state, node, may_be_asked);
  for (const auto& [session, wish] : wishes_of(state, next, may_be_asked).sessions) {
    const auto known = wished.sessions.find(session);
    if (known != wished.sessions.end() && std::ranges::includes(known->second.prefixes, wish.prefixes))
      continue;
    Json flows = Json::array();
    for (const auto flow : wish.flows) flows.push_back(escaped(next.flows.find(flow)->name()));
    asks.push_back({{"mn", escaped(node.mn_id)},
                    {"mag", state.policy.mag_name(state.cache.find(wish.host)->find(session)->mag)},
                    {"session", session.value},
                    {"prefixes", prefixes_json({wish.prefixes.begin(), wish.prefixes.end()})},
                    {"flows", std::move(flows)}});
  }
}

std::vector<const MobileNode*> in_order(const BindingCache& cache) {
  std::vector<const MobileNode*> nodes;
  for (const auto& [index, node] : cache.nodes()) nodes.push_back(&node);
  std::ranges::sort(nodes, {}, [](const MobileNode* node) { return node->index; });
  return nodes;
}

}  // namespace

Json show_policies(const AnchorState& state) {
  Json policies = Json::array(), rules = Json::array();
  for (const auto& policy : state.policy.config().flow_policies) {
    policies.push_back({{"policy", policy->name},
                        {"rules", policy->rules.size()},
                        {"default", policy->is_default},
                        {"groups", policy->groups},
                        {"mobile_nodes", policy->mobile_nodes.size()}});
    for (const auto& rule : policy->rules) rules.push_back(rule_json(*rule));
  }
  return {{"policies", std::move(policies)}, {"rules", std::move(rules)}};
}

Json compare_policies(const AnchorState& state, const FlowMobility& mobility,
                      const std::vector<Shared<FlowPolicy>>& policies) {
  const auto& running = state.policy.config().flow_policies;
  Policy other = state.policy;
  other.use(policies);
  FlowNumbers numbers = state.numbers.flows;
  Json moves = Json::array(), spreads = Json::array(), asks = Json::array();
  for (const auto* node : in_order(state.cache))
    if (const auto change = with_rules(other, *node, numbers); change && change->next) {
      append_moves(state.policy, *node, *change->next, moves);
      append_spreads(state.policy, *node, *change->next, spreads);
      append_asks(state, mobility, *node, *change->next, asks);
    }
  return {{"rules", rule_changes(rules_by_name(running), rules_by_name(policies))},
          {"moves", std::move(moves)},
          {"spreads", std::move(spreads)},
          {"asks", std::move(asks)}};
}

}  // namespace flowmob::core
