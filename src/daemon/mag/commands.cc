// SPDX-License-Identifier: Apache-2.0
// What flowmob-magd answers on its control socket: the core's view, with what the system knows added.
#include <string>

#include "daemon/host/links.h"
#include "daemon/mag/daemon.h"

namespace flowmob::daemon {

using core::Json;

Result<void> MagDaemon::monitor_drops() {
  auto drops = DropMonitor::open(*host_, dataplane_->object());
  if (!drops) return tl::unexpected(drops.error());
  drops_ = std::move(*drops);
  return {};
}

Result<CaptureService::Numbers> MagDaemon::find_captured(const std::string& mn) {
  if (mn.empty()) return fail("bad-argument", "capture: argument 'mn' is missing");
  const auto bindings = pump_->feed([&](Now now) {
    return gateway_->handle_command(now, "show bindings", {{"mn", mn}});
  });
  if (!bindings) return tl::unexpected(bindings.error());
  CaptureService::Numbers numbers;
  for (const Json& row : (*bindings)["bindings"])
    if (const auto session = id_of<SessionId>(row, "session")) numbers.insert(session->value);
  if (numbers.empty()) return fail("no-such-mobile-node", "no mobile node '" + mn + "' is attached");
  return numbers;
}

Result<void> MagDaemon::serve_captures() {
  auto captures = CaptureService::open(
      *host_, dataplane_->object(),
      {[this](const std::string& mn) { return find_captured(mn); },
       [this](const CaptureService::Numbers& numbers) { return dataplane_->set_captured(numbers); },
       [this](const dataplane::CapturedPacket& packet) {
         return Json{{"session", packet.session}, {"remote", settings_.core.lma.to_string()}};
       }});
  if (!captures) return tl::unexpected(captures.error());
  captures_ = std::move(*captures);
  return {};
}

Result<void> MagDaemon::add_commands() {
  auto& control = host_->control();
  auto added = host_->on_status(settings_.core.name, [this] {
    return Json{{"address", settings_.core.address.to_string()},
                {"lma", settings_.core.lma.to_string()},
                {"accesses", settings_.core.accesses.size()},
                {"mobile_nodes", settings_.core.mobile_nodes.size()}};
  });
  for (const std::string command : {"show bindings", "show peers", "attach", "detach", "flow announce",
                                    "flow withdraw", "session revoke"}) {
    if (added) added = control.handle(command, [this, command](const Json& a) { return ask(command, a); });
  }
  return added
      .and_then([&] { return control.handle("show tunnels", [this](const Json& a) { return tunnels(a); }); })
      .and_then(
          [&] { return control.handle("show statistics", [this](const Json& a) { return statistics(a); }); })
      .and_then([&] { return control.handle("show links", [this](const Json&) { return links(); }); })
      .and_then([&] { return host_->on_reload([this] { return reload(); }); })
      .and_then([&] { return monitor_drops(); })
      .and_then([&] { return serve_captures(); });
}

Result<Json> MagDaemon::ask(std::string_view command, const Json& arguments) {
  auto answer = pump_->feed([&](Now now) { return gateway_->handle_command(now, command, arguments); });
  if (answer) add_traffic(*answer, [this](const Json& row) { return traffic_of(row); });
  return answer;
}

std::optional<dataplane::Traffic> MagDaemon::traffic_of(const Json& row) const {
  const auto session = id_of<SessionId>(row, "session");
  return session ? dataplane_->attachment_traffic(*session) : std::nullopt;
}

/// There is one anchor, so every attachment uses its tunnel.
Result<Json> MagDaemon::tunnels(const Json& arguments) {
  auto answer = ask("show tunnels", arguments);
  auto bindings = ask("show bindings", Json::object());
  if (!answer || !bindings) return answer;
  for (Json& binding : (*bindings)["bindings"]) binding["lma"] = settings_.core.lma.to_string();
  for (Json& tunnel : (*answer)["tunnels"])
    tunnel["traffic"] = sum_traffic((*bindings)["bindings"], "lma", tunnel["remote"]);
  return answer;
}

Result<Json> MagDaemon::statistics(const Json& arguments) {
  auto answer =
      pump_->feed([&](Now now) { return gateway_->handle_command(now, "show statistics", arguments); });
  if (!answer) return answer;
  (*answer)["mobility_socket"] = port_->statistics();
  (*answer)["neighbor_discovery"] = accesses_->statistics();
  (*answer)["arp_and_dhcp"] = ipv4_->statistics();
  if (relay_) (*answer)["dhcp_relay"] = relay_->statistics();
  (*answer)["data_plane_drops"] = to_json(dataplane_->drops());
  return answer;
}

Result<Json> MagDaemon::links() {
  std::vector<ServedLink> served;
  for (const auto& name : settings_.transport_interfaces) served.push_back({name, "transport"});
  for (const auto& access : settings_.core.accesses)
    served.push_back({access.interface, "access", Json{{"access", access.name}}});
  return describe_links(*netlink_, served);
}

}  // namespace flowmob::daemon
