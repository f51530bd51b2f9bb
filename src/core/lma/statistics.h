// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/effect.h"
#include "core/lma/flow_announcements.h"
#include "core/peer/notification_counters.h"
#include "core/peer/revocation_counters.h"
#include "wire/enums.h"

namespace flowmob::core {

/// Counters since the start. Reasons are words of ours, never the sender's: their number is bounded.
struct Statistics {
  std::uint64_t received{}, accepted{}, rejected{}, dropped{}, coalesced{}, binding_errors_sent{},
      parameter_problems_sent{};
  std::map<std::uint8_t, std::uint64_t> rejections;
  std::map<std::string, std::uint64_t> drops;
  RevocationCounters revocation;
  NotificationCounters notification;
  FlowCounters flows;

  void count_rejection(wire::BindingStatus status) {
    ++rejected;
    ++rejections[static_cast<std::uint8_t>(status)];
  }
  void count_drop(const std::string& reason) {
    ++dropped;
    ++drops[reason];
  }
  Json to_json() const;
};

}  // namespace flowmob::core
