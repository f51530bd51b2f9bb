// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/message_traits.h"
#include "wire/options.h"

/// RFC 5846 section 5: one MH Type, two messages. The first octet, the B.R. Type, tells which.
namespace flowmob::wire {

/// RFC 5846 section 5.1:  | B.R. Type = 1 | R. Trigger | Sequence # (16) | P V G Reserved (13) | options |
struct BindingRevocationIndication {
  static constexpr MessageTraits traits{16, "binding-revocation-indication", "RFC 5846 section 5.1", 6, 1};
  RevocationTrigger trigger{};
  std::uint16_t sequence{};
  bool proxy = false;      ///< P
  bool ipv4_only = false;  ///< V
  bool global = false;     ///< G
  MobilityOptions options;
  static void fields(auto& self, auto& v) {
    v.integer("trigger", self.trigger);
    v.integer("sequence", self.sequence);
    v.template flags<std::uint16_t>(Letter{"P", 0x8000, self.proxy}, Letter{"V", 0x4000, self.ipv4_only},
                                    Letter{"G", 0x2000, self.global});
  }
  friend bool operator==(const BindingRevocationIndication&, const BindingRevocationIndication&) = default;
};

/// RFC 5846 section 5.2:  | B.R. Type = 2 | Status | Sequence # (16) | P V G Reserved (13) | options |
struct BindingRevocationAcknowledgement {
  static constexpr MessageTraits traits{16, "binding-revocation-acknowledgement", "RFC 5846 section 5.2", 6,
                                        2};
  RevocationStatus status{};
  std::uint16_t sequence{};
  bool proxy = false;      ///< P
  bool ipv4_only = false;  ///< V
  bool global = false;     ///< G
  MobilityOptions options;
  bool accepted() const { return static_cast<std::uint8_t>(status) < 128; }
  static void fields(auto& self, auto& v) {
    v.integer("status", self.status);
    v.integer("sequence", self.sequence);
    v.template flags<std::uint16_t>(Letter{"P", 0x8000, self.proxy}, Letter{"V", 0x4000, self.ipv4_only},
                                    Letter{"G", 0x2000, self.global});
  }
  friend bool operator==(const BindingRevocationAcknowledgement&,
                         const BindingRevocationAcknowledgement&) = default;
};

}  // namespace flowmob::wire
