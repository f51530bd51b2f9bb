// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/traffic.h"

namespace flowmob::daemon {
namespace {

using dataplane::Counter;
using dataplane::Traffic;
using platform::Json;

Json counter_json(const Counter& counter) { return {{"packets", counter.packets}, {"bytes", counter.bytes}}; }

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

Json sum_traffic(const Json& rows, const char* key, const Json& value) {
  Json sum;
  for (const Json& row : rows) {
    if (!row.contains(key) || row[key] != value || !row.contains("traffic")) continue;
    if (sum.is_null()) sum = to_json(Traffic{});
    for (const char* way : {"down", "up"})
      for (const char* unit : {"packets", "bytes"})
        sum[way][unit] = sum[way][unit].get<std::uint64_t>() + row["traffic"][way][unit].get<std::uint64_t>();
  }
  return sum;
}

}  // namespace flowmob::daemon
