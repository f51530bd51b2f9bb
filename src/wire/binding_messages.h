// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.h"
#include "wire/message_traits.h"
#include "wire/options.h"

namespace flowmob::wire {

/// What a Lifetime of 1 means in both messages.
inline constexpr Duration kLifetimeUnit = std::chrono::seconds(4);

/// RFC 6275 section 6.1.7 with the P flag of RFC 5213 section 8.1; a plain Binding Update has proxy = false.
///   | Sequence # (16) | A H L K M R P F T B ... (16) | Lifetime (16, units of 4 s) | options |
struct ProxyBindingUpdate {
  static constexpr MessageTraits traits{5, "binding-update", "RFC 6275 section 6.1.7", 6};
  std::uint16_t sequence{};
  bool acknowledge = false;
  bool home = false;
  bool link_local_compat = false;
  bool key_management = false;
  bool map = false;
  bool mobile_router = false;
  bool proxy = false;
  bool force_udp = false;
  bool tlv_header = false;
  bool bulk = false;
  std::uint16_t other_flags = 0;  ///< the lower six bits, as received
  std::uint16_t lifetime{};       ///< units of 4 seconds
  MobilityOptions options;
  static void fields(auto& self, auto& v) {
    v.integer("sequence", self.sequence);
    v.template flags_and_others<std::uint16_t>(
        self.other_flags, Letter{"A", 0x8000, self.acknowledge}, Letter{"H", 0x4000, self.home},
        Letter{"L", 0x2000, self.link_local_compat}, Letter{"K", 0x1000, self.key_management},
        Letter{"M", 0x0800, self.map}, Letter{"R", 0x0400, self.mobile_router},
        Letter{"P", 0x0200, self.proxy}, Letter{"F", 0x0100, self.force_udp},
        Letter{"T", 0x0080, self.tlv_header}, Letter{"B", 0x0040, self.bulk});
    v.four_seconds("lifetime", self.lifetime);
  }
  friend bool operator==(const ProxyBindingUpdate&, const ProxyBindingUpdate&) = default;
};

/// RFC 6275 section 6.1.8 with the P flag of RFC 5213 section 8.2.
///   | Status (8) | K R P T B ... (8) | Sequence # (16) | Lifetime (16, units of 4 s) | options |
struct ProxyBindingAcknowledgement {
  static constexpr MessageTraits traits{6, "binding-acknowledgement", "RFC 6275 section 6.1.8", 6};
  BindingStatus status{};
  bool key_management = false;
  bool mobile_router = false;
  bool proxy = false;
  bool tlv_header = false;
  bool bulk = false;
  std::uint8_t other_flags = 0;  ///< the lower three bits, as received
  std::uint16_t sequence{};
  std::uint16_t lifetime{};  ///< units of 4 seconds
  MobilityOptions options;
  bool accepted() const { return static_cast<std::uint8_t>(status) < 128; }
  static void fields(auto& self, auto& v) {
    v.integer("status", self.status);
    v.template flags_and_others<std::uint8_t>(
        self.other_flags, Letter{"K", 0x80, self.key_management}, Letter{"R", 0x40, self.mobile_router},
        Letter{"P", 0x20, self.proxy}, Letter{"T", 0x10, self.tlv_header}, Letter{"B", 0x08, self.bulk});
    v.integer("sequence", self.sequence);
    v.four_seconds("lifetime", self.lifetime);
  }
  friend bool operator==(const ProxyBindingAcknowledgement&, const ProxyBindingAcknowledgement&) = default;
};

/// RFC 6275 section 6.1.9:  | Status (8) | Reserved (8) | Home Address (128) | options |
struct BindingError {
  static constexpr MessageTraits traits{7, "binding-error", "RFC 6275 section 6.1.9", 18};
  BindingErrorStatus status{};
  Ipv6Address home_address;
  MobilityOptions options;
  static void fields(auto& self, auto& v) {
    v.integer("status", self.status);
    v.reserved(1);
    v.address("home_address", self.home_address);
  }
  friend bool operator==(const BindingError&, const BindingError&) = default;
};

}  // namespace flowmob::wire
