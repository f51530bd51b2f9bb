// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/strong_id.h"
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

dataplane::Traffic operator+(const dataplane::Traffic& a, const dataplane::Traffic& b);

/// The id that `row` has under `key`, if it has one that is not zero.
template <class Id>
std::optional<Id> id_of(const platform::Json& row, const char* key) {
  const auto found = row.find(key);
  if (found == row.end() || !found->is_number_unsigned()) return {};
  const Id id{found->template get<decltype(Id::value)>()};
  return id ? std::optional(id) : std::nullopt;
}

/// The traffic of all sessions that `row` lists under `key`.
std::optional<dataplane::Traffic> add_up(
    const platform::Json& row, const char* key,
    const std::function<std::optional<dataplane::Traffic>(SessionId)>& traffic_of);

}  // namespace flowmob::daemon
