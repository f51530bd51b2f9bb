// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <deque>
#include <optional>

#include "core/effect.h"
#include "wire/mobility_header.h"

namespace flowmob::core {

/// Notifications that came a moment ago, so that none is taken for a new one when it comes again (RFC 7077
/// section 6.1). Numbers come again after a restart of the sender; with the same content they do not.
class NotificationMemory {
 public:
  struct Known {
    wire::UpdateNotification notification;  ///< without D
    std::optional<SendMessage> answer;      ///< none: it has not been given yet
    TimePoint until;
  };

  /// nullptr: a new one, whatever its D flag says.
  Known* find(TimePoint now, const wire::UpdateNotification& notification) {
    while (!known_.empty() && known_.front().until <= now) known_.pop_front();
    const auto wanted = without_d(notification);
    const auto found = std::ranges::find(known_, wanted, &Known::notification);
    return found == known_.end() ? nullptr : &*found;
  }
  void note(TimePoint now, const wire::UpdateNotification& notification) {
    if (known_.size() == kMost) known_.pop_front();
    known_.push_back({without_d(notification), std::nullopt, now + kRemembered});
  }
  void answered(const wire::UpdateNotification& notification, SendMessage answer) {
    const auto found = std::ranges::find(known_, without_d(notification), &Known::notification);
    if (found != known_.end()) found->answer = std::move(answer);
  }

 private:
  /// Longer than a sender within the limits of section 7 asks for the same: 5 times, 5 s apart.
  static constexpr Duration kRemembered = std::chrono::seconds(40);
  static constexpr std::size_t kMost = 256;

  static wire::UpdateNotification without_d(wire::UpdateNotification notification) {
    notification.retransmit = false;
    return notification;
  }

  std::deque<Known> known_;
};

}  // namespace flowmob::core
