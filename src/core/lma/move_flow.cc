// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/lma/commands.h"
#include "core/lma/events.h"
#include "core/lma/identifier.h"

namespace flowmob::core {
namespace {

struct Target {
  const MobileNode* node;
  const FlowBinding* flow;
};

std::string text(const Json& arguments, const char* name) {
  const auto found = arguments.find(name);
  return found != arguments.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<Target> flow_of(const MobileNode& node, const std::string& name) {
  const auto* flow = node.flows.find(name);
  if (!flow) return fail("no-such-flow", escaped(node.mn_id) + " has no flow " + escaped(name));
  if (node.flows.has_several(name))
    return fail("ambiguous-flow",
                "several services of " + escaped(node.mn_id) + " have a flow " + escaped(name));
  return Target{&node, flow};
}

Result<Target> find_by_node(const BindingCache& cache, const std::string& mn, const std::string& name) {
  const auto* node = cache.find(mn);
  const auto octets = unescaped(mn);
  if (!node && octets) node = cache.find(*octets);
  if (!node) return fail("no-such-mobile-node", "no mobile node " + escaped(mn) + " is registered");
  return flow_of(*node, name);
}

Result<Target> find_by_flow(const BindingCache& cache, const std::string& name) {
  const MobileNode* owner = nullptr;
  for (const auto& [mn_id, node] : cache.nodes()) {
    if (!node.flows.find(name)) continue;
    if (owner)
      return fail("ambiguous-flow", "several mobile nodes have a flow " + escaped(name) + ": say --mn");
    owner = &node;
  }
  if (!owner) return fail("no-such-flow", "no mobile node has a flow " + escaped(name));
  return flow_of(*owner, name);
}

Result<const MagPeer*> find_mag(const Policy& policy, const std::string& name) {
  const auto* mag = policy.mag_named(name);
  const auto address = Ipv6Address::parse(name);
  if (!mag && address) mag = policy.mag(*address);
  if (!mag) return fail("no-such-mag", "no MAG " + escaped(name) + " is configured");
  return mag;
}

Result<SessionId> live_session_at(const MobileNode& node, const MagPeer& mag) {
  for (const auto& session : node.sessions)
    if (!session.in_delete_wait && session.mag == mag.address) return session.id;
  return fail("no-session", escaped(node.mn_id) + " has no session at " + mag.name);
}

}  // namespace

Result<FlowMove> plan_flow_move(AnchorState& state, const Json& arguments) {
  const std::string name = text(arguments, "flow"), mn = text(arguments, "mn");
  const auto target = mn.empty() ? find_by_flow(state.cache, name) : find_by_node(state.cache, mn, name);
  if (!target) return tl::unexpected(target.error());
  const auto& [node, flow] = *target;
  const auto mag = find_mag(state.policy, text(arguments, "to"));
  if (!mag) return tl::unexpected(mag.error());
  const auto session = live_session_at(*node, **mag);
  if (!session) return tl::unexpected(session.error());
  if (state.changes.under_way(node->mn_id))
    return fail("busy", "a change of " + escaped(node->mn_id) + " is under way; try again");

  const auto* from = node->find(flow->current);
  FlowMove move;
  move.answer = {{"mn", escaped(node->mn_id)},
                 {"flow", escaped(flow->flow.name)},
                 {"flow_index", flow->index.value},
                 {"from", from ? Json(state.policy.mag_name(from->mag)) : Json()},
                 {"to", (*mag)->name},
                 {"session", session->value},
                 {"changed", flow->wanted != *session || flow->current != *session}};
  if (!move.answer["changed"].get<bool>()) return move;
  Change& change = move.change.emplace();
  change.mn_id = node->mn_id;
  change.next = *node;
  change.next->flows.switch_to(flow->index, *session);
  change.next->flows.reselect(change.next->live(), change.next->opening());
  append_flow_events(state.policy, *node, *change.next, change.events);
  return move;
}

}  // namespace flowmob::core
