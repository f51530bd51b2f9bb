// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/message_traits.h"
#include "wire/options.h"

namespace flowmob::wire {

/// RFC 7077 section 4.1; with reason 8 the Flow Mobility Initiate of RFC 7864 section 4.2.
///   | Sequence # (16) | Notification Reason (16) | A D Reserved (14) | options |
struct UpdateNotification {
  static constexpr MessageTraits traits{19, "update-notification", "RFC 7077 section 4.1", 6};
  std::uint16_t sequence{};
  NotificationReason reason{};
  bool acknowledge = false;  ///< A
  bool retransmit = false;   ///< D: the same was sent before
  MobilityOptions options;
  static void fields(auto& self, auto& v) {
    v.integer("sequence", self.sequence);
    v.integer("reason", self.reason);
    v.template flags<std::uint16_t>(Letter{"A", 0x8000, self.acknowledge},
                                    Letter{"D", 0x4000, self.retransmit});
  }
  friend bool operator==(const UpdateNotification&, const UpdateNotification&) = default;
};

/// RFC 7077 section 4.2; also the Flow Mobility Acknowledgement of RFC 7864 section 4.3.
///   | Sequence # (16) | Status Code (8) | Reserved (24) | options |
struct UpdateNotificationAcknowledgement {
  static constexpr MessageTraits traits{20, "update-notification-acknowledgement", "RFC 7077 section 4.2", 6};
  std::uint16_t sequence{};
  NotificationStatus status{};
  MobilityOptions options;
  bool accepted() const { return static_cast<std::uint8_t>(status) < 128; }
  static void fields(auto& self, auto& v) {
    v.integer("sequence", self.sequence);
    v.integer("status", self.status);
    v.reserved(3);
  }
  friend bool operator==(const UpdateNotificationAcknowledgement&,
                         const UpdateNotificationAcknowledgement&) = default;
};

}  // namespace flowmob::wire
