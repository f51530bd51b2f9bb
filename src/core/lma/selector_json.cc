// SPDX-License-Identifier: Apache-2.0
#include "core/lma/selector_json.h"

#include <fmt/format.h>

namespace flowmob::core {
namespace {

template <class T>
void put(Json& json, const char* name, const std::optional<wire::Range<T>>& range) {
  if (!range) return;
  if (range->first == range->last)
    json[name] = range->first;
  else
    json[name] = fmt::format("{}-{}", range->first, range->last);
}

void put(Json& json, const char* name, const std::optional<wire::Range<Ipv6Address>>& range) {
  if (!range) return;
  json[name] = range->first == range->last
                   ? range->first.to_string()
                   : fmt::format("{}-{}", range->first.to_string(), range->last.to_string());
}

}  // namespace

Json to_json(const wire::TrafficSelector6& s) {
  Json json = Json::object();
  put(json, "source", s.source);
  put(json, "destination", s.destination);
  put(json, "spi", s.spi);
  put(json, "flow_label", s.flow_label);
  put(json, "source_port", s.source_port);
  put(json, "destination_port", s.destination_port);
  put(json, "traffic_class", s.traffic_class);
  put(json, "next_header", s.next_header);
  return json;
}

}  // namespace flowmob::core
