// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/links.h"

#include <array>
#include <fstream>
#include <map>
#include <sstream>

namespace flowmob::daemon {
namespace {

using platform::Json;

/// The kernel's counters of every interface of this thread's namespace.
std::map<std::string, Json> kernel_counters() {
  static constexpr std::array<const char*, 12> kColumns{"rx_bytes", "rx_packets", nullptr, "rx_dropped",
                                                        nullptr,    nullptr,      nullptr, nullptr,
                                                        "tx_bytes", "tx_packets", nullptr, "tx_dropped"};
  std::map<std::string, Json> counters;
  std::ifstream file("/proc/thread-self/net/dev");
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;  // the two headings
    std::istringstream numbers(line.substr(colon + 1));
    Json row = Json::object();
    for (const char* column : kColumns) {
      std::uint64_t number = 0;
      if (numbers >> number && column != nullptr) row[column] = number;
    }
    counters[line.substr(line.find_first_not_of(' '), colon - line.find_first_not_of(' '))] = std::move(row);
  }
  return counters;
}

Result<Json> describe(platform::Netlink& netlink, const ServedLink& served) {
  Json row{{"interface", served.interface}, {"role", served.role}};
  row.update(served.more);
  const auto link = netlink.link(served.interface);
  if (!link && link.error().code != "no-such-interface") return tl::unexpected(link.error());
  row["present"] = link.has_value();
  row["carrier"] = link && link->carrier;
  if (!link) return row;
  row["mac"] = link->mac.is_zero() ? Json() : Json(link->mac.to_string());
  row["mtu"] = link->mtu;
  row["addresses"] = Json::array();
  for (const auto& entry : netlink.addresses(link->index).value_or(std::vector<platform::InterfaceAddress>{}))
    row["addresses"].push_back(entry.address.to_string() + '/' + std::to_string(entry.prefix_length));
  return row;
}

}  // namespace

Result<Json> describe_links(platform::Netlink& netlink, const std::vector<ServedLink>& served) {
  Json rows = Json::array();
  const auto counters = kernel_counters();
  for (const ServedLink& one : served) {
    auto row = describe(netlink, one);
    if (!row) return row;
    if (const auto found = counters.find(one.interface); found != counters.end()) row->update(found->second);
    rows.push_back(std::move(*row));
  }
  return Json{{"links", std::move(rows)}};
}

}  // namespace flowmob::daemon
