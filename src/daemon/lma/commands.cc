// SPDX-License-Identifier: Apache-2.0
// What flowmob-lmad answers on its control socket: the core's view, with what the system knows added.
#include <string>

#include "daemon/config/value.h"
#include "daemon/host/links.h"
#include "daemon/lma/daemon.h"

namespace flowmob::daemon {

using core::Json;

namespace {

/// The core has durations in milliseconds.
Result<Json> with_deadline(Json arguments) {
  const auto found = arguments.find("deadline");
  if (found == arguments.end()) return arguments;
  const auto time = config::parse_duration(found->get<std::string>());
  if (!time) return fail("bad-argument", "'deadline' has to be a duration such as 250ms");
  *found = std::chrono::duration_cast<std::chrono::milliseconds>(*time).count();
  return arguments;
}

}  // namespace

Result<void> LmaDaemon::monitor_drops() {
  auto drops = DropMonitor::open(*host_, dataplane_->object());
  if (!drops) return tl::unexpected(drops.error());
  drops_ = std::move(*drops);
  return {};
}

/// The node's data plane rows, by its sessions; and what their numbers stand for.
Result<CaptureService::Numbers> LmaDaemon::find_captured(const std::string& mn) {
  if (mn.empty()) return fail("bad-argument", "capture: argument 'mn' is missing");
  const auto ask_of = [&](const char* command) {
    return pump_->feed([&](Now now) { return anchor_->handle_command(now, command, {{"mn", mn}}); });
  };
  const auto bindings = ask_of("show bindings"), sessions = ask_of("show sessions");
  if (!bindings) return tl::unexpected(bindings.error());
  if (!sessions) return tl::unexpected(sessions.error());
  CaptureService::Numbers numbers;
  for (const Json& row : (*sessions)["sessions"]) {
    const auto session = id_of<SessionId>(row, "session");
    const auto node = session ? dataplane_->node_of(*session) : std::nullopt;
    if (!node) continue;
    numbers.insert(node->value);
    captured_sessions_[*session] = {{"mag", row["mag"]}, {"remote", row["mag_address"]}};
  }
  for (const Json& row : (*bindings)["bindings"])
    if (const auto flow = id_of<FlowIndex>(row, "flow_index")) captured_flows_[*flow] = row["flow"];
  if (numbers.empty()) return fail("no-such-mobile-node", "no mobile node '" + mn + "' has a session");
  return numbers;
}

Json LmaDaemon::describe_captured(const dataplane::CapturedPacket& packet) const {
  const auto flow = captured_flows_.find(packet.flow);
  const auto session = captured_sessions_.find(SessionId{packet.session});
  Json said{{"flow", flow == captured_flows_.end() ? Json() : Json(flow->second)},
            {"flow_index", packet.flow.value},
            {"session", packet.session}};
  if (session != captured_sessions_.end()) said.update(session->second);
  return said;
}

Result<void> LmaDaemon::serve_captures() {
  auto captures = CaptureService::open(
      *host_, dataplane_->object(),
      {[this](const std::string& mn) { return find_captured(mn); },
       [this](const CaptureService::Numbers& numbers) {
         std::set<NodeIndex> nodes;
         for (const auto number : numbers) nodes.insert(NodeIndex{number});
         if (nodes.empty()) captured_flows_.clear();
         if (nodes.empty()) captured_sessions_.clear();
         return dataplane_->set_captured(std::move(nodes));
       },
       [this](const dataplane::CapturedPacket& packet) { return describe_captured(packet); }});
  if (!captures) return tl::unexpected(captures.error());
  captures_ = std::move(*captures);
  return {};
}

Result<void> LmaDaemon::add_commands() {
  auto& control = host_->control();
  auto added = host_->on_status(settings_.core.name, [this] {
    return Json{{"address", settings_.core.address.to_string()},
                {"mags", settings_.core.mags.size()},
                {"mobile_nodes", settings_.core.mobile_nodes.size()}};
  });
  for (const std::string command :
       {"show bindings", "show sessions", "show flows", "show peers", "session revoke"}) {
    if (added) added = control.handle(command, [this, command](const Json& a) { return ask(command, a); });
  }
  for (const std::string command : {"flow move", "flow release"})
    if (added)
      added =
          control.handle_async(command, [this, command](const Json& a, platform::ControlServer::Reply reply) {
            change_flow(command, a, std::move(reply));
          });
  return added
      .and_then([&] { return control.handle("show tunnels", [this](const Json& a) { return tunnels(a); }); })
      .and_then(
          [&] { return control.handle("show statistics", [this](const Json& a) { return statistics(a); }); })
      .and_then(
          [&] { return control.handle("show handovers", [this](const Json& a) { return handovers(a); }); })
      .and_then([&] { return add_policy_commands(); })
      .and_then([&] { return control.handle("show links", [this](const Json&) { return links(); }); })
      .and_then([&] { return host_->on_reload([this] { return reload(); }); })
      .and_then([&] { return monitor_drops(); })
      .and_then([&] { return serve_captures(); });
}

Result<Json> LmaDaemon::ask(std::string_view command, const Json& arguments) {
  auto answer = pump_->feed([&](Now now) { return anchor_->handle_command(now, command, arguments); });
  if (answer) add_traffic(*answer, [this](const Json& row) { return traffic_of(row); });
  return answer;
}

/// Most have ended when the pump returns; one for which a MAG has to be asked ends with its answer.
void LmaDaemon::change_flow(std::string_view command, const Json& arguments,
                            platform::ControlServer::Reply reply) {
  const auto in_numbers = with_deadline(arguments);
  if (!in_numbers) return reply(tl::unexpected(in_numbers.error()));
  const core::CommandId id{++last_command_};
  changes_.emplace(id, std::move(reply));
  pump_->feed([&](Now now) { anchor_->begin_command(now, id, command, *in_numbers); });
}

void LmaDaemon::answer_changes() {
  while (auto done = anchor_->poll_answer()) {
    const auto change = changes_.extract(done->id);
    if (change.empty()) continue;
    if (done->answer) add_traffic(*done->answer, [this](const Json& row) { return traffic_of(row); });
    change.mapped()(done->answer);
  }
}

/// A row that names a flow shows the flow's traffic, else its session's.
std::optional<dataplane::Traffic> LmaDaemon::traffic_of(const Json& row) const {
  if (const auto flow = id_of<FlowIndex>(row, "flow_index")) return dataplane_->flow_traffic(*flow);
  if (const auto session = id_of<SessionId>(row, "session")) return dataplane_->session_traffic(*session);
  return {};
}

Result<Json> LmaDaemon::tunnels(const Json& arguments) {
  auto answer = ask("show tunnels", arguments);
  const auto sessions = ask("show sessions", Json::object());
  if (!answer || !sessions) return answer;
  for (Json& tunnel : (*answer)["tunnels"])
    tunnel["traffic"] = sum_traffic((*sessions)["sessions"], "mag_address", tunnel["remote"]);
  return answer;
}

Result<Json> LmaDaemon::handovers(const Json& arguments) {
  return pump_->feed([&](Now now) { return anchor_->handle_command(now, "show handovers", arguments); });
}

Result<Json> LmaDaemon::statistics(const Json& arguments) {
  auto answer =
      pump_->feed([&](Now now) { return anchor_->handle_command(now, "show statistics", arguments); });
  if (!answer) return answer;
  (*answer)["mobility_socket"] = port_->statistics();
  (*answer)["data_plane_drops"] = to_json(dataplane_->drops());
  return answer;
}

Result<Json> LmaDaemon::links() {
  const auto forwarding = [this](const std::string& name) {
    const auto found = dataplane_->datapaths().find(name);
    if (found == dataplane_->datapaths().end()) return Json::object();
    return Json{{"datapath", to_string(found->second.used)}, {"datapath_reason", found->second.reason}};
  };
  std::vector<ServedLink> served;
  for (const auto& name : settings_.core_interfaces) served.push_back({name, "core", forwarding(name)});
  for (const auto& name : settings_.access_interfaces) served.push_back({name, "access", forwarding(name)});
  return describe_links(*netlink_, served);
}

}  // namespace flowmob::daemon
