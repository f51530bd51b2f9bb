// SPDX-License-Identifier: Apache-2.0
// The control socket's commands.
#include <algorithm>

#include "core/flow/flow_key.h"
#include "core/mn/explain_choice.h"
#include "daemon/config/sender_values.h"
#include "daemon/host/seen_packet.h"
#include "daemon/host/traffic.h"
#include "daemon/mn/daemon.h"
#include "daemon/mn/views.h"
#include "platform/clock.h"
#include "platform/local_address.h"

namespace flowmob::daemon {

using core::Json;

namespace {

using Uid = std::optional<std::uint32_t>;

/// "bad-argument": a range. None: it is a name.
Result<Uid> uid_in(const std::string& user) {
  const auto number = config::parse_number_range(user, config::kLastUid);
  if (!number) return Uid();
  if (number->first == number->second) return Uid(static_cast<std::uint32_t>(number->first));
  return fail("bad-argument", "user: '" + user + "' is more than one");
}

/// Flows are named by their downlink packets. A 5-tuple whose source is this host is that of an uplink
/// packet, and is turned round; whether it was.
bool turn_round(Json& arguments) {
  const std::string flow = arguments.value("flow", "");
  auto key = core::parse_flow_key(flow);
  if (!key || !platform::is_local_address(key->source) || platform::is_local_address(key->destination))
    return false;
  std::swap(key->source, key->destination);
  if (key->ports) std::swap(key->ports->source, key->ports->destination);
  arguments["flow"] = core::to_string(*key);
  return true;
}

}  // namespace

Result<Json> MnDaemon::ask(std::string_view command, const Json& arguments) {
  return pump_->feed([&](Now now) { return logical_->handle_command(now, command, arguments); });
}

Result<Json> MnDaemon::statistics() {
  return ask("show statistics", Json::object()).map([&](Json shown) {
    shown["data_plane_drops"] = to_json(dataplane_->drops());
    shown["packet_sockets"] = ports_->statistics();
    shown["member_addresses"] = guard_->statistics();
    shown["members"] = {{"mtu_too_small", small_mtus_}};
    shown["former_settings"] = interfaces_->former().statistics();
    const auto& control = host_->control().counters();
    shown["control"] = {{"clients", control.clients},
                        {"requests", control.requests},
                        {"refused", control.refused},
                        {"dropped_slow", control.dropped_slow}};
    return shown;
  });
}

Result<Json> MnDaemon::show_flows(const Json& arguments) const {
  if (arguments.contains("mn"))
    return fail("bad-argument", "show flows: a mobile node knows its own flows only");
  Json shown = flows_view(dataplane_->flows(), members_, rows_);
  shown["absent_rules"] = choices_.absent_rules();
  return shown;
}

/// What cannot be written was not said.
Result<Json> MnDaemon::apply_word(Result<Json> (core::FlowChoices::*word)(const Json&),
                                  const Json& arguments) {
  auto before = choices_;
  auto answer = (choices_.*word)(arguments);
  if (!answer) return answer;
  const auto applied = apply_choices();
  if (applied) return answer;
  choices_ = std::move(before);
  configure_choices();
  return tl::unexpected(applied.error());
}

/// Until then its packets go by the default.
Result<Json> MnDaemon::move_flow(Json arguments) {
  const bool is_turned = turn_round(arguments);
  return apply_word(&core::FlowChoices::move, arguments).and_then([&](Json answer) {
    return ask("show links", Json::object()).map([&](const Json& shown) {
      answer["waits"] = std::ranges::none_of(shown["links"], [&](const Json& link) {
        return link["interface"] == answer["to"] && link["up"] == true;
      });
      answer["turned_round"] = is_turned;
      return answer;
    });
  });
}

/// Without a user it is asked about nobody.
void MnDaemon::explain(const Json& arguments, const platform::ControlServer::Reply& reply) {
  const std::string user = arguments.value("user", "");
  const auto number = uid_in(user);
  if (!number) return reply(tl::unexpected(number.error()));
  if (*number || !arguments.contains("user")) return reply(explain_to(arguments, *number));
  const bool is_asked = users_->ask(user, [this, arguments, user, reply](const auto& uid) {
    if (!uid) return reply(tl::unexpected(uid.error()));
    if (*uid) return reply(explain_to(arguments, *uid));
    reply(fail("bad-argument", "user: there is no user '" + user + "'"));
  });
  if (!is_asked) reply(fail("busy", "too many users are being looked for"));
}

Result<Json> MnDaemon::explain_to(const Json& asked, Uid uid) {
  Json arguments = asked;
  const bool is_turned = turn_round(arguments);
  return ask("show links", Json::object()).and_then([&](const Json& shown) {
    std::vector<core::MemberStanding> standing(choices_.config().members.size());
    for (const auto& link : shown["links"]) {
      const auto number = link["number"].get<std::size_t>();
      if (number >= standing.size()) continue;
      standing[number] = {link["up"] == true, link["default"] == true, {}};
      for (const auto& prefix : link["prefixes"])
        standing[number].prefixes.push_back(Ipv6Prefix::parse(prefix.get<std::string>()).value());
    }
    return core::explain_choice(choices_, standing, arguments, uid).map([&](Json answer) {
      answer["turned_round"] = is_turned;
      return answer;
    });
  });
}

Result<Json> MnDaemon::release_flow(Json arguments) {
  const bool is_turned = turn_round(arguments);
  return apply_word(&core::FlowChoices::release, arguments).map([&](Json answer) {
    answer["turned_round"] = is_turned;
    return answer;
  });
}

Result<void> MnDaemon::monitor_drops() {
  auto drops = DropMonitor::open(*host_, dataplane_->object());
  if (!drops) return tl::unexpected(drops.error());
  drops_ = std::move(*drops);
  return {};
}

/// There is one node here, and its virtual interface has one row.
Result<void> MnDaemon::serve_captures() {
  auto captures = CaptureService::open(
      *host_, dataplane_->object(),
      {[this](const std::string& mn) -> Result<CaptureService::Numbers> {
         if (mn.empty() || mn == settings_.core.name) return CaptureService::Numbers{0};
         return fail("no-such-mobile-node", "this node is '" + settings_.core.name + "'");
       },
       [this](const CaptureService::Numbers& numbers) { return dataplane_->set_captured(!numbers.empty()); },
       [](const dataplane::CapturedPacket& packet) {
         return Json{{"member", interface_name(InterfaceIndex{packet.session})}};
       }});
  if (!captures) return tl::unexpected(captures.error());
  captures_ = std::move(*captures);
  return {};
}

Result<void> MnDaemon::add_commands() {
  platform::ControlServer& control = host_->control();
  return host_
      ->on_status(settings_.core.name,
                  [this] {
                    Json members = Json::array();
                    for (const auto& member : settings_.core.members) members.push_back(member.interface);
                    return Json{{"interface", settings_.core.interface}, {"members", std::move(members)}};
                  })
      .and_then([&] { return host_->on_reload([this] { return reload(); }); })
      .and_then([&] {
        return control.handle("show links", [this](const Json& arguments) {
          return ask("show links", arguments).and_then([&](Json shown) {
            return links_view(*netlink_, std::move(shown));
          });
        });
      })
      .and_then([&] {
        return control.handle("show flows", [this](const Json& arguments) { return show_flows(arguments); });
      })
      .and_then([&] {
        return control.handle("flow move", [this](const Json& arguments) { return move_flow(arguments); });
      })
      .and_then([&] {
        return control.handle("flow release",
                              [this](const Json& arguments) { return release_flow(arguments); });
      })
      .and_then([&] {
        return control.handle("member add", [this](const Json& arguments) { return add_member(arguments); });
      })
      .and_then([&] {
        return control.handle("member remove",
                              [this](const Json& arguments) { return remove_member(arguments); });
      })
      .and_then([&] {
        return control.handle("member prefer",
                              [this](const Json& arguments) { return prefer_members(arguments); });
      })
      .and_then([&] {
        return control.handle_async("policy explain", [this](const Json& arguments, const auto& reply) {
          explain(arguments, reply);
        });
      })
      .and_then(
          [&] { return control.handle("show statistics", [this](const Json&) { return statistics(); }); })
      .and_then([&] { return monitor_drops(); })
      .and_then([&] { return serve_captures(); });
}

}  // namespace flowmob::daemon
