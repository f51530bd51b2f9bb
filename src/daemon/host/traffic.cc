// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/traffic.h"

namespace flowmob::daemon {
namespace {

using dataplane::Counter;
using dataplane::Traffic;
using platform::Json;

Json counter_json(const Counter& counter) { return {{"packets", counter.packets}, {"bytes", counter.bytes}}; }

Counter sum_of(const Counter& a, const Counter& b) { return {a.packets + b.packets, a.bytes + b.bytes}; }

}  // namespace

Json to_json(const Traffic& traffic) {
  return {{"down", counter_json(traffic.down)}, {"up", counter_json(traffic.up)}};
}

Json to_json(const std::vector<dataplane::DropCount>& drops) {
  Json rows = Json::array();
  for (const auto& drop : drops) {
    if (drop.dropped.packets == 0) continue;
    rows.push_back({{"reason", drop.name},
                    {"explanation", drop.explanation},
                    {"packets", drop.dropped.packets},
                    {"bytes", drop.dropped.bytes}});
  }
  return rows;
}

void add_traffic(Json& tree, const TrafficOf& traffic_of) {
  if (!tree.is_structured()) return;
  for (Json& item : tree) add_traffic(item, traffic_of);
  if (!tree.is_object()) return;
  if (const auto traffic = traffic_of(tree)) tree["traffic"] = to_json(*traffic);
}

std::optional<Traffic> add_up(const Json& row, const char* key,
                              const std::function<std::optional<Traffic>(SessionId)>& traffic_of) {
  const auto sessions = row.find(key);
  if (sessions == row.end() || !sessions->is_array()) return {};
  std::optional<Traffic> all;
  for (const Json& id : *sessions) {
    if (!id.is_number_unsigned()) return {};
    const auto one = traffic_of(SessionId{id.get<std::uint32_t>()});
    if (one) all = all.value_or(Traffic{}) + *one;
  }
  return all;
}

Traffic operator+(const Traffic& a, const Traffic& b) { return {sum_of(a.down, b.down), sum_of(a.up, b.up)}; }

}  // namespace flowmob::daemon
