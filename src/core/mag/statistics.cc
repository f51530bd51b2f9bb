// SPDX-License-Identifier: Apache-2.0
#include "core/mag/statistics.h"

namespace flowmob::core {

Json MagStatistics::counters_json(const Counters& counters) {
  Json json = Json::object();
  for (const auto& [name, value] : counters) json[name] = value;
  return json;
}

Json MagStatistics::to_json() const {
  return {{"messages", counters_json(messages_)},
          {"rejections", counters_json(rejections_)},
          {"drops", counters_json(drops_)}};
}

}  // namespace flowmob::core
