// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/lma/commands.h"
#include "core/lma/events.h"
#include "core/lma/flow_settling.h"
#include "core/lma/identifier.h"

namespace flowmob::core {
namespace {

using Nodes = std::vector<const MobileNode*>;

struct Target {
  const MobileNode* node;
  const FlowBinding* flow;
  SessionId session;
};

std::string text(const Json& arguments, const char* name) {
  const auto found = arguments.find(name);
  return found != arguments.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Nodes all_nodes(const BindingCache& cache) {
  Nodes nodes;
  for (const auto& [index, node] : cache.nodes()) nodes.push_back(&node);
  return nodes;
}

Result<Nodes> nodes_named(const BindingCache& cache, const std::string& mn) {
  auto nodes = cache.find_all(mn);
  const auto octets = unescaped(mn);
  if (nodes.empty() && octets) nodes = cache.find_all(*octets);
  if (nodes.empty()) return fail("no-such-mobile-node", "no mobile node " + escaped(mn) + " is registered");
  return nodes;
}

/// Those with this flow: one node, with a table of flows for each of its sets of prefixes.
Result<Nodes> with_flow(Nodes nodes, const std::string& mn, const std::string& name) {
  std::erase_if(nodes, [&](const MobileNode* n) { return !n->flows.find(name); });
  const std::string whose = mn.empty() ? "no mobile node has a flow " : escaped(mn) + " has no flow ";
  if (nodes.empty()) return fail("no-such-flow", whose + escaped(name));
  for (const auto* node : nodes) {
    if (node->mn_id != nodes.front()->mn_id)
      return fail("ambiguous-flow", "several mobile nodes have a flow " + escaped(name) + ": say --mn");
    if (node->flows.has_several(name))
      return fail("ambiguous-flow",
                  "several services of " + escaped(node->mn_id) + " have a flow " + escaped(name));
  }
  return nodes;
}

/// A MAG, and by which of its addresses; unspecified: whichever.
struct Where {
  const MagPeer* mag;
  Ipv6Address address;
};

Result<Where> find_mag(const Policy& policy, const std::string& name) {
  if (const auto* mag = policy.mag_named(name)) return Where{mag, {}};
  const auto address = Ipv6Address::parse(name);
  if (const auto* mag = address ? policy.mag(*address) : nullptr) return Where{mag, *address};
  return fail("no-such-mag", "no MAG " + escaped(name) + " is configured");
}

std::optional<SessionId> live_session_at(const MobileNode& node, const Where& where) {
  for (const auto& session : node.sessions) {
    const bool is_there =
        where.address.is_unspecified() ? where.mag->has(session.mag) : session.mag == where.address;
    if (!session.in_delete_wait && is_there) return session.id;
  }
  return std::nullopt;
}

/// A flow moves among the sessions that share its prefixes.
Result<Target> find_target(const Nodes& nodes, const std::string& name, const Where& where) {
  std::optional<Target> found;
  for (const auto* node : nodes) {
    const auto session = live_session_at(*node, where);
    if (!session) continue;
    if (found)
      return fail("ambiguous-flow",
                  escaped(node->mn_id) + " has several sets of prefixes at " + where.mag->name);
    found = Target{node, node->flows.find(name), *session};
  }
  if (!found)
    return fail("no-session", escaped(nodes.front()->mn_id) + " has no session at " + where.mag->name);
  return *found;
}

Result<Nodes> named_with_flow(const AnchorState& state, const Json& arguments) {
  const std::string name = text(arguments, "flow"), mn = text(arguments, "mn");
  const auto known = mn.empty() ? Result<Nodes>(all_nodes(state.cache)) : nodes_named(state.cache, mn);
  return known.and_then([&](const Nodes& all) { return with_flow(all, mn, name); });
}

Json mag_of(const AnchorState& state, const MobileNode& node, SessionId id) {
  const auto* held = node.find(id);
  return held ? Json(state.policy.mag_name(held->mag)) : Json();
}

Change change_to(const AnchorState& state, const MobileNode& node, MobileNode next) {
  Change change;
  change.mn_id = node.mn_id;
  change.node = node.index;
  append_flow_events(state.policy, node, next, change.events);
  change.next = std::move(next);
  return change;
}

}  // namespace

Result<FlowMove> plan_flow_move(AnchorState& state, const Json& arguments) {
  const std::string name = text(arguments, "flow");
  const auto nodes = named_with_flow(state, arguments);
  if (!nodes) return tl::unexpected(nodes.error());
  const auto mag = find_mag(state.policy, text(arguments, "to"));
  if (!mag) return tl::unexpected(mag.error());
  const auto target = find_target(*nodes, name, *mag);
  if (!target) return tl::unexpected(target.error());
  const auto& [node, flow, session] = *target;
  if (state.changes.under_way(node->mn_id))
    return fail("busy", "a change of " + escaped(node->mn_id) + " is under way; try again");

  MobileNode next = *node;
  if (std::ranges::count(next.live(), session) == 0)
    return fail("no-session", mag->mag->name + " does not answer: the flow would not stay there");
  next.flows.move(flow->index, session);
  settle_flows(state.policy, next);
  const auto& moved = *next.flows.find(flow->index);
  FlowMove move;
  move.answer = {{"mn", escaped(node->mn_id)},
                 {"flow", escaped(flow->name())},
                 {"flow_index", flow->index.value},
                 {"from", mag_of(state, *node, flow->current)},
                 {"wanted_from", mag_of(state, *node, flow->wanted)},
                 {"to", mag->mag->name},
                 {"session", session.value},
                 {"changed", flow->wanted != session || flow->current != moved.current ||
                                 flow->is_pinned != moved.is_pinned},
                 {"waits", moved.current != session}};
  if (!move.answer["changed"].get<bool>()) return move;
  move.change = change_to(state, *node, std::move(next));
  return move;
}

Result<FlowMove> plan_flow_release(AnchorState& state, const Json& arguments) {
  const auto nodes = named_with_flow(state, arguments);
  if (!nodes) return tl::unexpected(nodes.error());
  const std::string name = text(arguments, "flow");
  const auto is_pinned = [&](const MobileNode* node) { return node->flows.find(name)->is_pinned; };
  const auto pinned = std::ranges::find_if(*nodes, is_pinned);
  const MobileNode& node = pinned == nodes->end() ? *nodes->front() : **pinned;
  if (!node.flows.find(name)->rule) return fail("no-rule", "no rule governs " + escaped(name));
  if (state.changes.under_way(node.mn_id))
    return fail("busy", "a change of " + escaped(node.mn_id) + " is under way; try again");
  const auto& flow = *node.flows.find(name);
  MobileNode next = node;
  next.flows.release(flow.index);
  settle_flows(state.policy, next);
  FlowMove move;
  move.answer = {{"mn", escaped(node.mn_id)},
                 {"flow", escaped(name)},
                 {"flow_index", flow.index.value},
                 {"from", mag_of(state, node, flow.current)},
                 {"to", mag_of(state, next, next.flows.find(flow.index)->current)},
                 {"changed", flow.is_pinned}};
  if (flow.is_pinned) move.change = change_to(state, node, std::move(next));
  return move;
}

}  // namespace flowmob::core
