// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <optional>

#include "core/peer/revocation_message.h"

namespace flowmob::core {

/// Answers that were given a moment ago. An indication that comes again because its answer was lost is
/// answered alike: what it revoked is gone by now, and "no such binding" would be wrong (RFC 5846
/// sections 6.3, 8.2, 9.1).
class RevocationMemory {
 public:
  std::optional<SendMessage> find(TimePoint now, const RevocationRequest& request) {
    forget(now);
    for (const auto& one : given_)
      if (one.peer == request.meta.source && one.indication == request.indication) return one.answer;
    return std::nullopt;
  }
  void note(TimePoint now, const RevocationRequest& request, const SendMessage& answer) {
    if (given_.size() == kMost) given_.pop_front();
    given_.push_back({now + kRemembered, request.meta.source, request.indication, answer});
  }

 private:
  /// Longer than an initiator with the variables of section 11 asks for the same.
  static constexpr Duration kRemembered = std::chrono::seconds(10);
  static constexpr std::size_t kMost = 64;
  struct Given {
    TimePoint until;
    Ipv6Address peer;
    wire::BindingRevocationIndication indication;
    SendMessage answer;
  };
  void forget(TimePoint now) {
    while (!given_.empty() && given_.front().until <= now) given_.pop_front();
  }
  std::deque<Given> given_;
};

}  // namespace flowmob::core
