// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "core/effect.h"
#include "wire/enums.h"

namespace flowmob::core {

/// Since the start, of both roles.
struct NotificationCounters {
  std::uint64_t sent{}, retransmissions{}, acknowledgements_received{}, unanswered{}, received{}, repeated{};
  std::map<wire::NotificationStatus, std::uint64_t> answered;

  Json to_json() const {
    Json by_status = Json::object();
    for (const auto& [status, count] : answered) by_status[wire::to_string(status)] = count;
    return {{"sent", sent},
            {"retransmissions", retransmissions},
            {"acknowledgements_received", acknowledgements_received},
            {"unanswered", unanswered},
            {"received", received},
            {"repeated", repeated},
            {"answered", by_status}};
  }
};

}  // namespace flowmob::core
