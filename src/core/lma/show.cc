// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <tuple>

#include "core/lma/commands.h"
#include "core/lma/events.h"
#include "core/lma/identifier.h"
#include "core/lma/selector_json.h"

namespace flowmob::core {
namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;

Json ipv4_json(const MobileNode& node) { return node.ipv4 ? Json(node.ipv4->address.to_string()) : Json(); }

std::string address_of(const MobileNode& node) {
  if (!node.prefixes.empty()) return node.prefixes.front().to_string();
  return node.ipv4 ? node.ipv4->address.to_string() : std::string();
}

struct View {
  const AnchorState& state;
  Now now;

  std::string mag_name(const Session& session) const { return state.policy.mag_name(session.mag); }

  std::int64_t remaining(const Session& s) const {
    return std::max<std::int64_t>(0, duration_cast<seconds>(s.deadline.monotonic - now.monotonic).count());
  }

  Json mag_of(const MobileNode& node, SessionId session) const {
    const auto* mag = node.mag_of(session);
    return mag ? Json(state.policy.mag_name(*mag)) : Json();
  }

  /// The session by which a flow goes: of another set, if that is a guest link's (docs/adr/0055).
  const Session* session_of(const MobileNode& node, SessionId id) const {
    const auto* guest = node.find_guest(id);
    if (!guest) return node.find(id);
    const auto* host = state.cache.find(guest->host);
    return host ? host->find(guest->session) : nullptr;
  }

  /// A row of the draft's Figure 3.
  Json binding(const MobileNode& node, const FlowBinding& flow) const {
    const auto* session = session_of(node, flow.current);
    Json row{{"mn", escaped(node.mn_id)},
             {"address", address_of(node)},
             {"prefixes", prefixes_json(node.prefixes)},
             {"delegated_prefixes", prefixes_json(node.delegated())},
             {"ipv4_address", ipv4_json(node)},
             {"flow", escaped(flow.name())},
             {"mag", nullptr},
             {"mag_address", nullptr},
             {"session", nullptr},
             {"flow_index", flow.index.value},
             {"state", to_string(state_of(flow))},
             {"access_technology", nullptr},
             {"lifetime_seconds", nullptr},
             {"remaining_seconds", nullptr}};
    if (!session) return row;
    row["mag"] = mag_name(*session);
    row["mag_address"] = session->mag.to_string();
    row["session"] = session->id.value;
    row["access_technology"] = wire::to_string(session->technology);
    row["lifetime_seconds"] = duration_cast<seconds>(session->lifetime).count();
    row["remaining_seconds"] = remaining(*session);
    add_notes(session->notes, row);
    return row;
  }

  static Json number_of(const Session* session) { return session ? Json(session->id.value) : Json(); }

  std::string_view session_state(const Session& s) const {
    if (s.in_delete_wait) return "delete-wait";
    if (state.revoking.contains(s.id)) return "revoking";
    return s.unreachable ? "unreachable" : "active";
  }

  /// Of other sets, which the session's MAG is to forward as well (RFC 7864).
  Json off_link_prefixes(const Session& s) const {
    const auto found = state.off_link.find(s.id);
    if (found == state.off_link.end()) return Json::array();
    return prefixes_json({found->second.begin(), found->second.end()});
  }

  Json session(const MobileNode& node, const Session& s) const {
    Json row{{"session", s.id.value},
             {"mn", escaped(node.mn_id)},
             {"mag", mag_name(s)},
             {"mag_address", s.mag.to_string()},
             {"access_technology", wire::to_string(s.technology)},
             {"handoff_indicator", wire::to_string(s.handoff)},
             {"link_layer_id", to_hex(s.link_layer_id)},
             {"prefixes", prefixes_json(s.ipv6 ? node.prefixes : std::vector<Ipv6Prefix>{})},
             {"off_link_prefixes", off_link_prefixes(s)},
             {"delegated_prefixes", prefixes_json(s.delegated)},
             {"ipv4_address", s.ipv4 ? ipv4_json(node) : Json()},
             {"state", session_state(s)},
             {"lifetime_seconds", duration_cast<seconds>(s.lifetime).count()},
             {"remaining_seconds", remaining(s)}};
    row["encapsulation"] = to_string(s.tunnelling.encapsulation);
    if (s.tunnelling.has_keys()) {
      row["downlink_key"] = s.tunnelling.downlink_key;
      row["uplink_key"] = s.tunnelling.uplink_key;
    }
    row["binding_id"] = s.binding_id == 0 ? Json() : Json(s.binding_id);
    row["binding_priority"] = s.binding_priority == 0 ? Json() : Json(s.binding_priority);
    if (s.path != 0) row["path"] = {{"id", s.path}, {"label", s.path_label}};
    add_notes(s.notes, row);
    return row;
  }

