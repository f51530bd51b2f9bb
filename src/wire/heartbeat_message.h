// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/message_traits.h"
#include "wire/options.h"

namespace flowmob::wire {

/// RFC 5847 section 3.3:  | Reserved (14) | U | R | Sequence Number (32) | options |
struct Heartbeat {
  static constexpr MessageTraits traits{13, "heartbeat", "RFC 5847 section 3.3", 6};
  bool unsolicited = false;  ///< U: a response that nobody asked for
  bool response = false;     ///< R
  std::uint32_t sequence{};
  MobilityOptions options;  ///< RestartCounter, in responses only
  static void fields(auto& self, auto& v) {
    v.template flags<std::uint16_t>(Letter{"U", 0x2, self.unsolicited}, Letter{"R", 0x1, self.response});
    v.integer("sequence", self.sequence);
  }
  friend bool operator==(const Heartbeat&, const Heartbeat&) = default;
};

}  // namespace flowmob::wire
