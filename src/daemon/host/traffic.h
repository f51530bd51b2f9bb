// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "platform/control_message.h"
#include "platform/dataplane/counters.h"

/// The data plane's counters as the control socket shows them.
namespace flowmob::daemon {

/// {"down":{"packets","bytes"},"up":{...}}
platform::Json to_json(const dataplane::Traffic& traffic);
/// [{"reason","explanation","packets","bytes"}]: those that came up.
platform::Json to_json(const std::vector<dataplane::DropCount>& drops);

/// Puts "traffic" into every object below `tree` for which there is some.
using TrafficOf = std::function<std::optional<dataplane::Traffic>(const platform::Json& row)>;
void add_traffic(platform::Json& tree, const TrafficOf& traffic_of);

/// The id that `row` has under `key`, if it has one that is not zero.
template <class Id>
std::optional<Id> id_of(const platform::Json& row, const char* key) {
  const auto found = row.find(key);
  if (found == row.end() || !found->is_number_unsigned()) return {};
  const Id id{found->template get<decltype(Id::value)>()};
  return id ? std::optional(id) : std::nullopt;
}

/// The sum of what the `rows` whose `key` is `value` show as "traffic"; nothing if none shows any.
platform::Json sum_traffic(const platform::Json& rows, const char* key, const platform::Json& value);

}  // namespace flowmob::daemon
