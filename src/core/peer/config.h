// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.h"

namespace flowmob::core {

/// RFC 5847 section 5.
struct HeartbeatConfig {
  Duration interval = std::chrono::seconds(60);  ///< HEARTBEAT_INTERVAL; zero: nobody is probed
  unsigned missing_allowed = 3;                  ///< MISSING_HEARTBEATS_ALLOWED
  friend bool operator==(const HeartbeatConfig&, const HeartbeatConfig&) = default;
};

/// RFC 5846 section 11, and whether anything is revoked but by command.
struct RevocationConfig {
  bool enabled = true;
  unsigned max_retries = 1;                          ///< BRIMaxRetriesNumber
  Duration initial_delay = std::chrono::seconds(1);  ///< InitMINDelayBRIs
  Duration max_delay = std::chrono::seconds(2);      ///< MAX_BRACK_TIMEOUT
  friend bool operator==(const RevocationConfig&, const RevocationConfig&) = default;
};

/// RFC 7077 section 7.
struct NotificationConfig {
  unsigned max_retransmissions = 1;          ///< MAX_UPDATE_NOTIFICATION_RETRANSMIT_COUNT
  Duration delay = std::chrono::seconds(1);  ///< MIN_DELAY_BETWEEN_UPDATE_NOTIFICATION_REPLAY
  friend bool operator==(const NotificationConfig&, const NotificationConfig&) = default;
};

}  // namespace flowmob::core