  static Json alternatives_of(const FlowBinding& f) {
    Json all = Json::array();
    if (f.is_default()) return all;
    for (const auto& selector : f.flow->alternatives) all.push_back(core::to_json(selector));
    return all;
  }

  Json announced(const MobileNode& node, const FlowBinding& f) const {
    if (!f.announced) return {};
    return {{"flow_id", f.announced->flow_id},
            {"by", mag_of(node, f.announced->by)},
            {"session", f.announced->by.value},
            {"binding_ids", f.announced->binding_ids}};
  }

  Json flow(const MobileNode& node, const FlowBinding& f) const {
    return {{"flow_index", f.index.value},
            {"mn", escaped(node.mn_id)},
            {"flow", escaped(f.name())},
            {"service", f.service.empty() ? Json() : Json(escaped(f.service))},
            {"owner", f.announced         ? "mag"
                      : f.service.empty() ? "policy"
                                          : "profile"},
            {"rule", f.rule ? Json(f.rule->name) : Json()},
            {"moved_by_command", f.is_pinned},
            {"announced", announced(node, f)},
            {"priority", f.service.empty() && !f.announced ? Json() : Json(f.flow->priority)},
            {"selector", core::to_json(f.is_default() ? wire::TrafficSelector6{} : f.flow->selector)},
            {"alternatives", alternatives_of(f)},
            {"mag", mag_of(node, f.current)},
            {"session", number_of(session_of(node, f.current))},
            {"wanted_mag", mag_of(node, f.wanted)},
            {"spread", spread_json(state.policy, node, f.spread)},
            {"state", to_string(state_of(f))},
            {"moves", f.moves}};
  }
};

bool is_shown(const MobileNode& node, const Json& arguments) {
  const auto filter = arguments.find("mn");
  if (filter == arguments.end() || !filter->is_string()) return true;
  const auto& text = filter->get_ref<const std::string&>();
  return text == node.mn_id || text == escaped(node.mn_id);
}

std::vector<const MobileNode*> shown(const BindingCache& cache, const Json& arguments) {
  std::vector<const MobileNode*> nodes;
  for (const auto& [index, node] : cache.nodes())
    if (is_shown(node, arguments)) nodes.push_back(&node);
  std::ranges::sort(nodes, {}, [](const MobileNode* n) { return std::tie(n->mn_id, n->index); });
  return nodes;
}

/// One list: `rows` adds those of one node.
template <class Rows>
Json list(const char* name, const AnchorState& state, const Json& arguments, Rows rows) {
  Json all = Json::array();
  for (const auto* node : shown(state.cache, arguments)) rows(*node, all);
  return {{name, std::move(all)}};
}

Json tunnels(const AnchorState& state) {
  Json all = Json::array();
  for (const auto& [mag, tunnel] : state.changes.forwarding().tunnels())
    all.push_back({{"local", tunnel.local.to_string()},
                   {"remote", mag.to_string()},
                   {"mag", state.policy.mag_name(mag)},
                   {"sessions", tunnel.sessions.size()}});
  return {{"tunnels", std::move(all)}};
}

}  // namespace

std::optional<Result<Json>> show(const AnchorState& state, Now now, std::string_view command,
                                 const Json& arguments) {
  const View view{state, now};
  if (command == "show bindings")
    return list("bindings", state, arguments, [&](const MobileNode& node, Json& rows) {
      for (const auto& flow : node.flows.bindings()) rows.push_back(view.binding(node, flow));
    });
  if (command == "show sessions")
    return list("sessions", state, arguments, [&](const MobileNode& node, Json& rows) {
      for (const auto& session : node.sessions) rows.push_back(view.session(node, session));
    });
  if (command == "show flows")
    return list("flows", state, arguments, [&](const MobileNode& node, Json& rows) {
      for (const auto& flow : node.flows.bindings()) rows.push_back(view.flow(node, flow));
    });
  if (command == "show tunnels") return tunnels(state);
  if (command == "show statistics") return state.statistics.to_json();
  return std::nullopt;
}

}  // namespace flowmob::core
