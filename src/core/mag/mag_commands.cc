// SPDX-License-Identifier: Apache-2.0
#include "core/mag/mag_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/mag/acknowledgement.h"

namespace flowmob::core {
namespace {

constexpr std::size_t kMaxService = 255;  // octets of a Service Selection option

std::optional<std::string> text(const Json& arguments, const char* name) {
  const auto found = arguments.find(name);
  if (found == arguments.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

Result<std::optional<MacAddress>> mac_of(const Json& arguments) {
  const auto given = text(arguments, "mac");
  if (!given) return std::nullopt;
  auto mac = MacAddress::parse(*given);
  if (!mac) return fail("bad-argument", "mac: " + mac.error().message);
  if (mac->is_zero() || (mac->octets[0] & 1) != 0)
    return fail("bad-argument", "mac: no node can have the link-layer address " + *given);
  return *mac;
}

Result<std::optional<std::vector<std::string>>> services_of(const Json& arguments) {
  const auto found = arguments.find("services");
  if (found == arguments.end() || !found->is_array()) return std::nullopt;
  std::vector<std::string> services;
  for (const auto& service : *found) {
    if (!service.is_string() || service.get_ref<const std::string&>().empty() ||
        service.get_ref<const std::string&>().size() > kMaxService)
      return fail("bad-argument",
                  fmt::format("services: a service identifier has 1 to {} octets", kMaxService));
    services.push_back(service.get<std::string>());
  }
  return services;
}

std::int64_t whole_seconds(Duration duration) {
  return std::max<std::int64_t>(0, std::chrono::floor<std::chrono::seconds>(duration).count());
}

Json binding_json(Now now, const Attachment& attachment, const MagContext& context) {
  Json prefixes = Json::array();
  for (const auto& prefix : attachment.prefixes) prefixes.push_back(prefix.to_string());
  Json off_link = Json::array();
  for (const auto& prefix : attachment.off_link) off_link.push_back(prefix.to_string());
  Json delegated = Json::array();
  for (const auto& prefix : attachment.delegated) delegated.push_back(prefix.to_string());
  const auto remaining = attachment.expires ? *attachment.expires - now.monotonic : Duration::zero();
  const auto& access = *context.access(attachment.access);  // who is shown has not departed
  Json row{{"mn", attachment.mn_id},
           {"access", attachment.access},
           {"interface", access.interface},
           {"link_layer", attachment.link_layer.to_string()},
           {"prefixes", prefixes},
           {"off_link_prefixes", off_link},
           {"delegated_prefixes", delegated},
           {"ipv4_address", attachment.ipv4_home ? Json(attachment.ipv4_home->address.to_string()) : Json()},
           {"services", attachment.services},
           {"state", to_string(attachment.state)},
           {"lifetime_seconds", attachment.expires ? whole_seconds(attachment.lifetime) : 0},
           {"remaining_seconds", whole_seconds(remaining)},
           {"session", attachment.id.value},
           {"status", attachment.status}};
  if (access.network != AccessNetwork{}) row["access_network"] = to_json(access.network);
  row["encapsulation"] = to_string(attachment.tunnelling.encapsulation);
  if (attachment.tunnelling.has_keys()) {
    row["downlink_key"] = attachment.tunnelling.downlink_key;
    row["uplink_key"] = attachment.tunnelling.uplink_key;
  }
  row["flows"] = attachment.flows.to_json();
  add_vendor_options(attachment, row);
  return row;
}

}  // namespace

Result<wire::HandoffIndicator> parse_handoff_indicator(std::string_view word) {
  using enum wire::HandoffIndicator;
  constexpr std::array<std::pair<std::string_view, wire::HandoffIndicator>, 5> kWords{{
      {"new", NewInterface},
      {"sharing", NewInterfaceSharingPrefixes},
      {"unknown", Unknown},
      {"between-interfaces", HandoffBetweenInterfaces},
      {"between-mags", HandoffBetweenMags},
  }};
  for (const auto& [name, indicator] : kWords)
    if (name == word) return indicator;
  return fail("bad-argument",
              fmt::format("handoff_indicator: '{}' is none of new, sharing, unknown, between-interfaces, "
                          "between-mags",
                          word));
}

Result<Json> MagCommands::handle(Now now, std::string_view command, const Json& arguments) {
  if (command == "attach") return attach(now, arguments);
  if (command == "detach") return detach(now, arguments);
  if (command == "flow announce") return switch_flow(now, arguments, true);
  if (command == "flow withdraw") return switch_flow(now, arguments, false);
  if (command == "show bindings") return show_bindings(now, arguments);
  if (command == "show tunnels") return show_tunnels();
  if (command == "show statistics") return show_statistics();
  if (command == "show peers") return anchor_.show_peers();
  if (command == "session revoke") return revoke(now, arguments);
  return fail("no-such-command", fmt::format("a MAG does not know '{}'", command));
}

Result<const AccessConfig*> MagCommands::access_of(const Json& arguments) const {
  const auto name = text(arguments, "access");
  if (!name) return fail("bad-argument", "access: the name of an access link is needed");
  const auto* access = context_.access(*name);
  if (!access) return fail("no-such-access", fmt::format("no access link is named '{}'", *name));
  return access;
}

/// The only link-layer address that the node has, or the only one of it that was heard on this link.
Result<MacAddress> MagCommands::only_address(const AccessConfig& access,
                                             const MagPolicyProfile& profile) const {
  if (profile.link_layer.size() == 1) return profile.link_layer[0];
  std::vector<MacAddress> heard;
  for (const auto& mac : detector_.links().heard_on(access.name))
    if (std::ranges::find(profile.link_layer, mac) != profile.link_layer.end()) heard.push_back(mac);
  if (heard.size() == 1) return heard[0];
  return fail("unknown-link-layer-address",
              fmt::format("which link-layer address {} has on {} is not known: say --mac", profile.mn_id,
                          access.name));
}

Result<MagCommands::Node> MagCommands::node_of(const AccessConfig& access, const Json& arguments) const {
  const auto mac = mac_of(arguments);
  if (!mac) return tl::unexpected(mac.error());
  const auto mn = text(arguments, "mn");
  if (!mn && !*mac) return fail("bad-argument", "mn or mac is needed");
  const auto* owner = *mac ? context_.profile(**mac) : nullptr;
  if (!mn) {
    if (!owner)
      return fail("unknown-link-layer-address",
                  fmt::format("no mobile node has the link-layer address {}", (*mac)->to_string()));
    return Node{owner, **mac};
  }
  const auto* profile = context_.profile(*mn);
  if (!profile) return fail("no-such-mobile-node", fmt::format("no mobile node is named '{}'", *mn));
  if (owner && owner != profile)
    return fail("bad-argument", fmt::format("mac: {} belongs to {}", (*mac)->to_string(), owner->mn_id));
  if (*mac) return Node{profile, **mac};
  const auto address = only_address(access, *profile);
  if (!address) return tl::unexpected(address.error());
  return Node{profile, *address};
}

Result<Json> MagCommands::attach(Now now, const Json& arguments) {
  const auto access = access_of(arguments);
  if (!access) return tl::unexpected(access.error());
  const auto node = node_of(**access, arguments);
  if (!node) return tl::unexpected(node.error());
  AttachmentDetector::Details details;
  auto services = services_of(arguments);
  if (!services) return tl::unexpected(services.error());
  details.services = std::move(*services);
  if (const auto word = text(arguments, "handoff_indicator")) {
    const auto indicator = parse_handoff_indicator(*word);
    if (!indicator) return tl::unexpected(indicator.error());
    details.handoff_indicator = *indicator;
  }
  if (detector_.links().is_down((*access)->name))
    return fail("link-down", fmt::format("{} has no carrier", (*access)->interface));
  const auto& attachment = detector_.attach_by_command(now, **access, *node->profile, node->mac, details);
  return Json{{"mn", attachment.mn_id},
              {"access", attachment.access},
              {"link_layer", attachment.link_layer.to_string()},
              {"session", attachment.id.value}};
}

Result<Json> MagCommands::detach(Now now, const Json& arguments) {
  const auto access = access_of(arguments);
  if (!access) return tl::unexpected(access.error());
  const auto mac = mac_of(arguments);
  if (!mac) return tl::unexpected(mac.error());
  const auto mn = text(arguments, "mn");
  if (!mn && !*mac) return fail("bad-argument", "mn or mac is needed");
  Json detached = Json::array();
  for (const auto id : context_.bindings.ids()) {
    auto& attachment = *context_.bindings.find(id);
    const bool gone =
        attachment.state == AttachmentState::Deregistering || attachment.state == AttachmentState::Departed;
    if (gone || attachment.access != (*access)->name || (mn && attachment.mn_id != *mn) ||
        (*mac && attachment.link_layer != **mac))
      continue;
    detached.push_back({{"mn", attachment.mn_id}, {"session", attachment.id.value}});
    detector_.detach_by_command(now, attachment);
  }
  if (detached.empty())
    return fail("not-attached", fmt::format("no such mobile node is attached to {}", (*access)->name));
  return Json{{"detached", detached}};
}

/// Of every attachment that has such a flow and is meant.
Result<Json> MagCommands::switch_flow(Now now, const Json& arguments, bool on) {
  const auto name = text(arguments, "flow"), mn = text(arguments, "mn"), access = text(arguments, "access");
  if (!name) return fail("bad-argument", "flow: the name of a flow is needed");
  Json switched = Json::array();
  bool is_attached = false;
  for (const auto id : context_.bindings.ids()) {
    auto& attachment = *context_.bindings.find(id);
    const bool gone =
        attachment.state == AttachmentState::Deregistering || attachment.state == AttachmentState::Departed;
    if (gone || (mn && attachment.mn_id != *mn) || (access && attachment.access != *access)) continue;
    is_attached = true;
    const auto flows = flows_of(*context_.access(attachment.access), context_.profile(attachment.mn_id));
    if (std::ranges::none_of(flows, [&](const AnnouncedFlow& f) { return f.flow.name == *name; })) continue;
    registrar_.switch_flow(now, attachment, *name, on);
    switched.push_back({{"mn", attachment.mn_id}, {"session", attachment.id.value}});
  }
  if (!is_attached) return fail("not-attached", "no such mobile node is attached");
  if (switched.empty())
    return fail("no-such-flow", fmt::format("neither its access nor its profile has a flow '{}'", *name));
  return Json{{"flow", *name}, {"announced", on}, {"attachments", std::move(switched)}};
}

Json MagCommands::row_of(Now now, const Attachment& attachment) const {
  Json row = binding_json(now, attachment, context_);
  if (auto paths = paths_.show(now, attachment); !paths.empty()) row["paths"] = std::move(paths);
  return row;
}

Result<Json> MagCommands::show_bindings(Now now, const Json& arguments) const {
  const auto mn = text(arguments, "mn");
  Json bindings = Json::array();
  for (const auto& [id, attachment] : context_.bindings.entries())
    if (attachment.state != AttachmentState::Departed && (!mn || attachment.mn_id == *mn))
      bindings.push_back(row_of(now, attachment));
  return Json{{"bindings", bindings}};
}

/// A MAG ends single sessions with `detach`; RFC 5846 section 9.2 gives it the whole.
Result<Json> MagCommands::revoke(Now now, const Json& arguments) {
  if (!arguments.empty())
    return fail("bad-argument", "a MAG revokes all of its sessions: no argument is known");
  return anchor_.revoke_all(now);
}

Json MagCommands::show_statistics() const {
  Json statistics = context_.statistics.to_json();
  anchor_.add_statistics(statistics);
  return statistics;
}

Json MagCommands::show_tunnels() const {
  Json tunnels = Json::array();
  for (const auto& [remote, users] : context_.tunnels.users())
    tunnels.push_back({{"local", context_.config.address.to_string()},
                       {"remote", remote.to_string()},
                       {"sessions", users.size()}});
  return {{"tunnels", tunnels}};
}

}  // namespace flowmob::core
