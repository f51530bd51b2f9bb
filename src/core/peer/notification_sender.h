// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/peer/config.h"
#include "core/peer/outstanding.h"
#include "core/peer/own_address.h"
#include "wire/mobility_header.h"

namespace flowmob::core {

/// Update Notifications that wait for their acknowledgement (RFC 7077 sections 5.1 and 5.2). All ask for one:
/// only then may a lost one be sent again. What is sent again differs by its D flag alone.
class NotificationSender : public Outstanding {
 public:
  explicit NotificationSender(const OwnAddress& own_address) : own_address_(own_address) {}

  /// The first number is random (section 5.1). At most once, before the first.
  void number_from(Sequence sequence) { last_ = sequence; }
  /// Sends it under a number that no other outstanding one has; there has to be room.
  Sent begin(TimePoint now, const NotificationConfig& config, const Ipv6Address& peer,
             wire::UpdateNotification notification);

 private:
  OwnAddress own_address_;
  Sequence last_ = 0;
};

}  // namespace flowmob::core
