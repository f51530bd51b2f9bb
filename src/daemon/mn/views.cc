// SPDX-License-Identifier: Apache-2.0
#include "daemon/mn/views.h"

#include <netinet/in.h>

#include <algorithm>

#include "daemon/host/links.h"
#include "daemon/host/traffic.h"
#include "daemon/mn/member_link.h"

namespace flowmob::daemon {
namespace {

using dataplane::VifFlow;
using platform::Json;

Json protocol_name(std::uint8_t protocol) {
  switch (protocol) {
    case IPPROTO_TCP:
      return "tcp";
    case IPPROTO_UDP:
      return "udp";
    case IPPROTO_ICMPV6:
      return "icmpv6";
    case IPPROTO_SCTP:
      return "sctp";
    case IPPROTO_ESP:
      return "esp";
    default:
      return protocol;
  }
}

/// As ServedLink wants it: without what the kernel says itself.
ServedLink served(Json row, const char* role) {
  std::string name = row.value("interface", "");
  row["advertised_mtu"] = row["mtu"];
  for (const char* key : {"interface", "mtu", "mac", "carrier", "addresses"}) row.erase(key);
  return {std::move(name), role, std::move(row)};
}

/// Whether packets can go by a member, or why not: the first that stands in the way.
std::string_view state_of(const Json& row) {
  if (row["leaving"] == true) return "leaving";
  if (row["present"] == false) return "absent";
  if (row["carrier"] == false) return "no-carrier";
  if (row["mtu"] < kSmallestMtu) return "mtu-too-small";
  if (row["router"].is_null()) return "no-router";
  if (row["router_silent"] == true) return "router-silent";
  return row["up"] == true ? "up" : "unusable";
}

Json flow_row(const VifFlow& flow, const std::vector<std::string>& members,
              const std::vector<core::FlowChoices::Row>& choices) {
  const auto* choice = flow.rule && *flow.rule < choices.size() ? &choices[*flow.rule] : nullptr;
  return {{"protocol", protocol_name(flow.protocol)},
          {"source", written(flow.source)},
          {"source_port", flow.source_port == 0 ? Json() : Json(flow.source_port)},
          {"destination", written(flow.destination)},
          {"destination_port", flow.destination_port == 0 ? Json() : Json(flow.destination_port)},
          {"member", flow.member < members.size() ? Json(members[flow.member]) : Json()},
          {"rule", choice ? Json(choice->name) : Json()},
          {"moved_by_command", choice && choice->by_command},
          {"moves", flow.moves},
          {"idle_ms", std::chrono::duration_cast<std::chrono::milliseconds>(flow.idle).count()},
          {"traffic", to_json(flow.traffic)}};
}

}  // namespace

Result<Json> links_view(platform::Netlink& netlink, Json core_links) {
  std::vector<ServedLink> all;
  for (Json& row : core_links["links"]) all.push_back(served(std::move(row), "member"));
  all.push_back(served(std::move(core_links["virtual_interface"]), "virtual"));
  auto described = describe_links(netlink, all);
  if (!described) return described;
  Json& rows = (*described)["links"];
  Json virtual_interface = std::move(rows.back());
  rows.erase(rows.size() - 1);
  for (Json& row : rows) row["state"] = state_of(row);
  // Its packets go past the device: those counters stand still. The members have them.
  for (const char* key : {"rx_bytes", "rx_packets", "rx_dropped", "tx_bytes", "tx_packets", "tx_dropped"})
    virtual_interface.erase(key);
  return Json{{"virtual_interface", std::move(virtual_interface)}, {"links", std::move(rows)}};
}

Json flows_view(std::vector<VifFlow> flows, const std::vector<std::string>& members,
                const std::vector<core::FlowChoices::Row>& choices) {
  std::ranges::stable_sort(flows, std::greater<>(), [](const VifFlow& flow) {
    return flow.traffic.down.bytes + flow.traffic.up.bytes;
  });
  // The kernel's group reports are no flows of anybody's.
  std::erase_if(flows, [](const VifFlow& flow) { return flow.source.is_multicast(); });
  Json rows = Json::array();
  for (const VifFlow& flow : flows) rows.push_back(flow_row(flow, members, choices));
  return {{"flows", std::move(rows)}};
}

}  // namespace flowmob::daemon
