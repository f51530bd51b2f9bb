// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/lma/commands.h"
#include "core/lma/events.h"
#include "core/lma/flow_settling.h"
#include "core/lma/guest_links.h"
#include "core/lma/identifier.h"

namespace flowmob::core {
namespace {

using Nodes = std::vector<const MobileNode*>;

/// A session of the flow's own set or a guest link of that; or a session of another set, its host.
struct Target {
  const MobileNode* node;
  const FlowBinding* flow;
  SessionId session;
  NodeIndex host = {};
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

/// Of IPv4 nothing arrives by a gateway that has not registered the home address (RFC 5844 section 3.1.2.1).
Result<void> check_ipv4(const MobileNode& node, const FlowBinding& flow, SessionId to) {
  const auto* session = node.find(to);
  if (!node.ipv4 || !session || session->ipv4 || !may_be_ipv4(flow)) return {};
  return fail("ipv4-stays", "some of the flow may be for " + node.ipv4->address.to_string() +
                                ", which that gateway has not registered");
}

/// One set of several, where the flow's name does not say which.
Result<Nodes> with_prefix(Nodes nodes, const std::string& text) {
  if (text.empty()) return nodes;
  const auto prefix = Ipv6Prefix::parse(text);
  if (!prefix) return fail("bad-argument", "prefix: " + prefix.error().message);
  std::erase_if(nodes, [&](const MobileNode* n) { return std::ranges::count(n->prefixes, *prefix) == 0; });
  if (nodes.empty()) return fail("no-such-mobile-node", "no mobile node has " + text);
  return nodes;
}

bool is_there(const Where& where, const Ipv6Address& mag) {
  return where.address.is_unspecified() ? where.mag->has(mag) : mag == where.address;
}

std::optional<SessionId> live_session_at(const MobileNode& node, const Where& where) {
  for (const auto& session : node.sessions)
    if (!session.in_delete_wait && is_there(where, session.mag)) return session.id;
  return std::nullopt;
}

const GuestLink* live_guest_at(const MobileNode& node, const Where& where) {
  const auto found = std::ranges::find_if(
      node.guests, [&](const GuestLink& link) { return link.up && is_there(where, link.mag); });
  return found == node.guests.end() ? nullptr : &*found;
}

/// Where the MAG has sessions of other sets alone, it may be asked to forward this one's prefixes.
std::optional<Target> foreign_target(const AnchorState& state, const MobileNode& node,
                                     const FlowBinding& flow, const Where& where) {
  if (const auto* link = live_guest_at(node, where)) {
    const bool is_told = std::ranges::includes(link->prefixes, prefixes_of(node, flow));
    return is_told ? Target{&node, &flow, link->id} : Target{&node, &flow, link->session, link->host};
  }
  for (const auto* other : state.cache.find_all(node.mn_id)) {
    if (other == &node) continue;
    for (const auto& s : other->sessions)
      if (!s.in_delete_wait && !s.unreachable && s.ipv6 && is_there(where, s.mag) &&
          !state.revoking.contains(s.id))
        return Target{&node, &flow, s.id, other->index};
  }
  return std::nullopt;
}

/// RFC 7864 has no words for what is not in a home network prefix.
Result<void> check_foreign(const AnchorState& state, const Target& target) {
  const auto& [node, flow, session, host] = target;
  if (node->prefixes.empty()) return fail("no-prefix", escaped(node->mn_id) + " has IPv4 alone in this set");
  if (const auto* there = state.cache.find(host); there && there->find(session)->tunnelling.has_keys())
    return fail("keys-not-shared", "the session there has GRE keys, which are those of its own set");
  if (flow->is_default() && node->ipv4)
    return fail("ipv4-stays", "the default flow carries " + node->ipv4->address.to_string() +
                                  ", which only a MAG with a session of its own set can deliver");
  return {};
}

Result<Target> find_foreign(const AnchorState& state, const Nodes& nodes, const std::string& name,
                            const Where& where) {
  std::optional<Target> found;
  for (const auto* node : nodes) {
    const auto target = foreign_target(state, *node, *node->flows.find(name), where);
    if (target && found)
      return fail("ambiguous-flow",
                  escaped(node->mn_id) + " has such a flow in several sets of prefixes: say --prefix");
    if (target) found = target;
  }
  if (!found)
    return fail("no-session", escaped(nodes.front()->mn_id) + " has no session at " + where.mag->name);
  if (auto possible = check_foreign(state, *found); !possible) return tl::unexpected(possible.error());
  return *found;
}

/// A flow moves among the sessions that share its prefixes, and to those of other sets by RFC 7864.
Result<Target> find_target(const AnchorState& state, const Nodes& nodes, const std::string& name,
                           const Where& where) {
  std::optional<Target> found;
  for (const auto* node : nodes) {
    const auto session = live_session_at(*node, where);
    if (!session) continue;
    if (found)
      return fail("ambiguous-flow",
                  escaped(node->mn_id) + " has several sets of prefixes at " + where.mag->name);
    found = Target{node, node->flows.find(name), *session};
  }
  if (!found) return find_foreign(state, nodes, name, where);
  return *found;
}

Result<Nodes> named_with_flow(const AnchorState& state, const Json& arguments) {
  const std::string name = text(arguments, "flow"), mn = text(arguments, "mn");
  const auto all_of_mn = mn.empty() ? Result<Nodes>(all_nodes(state.cache)) : nodes_named(state.cache, mn);
  return all_of_mn.and_then([&](const Nodes& all) { return with_prefix(all, text(arguments, "prefix")); })
      .and_then([&](const Nodes& all) { return with_flow(all, mn, name); });
}

Json mag_of(const AnchorState& state, const MobileNode& node, SessionId id) {
  const auto* mag = node.mag_of(id);
  return mag ? Json(state.policy.mag_name(*mag)) : Json();
}

HandoverCause command(AnchorState& state, const char* name) {
  return state.handovers.cause(HandoverTrigger::Command, {{"command", name}});
}

constexpr std::int64_t kLongestDeadline = 10'000;  // ms

/// As it is configured, but for what the command says.
Result<OrderConfig> order_asked(const Json& arguments, OrderConfig order) {
  if (const auto word = text(arguments, "order"); word == "now")
    order.order = MoveOrder::Now;
  else if (word == "gap")
    order.order = MoveOrder::Gap;
  else if (!word.empty())
    return fail("bad-argument", "order: \"gap\" or \"now\", not \"" + word + "\"");
  const auto deadline = arguments.find("deadline");
  if (deadline == arguments.end()) return order;
  const auto ms = deadline->get<std::int64_t>();
  if (ms < 0 || ms > kLongestDeadline)
    return fail("bad-argument", "deadline: from 0 to " + std::to_string(kLongestDeadline) + " milliseconds");
  order.deadline = std::chrono::milliseconds(ms);
  return order;
}

Change to_be(const MobileNode& node, MobileNode next, HandoverCause cause) {
  Change change;
  change.mn_id = node.mn_id;
  change.node = node.index;
  change.cause = std::move(cause);
  change.next = std::move(next);
  return change;
}

Json answer_of(const AnchorState& state, const Target& target, const MagPeer& to) {
  const auto& flow = *target.flow;
  const auto* guest = target.node->find_guest(target.session);
  return {{"mn", escaped(target.node->mn_id)},
          {"flow", escaped(flow.name())},
          {"flow_index", flow.index.value},
          {"from", mag_of(state, *target.node, flow.current)},
          {"wanted_from", mag_of(state, *target.node, flow.wanted)},
          {"to", to.name},
          {"session", guest ? guest->session.value : target.session.value},
          {"changed", true},
          {"waits", true}};
}

}  // namespace

Result<FlowMove> plan_flow_move(AnchorState& state, const Json& arguments) {
  const std::string name = text(arguments, "flow");
  const auto nodes = named_with_flow(state, arguments);
  if (!nodes) return tl::unexpected(nodes.error());
  const auto mag = find_mag(state.policy, text(arguments, "to"));
  if (!mag) return tl::unexpected(mag.error());
  const auto target = find_target(state, *nodes, name, *mag);
  if (!target) return tl::unexpected(target.error());
  const auto& [node, flow, session, host] = *target;
  if (state.policy.decider(node->mn_id) == Decider::Gateways)
    return fail("mn-decides",
                "decider is \"mn\" for " + escaped(node->mn_id) + ": its flows go where its gateways say");
  if (state.changes.under_way(node->mn_id))
    return fail("busy", "a change of " + escaped(node->mn_id) + " is under way; try again");
  const auto order = order_asked(arguments, state.policy.order(node->mn_id));
  if (!order) return tl::unexpected(order.error());
  FlowMove move;
  move.answer = answer_of(state, *target, *mag->mag);
  move.answer["order"] = order->order == MoveOrder::Gap ? "gap" : "now";
  auto cause = command(state, "flow move");
  cause.order = *order;
  if (host) {
    move.asks = GuestMove{node->index, flow->index, host, session, {{}, move.answer}, std::move(cause)};
    return move;
  }
  if (auto possible = check_ipv4(*node, *flow, session); !possible) return tl::unexpected(possible.error());
  MobileNode next = *node;
  if (std::ranges::count(next.live(), session) == 0)
    return fail("no-session", mag->mag->name + " does not answer: the flow would not stay there");
  next.flows.move(flow->index, session);
  settle_flows(state.policy, next);
  const auto& moved = *next.flows.find(flow->index);
  move.answer["changed"] =
      flow->wanted != session || flow->current != moved.current || flow->is_pinned != moved.is_pinned;
  move.answer["waits"] = moved.current != session;
  if (!move.answer["changed"].get<bool>()) return move;
  move.change = to_be(*node, std::move(next), std::move(cause));
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
  if (flow.is_pinned) move.change = to_be(node, std::move(next), command(state, "flow release"));
  return move;
}

}  // namespace flowmob::core
