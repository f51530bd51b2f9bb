// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>

#include "core/effect.h"
#include "wire/enums.h"

namespace flowmob::core {

/// Since the start, of both roles.
struct RevocationCounters {
  std::uint64_t indications_sent{}, retransmissions{}, acknowledgements_received{}, unanswered{},
      indications_received{};
  std::map<wire::RevocationStatus, std::uint64_t> answered;

  Json to_json() const {
    Json by_status = Json::object();
    for (const auto& [status, count] : answered) by_status[wire::to_string(status)] = count;
    return {{"indications_sent", indications_sent},
            {"retransmissions", retransmissions},
            {"acknowledgements_received", acknowledgements_received},
            {"unanswered", unanswered},
            {"indications_received", indications_received},
            {"answered", by_status}};
  }
};

}  // namespace flowmob::core
