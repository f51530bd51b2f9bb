// SPDX-License-Identifier: Apache-2.0
// What no single value of a MAG's file shows.
#include <algorithm>

#include "base/ipv4.h"
#include "daemon/config/mag_file.h"
#include "daemon/config/rules.h"

namespace flowmob::daemon::config {
namespace {

/// Of an access or a node: an LMA has no room for more (FM_MAX_RULES).
constexpr std::size_t kMostFlows = 64;

using namespace std::chrono_literals;

void check_timers(const Element<MagHead>& head, Diagnostics& diagnostics) {
  const auto& config = head.value.settings.core;
  if (config.initial_bindack_timeout > config.max_bindack_timeout)
    diagnostics.add(head.at("initial_bindack_timeout"),
                    "'initial_bindack_timeout' is longer than 'max_bindack_timeout'",
                    fmt::format("at most {}", print_duration(config.max_bindack_timeout)));
  if (config.mobile_node_timestamps && !config.timestamps)  // RFC 5213 section 9.3
    diagnostics.add(head.at("mobile_node_generated_timestamp"),
                    "'mobile_node_generated_timestamp' without 'timestamps'", "one of both, or neither");
  const bool is_router = head.value.router_lifetime != 0s;
  if (is_router && head.value.router_lifetime < config.router_advertisement_interval)
    diagnostics.add(
        head.at("router_lifetime"), "'router_lifetime' ends before the next Router Advertisement comes",
        fmt::format("\"0s\" or at least {}", print_duration(config.router_advertisement_interval)));
}

void check_interfaces(const MagFile& file, const LoadOptions& options, Diagnostics& diagnostics) {
  InterfaceCheck interfaces(options, diagnostics);
  interfaces.check_list(file.mag.value.settings.transport_interfaces, file.mag, "transport_interfaces");
  for (const auto& access : file.accesses)
    interfaces.check(access.value.access.interface, access.at("interface"));
}

/// Carrier says that somebody is there, not who: one node has to be meant.
void check_carrier(const MagFile& file, const Element<AccessRow>& access, Diagnostics& diagnostics) {
  const auto& triggers = access.value.attach_on;
  if (std::ranges::find(triggers, AttachTrigger::Carrier) == triggers.end()) return;
  const std::string& name = access.value.access.name;
  const auto named = std::ranges::count_if(
      file.mobile_nodes, [&](const auto& node) { return node.value.profile.access == name; });
  const bool alone = file.mobile_nodes.size() == 1 && file.mobile_nodes[0].value.profile.access.empty();
  const auto meant = named == 0 && alone ? 1 : named;
  if (meant == 1) return;
  diagnostics.add(
      access.at("attach_on"),
      fmt::format("the carrier of '{}' attaches one node, but {} of {} name it", name,
                  meant == 0 ? std::string("none") : fmt::format("{}", meant), file.mobile_nodes.size()),
      fmt::format("`access = \"{}\"` in exactly one [[mobile_node]], or no \"carrier\" here", name));
}

void check_nodes(const MagFile& file, const std::vector<std::string>& accesses, Diagnostics& diagnostics) {
  Once<std::string> ids("mobile node", diagnostics);
  Once<MacAddress> stations("link-layer address", diagnostics);
  for (const auto& node : file.mobile_nodes) {
    const auto& profile = node.value.profile;
    ids.check(profile.mn_id, node.at("id"));
    for (std::size_t i = 0; i < profile.link_layer.size(); ++i)
      stations.check(profile.link_layer[i], profile.link_layer[i].to_string(), node.at("link_layer", i));
    if (!profile.access.empty())
      check_known("access", profile.access, accesses, node.at("access"), diagnostics);
  }
}

void check_paths(const MagFile& file, Diagnostics& diagnostics) {
  constexpr std::size_t kMost = 8;
  if (file.paths.empty()) return;
  Once<Ipv6Address> addresses("care-of address", diagnostics);
  const auto& own = file.mag.value.settings.core.address;
  bool has_own = own.is_unspecified();
  for (const auto& path : file.paths) {
    addresses.check(path.value.address, path.value.address.to_string(), path.at("address"));
    has_own = has_own || path.value.address == own;
    if (is_mapped(path.value.address))  // docs/adr/0048
      diagnostics.add(path.at("address"), "a [[path]] over IPv4", "an address of IPv6, or no [[path]]");
  }
  if (!has_own)
    diagnostics.add(file.paths.front().at("address"),
                    fmt::format("no [[path]] has the address {} of [mag]", own.to_string()),
                    "a [[path]] for it as well");
  if (file.paths.size() > 1 && file.lma.value.gre != core::GreWish::None)  // its keys are the first path's
    diagnostics.add(file.lma.at("gre"), "'gre' with several paths", "\"none\", or no [[path]]");
  if (file.paths.size() > kMost)
    diagnostics.add(file.paths[kMost].at("address"), fmt::format("{} paths", file.paths.size()),
                    fmt::format("at most {}", kMost));
}

void check_udp(const MagFile& file, Diagnostics& diagnostics) {
  const auto& core = file.mag.value.settings.core;
  if (!core.force_ipv4_udp) return;
  if (!is_mapped(core.address))
    diagnostics.add(file.mag.at("force_ipv4_udp"), "'force_ipv4_udp' where the MAG's address is one of IPv6",
                    "false, or an address such as ::ffff:192.0.2.1");
  if (file.lma.value.gre != core::GreWish::None)
    diagnostics.add(file.lma.at("gre"), "'gre' where 'force_ipv4_udp' is on", "one of the two");
}

void check_relay(const Element<MagHead>& head, Diagnostics& diagnostics) {
  const auto& core = head.value.settings.core;
  const bool has_address = core.dhcp_relay_address != Ipv4Address{};
  const bool has_servers = head.node != nullptr && head.node->find("dhcp_servers") != nullptr;
  if (!has_servers && has_address)
    diagnostics.add(head.at("dhcp_relay_address"), "'dhcp_relay_address' without 'dhcp_servers'",
                    "both of them, or neither");
  if (!core.dhcp_servers.empty() && !has_address && !is_mapped(core.address))
    diagnostics.add(head.at("dhcp_servers"), "'dhcp_servers' without 'dhcp_relay_address'",
                    "this machine's IPv4 address towards them");
  Once<Ipv4Address> servers("DHCP server", diagnostics);
  for (std::size_t i = 0; i < core.dhcp_servers.size(); ++i)
    servers.check(core.dhcp_servers[i], core.dhcp_servers[i].to_string(), head.at("dhcp_servers", i));
}

using FlowElements = std::vector<Element<FlowRow>>;

/// RFC 6089 section 4.2: names are ours, priorities are the flow's place.
void check_flow_list(const FlowElements& flows, Diagnostics& diagnostics) {
  Once<std::string> names("flow name", diagnostics);
  Once<std::uint16_t> priorities("priority", diagnostics);
  for (const auto& flow : flows) {
    check_flow(flow, "protocol, source, source_port or another; or `binding_priority` of the access",
               diagnostics);
    names.check(flow.value.flow.name, flow.at("name"));
    priorities.check(flow.value.flow.priority, std::to_string(flow.value.flow.priority), flow.at("priority"));
    if (flow.value.also_by.size() >= core::Spread::kMostLinks)
      diagnostics.add(flow.at("also_by"), fmt::format("{} other links", flow.value.also_by.size()),
                      fmt::format("at most {}", core::Spread::kMostLinks - 1));
  }
  if (flows.size() > kMostFlows)
    diagnostics.add(flows[kMostFlows].node->at, fmt::format("{} flows to be announced", flows.size()),
                    fmt::format("at most {}", kMostFlows));
}

/// A node's flows are announced beside those of any access.
void check_beside(const Element<FlowRow>& own, const FlowElements& flows, Diagnostics& diagnostics) {
  for (const auto& flow : flows)
    if (flow.value.flow.priority == own.value.flow.priority && flow.value.flow.priority != 0 &&
        flow.value.flow.name != own.value.flow.name)
      diagnostics.add(own.at("priority"),
                      fmt::format("the flow '{}' at line {} has the same priority", flow.value.flow.name,
                                  flow.at("priority").line),
                      "each priority once among a node's flows");
}

void check_flows(const MagFile& file, Diagnostics& diagnostics) {
  for (const auto& access : file.accesses) check_flow_list(access.value.flows, diagnostics);
  for (const auto& node : file.mobile_nodes) {
    check_flow_list(node.value.flows, diagnostics);
    for (const auto& own : node.value.flows)
      for (const auto& access : file.accesses) check_beside(own, access.value.flows, diagnostics);
  }
}

std::vector<core::AnnouncedFlow> announced(const FlowElements& rows) {
  std::vector<core::AnnouncedFlow> flows;
  for (const auto& row : rows)
    flows.push_back({flow_of(row.value), row.value.at_attachment, row.value.also_by});
  return flows;
}

}  // namespace

void check_mag(const MagFile& file, const LoadOptions& options, Diagnostics& diagnostics) {
  check_timers(file.mag, diagnostics);
  check_interfaces(file, options, diagnostics);
  check_paths(file, diagnostics);
  check_udp(file, diagnostics);
  check_relay(file.mag, diagnostics);
  const Ipv6Address& anchor = file.lma.value.address;
  if (!anchor.is_unspecified() && anchor == file.mag.value.settings.core.address)
    diagnostics.add(file.lma.at("address"), "the LMA has the MAG's address", "the address of another node");
  if (!anchor.is_unspecified() && is_mapped(anchor) != is_mapped(file.mag.value.settings.core.address))
    diagnostics.add(file.lma.at("address"), "the LMA's address and the MAG's are not of one family",
                    "both of IPv6, or both as ::ffff:192.0.2.1");
  Once<std::string> names("access name", diagnostics);
  Once<Ipv6Prefix> visited("visited prefix", diagnostics);
  std::vector<std::string> accesses;
  for (const auto& access : file.accesses) {
    names.check(access.value.access.name, access.at("name"));
    accesses.push_back(access.value.access.name);
    visited.check(access.value.visited_prefix, access.value.visited_prefix.to_string(),
                  access.at("visited_prefix"));
    check_carrier(file, access, diagnostics);
    const auto& network = access.value.access.network;
    if (network.network.empty() && !network.access_point.empty())  // one sub-option carries both
      diagnostics.add(access.at("access_point"), "'access_point' without 'network_name'",
                      "the name of its network as well");
  }
  check_nodes(file, accesses, diagnostics);
  check_flows(file, diagnostics);
}

MagSettings assemble(MagFile file) {
  MagSettings settings = std::move(file.mag.value.settings);
  settings.core.lma = file.lma.value.address;
  settings.core.gre = file.lma.value.gre;
  if (!settings.core.dhcp_servers.empty() && settings.core.dhcp_relay_address == Ipv4Address{})
    settings.core.dhcp_relay_address = from_mapped(settings.core.address);
  if (file.lma.value.security == Security::Ipsec)
    settings.protected_peers.push_back({"the LMA", settings.core.lma});
  settings.core.router_lifetime = static_cast<std::uint16_t>(
      std::chrono::duration_cast<std::chrono::seconds>(file.mag.value.router_lifetime).count());
  for (const auto& row : file.paths) settings.core.paths.push_back(row.value);
  auto& paths = settings.core.paths;
  std::stable_partition(paths.begin(), paths.end(),
                        [own = settings.core.address](const auto& path) { return path.address == own; });
  for (auto& row : file.accesses) {
    const auto& triggers = row.value.attach_on;
    const auto has = [&](AttachTrigger trigger) {
      return std::ranges::find(triggers, trigger) != triggers.end();
    };
    auto& access = settings.core.accesses.emplace_back(std::move(row.value.access));
    if (row.value.visited_prefix.length != 0) access.visited_prefix = row.value.visited_prefix;
    if (row.value.binding_priority != 0) access.binding.priority = row.value.binding_priority;
    access.flows = announced(row.value.flows);
    access.observes_flows = row.value.decider == Decider::Mn;
    access.attach_on_router_solicitation = has(AttachTrigger::RouterSolicitation);
    access.attach_on_carrier = has(AttachTrigger::Carrier);
  }
  for (auto& row : file.mobile_nodes) {
    const bool has_services = row.node->find("services") != nullptr;
    auto& profile = settings.core.mobile_nodes.emplace_back(std::move(row.value.profile));
    if (has_services) profile.services = std::move(row.value.services);
    profile.flows = announced(row.value.flows);
    if (row.value.decider) profile.observes_flows = *row.value.decider == Decider::Mn;
  }
  fill_paths(settings.paths, settings.core.name, true);
  return settings;
}

}  // namespace flowmob::daemon::config
