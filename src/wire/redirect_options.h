// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <variant>

#include "base/address.h"
#include "wire/option_traits.h"

/// RFC 6463: an anchor that sends its gateways to another one.
namespace flowmob::wire {

/// RFC 6463 section 4.1:  | Reserved (16) |
struct RedirectCapability {
  static constexpr OptionTraits traits{46, "redirect-capability", "RFC 6463 section 4.1", 4, 0};
  static void fields(auto&, auto& v) { v.reserved(2); }
  friend bool operator==(const RedirectCapability&, const RedirectCapability&) = default;
};

/// RFC 6463 section 4.2:  | K N Reserved (14) | IPv6 address with K, IPv4 address with N |
struct Redirect {
  static constexpr OptionTraits traits{47, "redirect", "RFC 6463 section 4.2", 4, 0};
  std::variant<Ipv6Address, Ipv4Address> address;
  static void fields(auto& self, auto& v) {
    v.family(0x80, 0x40, self.address);
    v.reserved(1);
    v.address("address", self.address);
  }
  friend bool operator==(const Redirect&, const Redirect&) = default;
};

/// RFC 6463 section 4.3:  | Priority (16) | four numbers of 32 bits |
struct LoadInformation {
  static constexpr OptionTraits traits{48, "load-information", "RFC 6463 section 4.3", 4, 0};
  std::uint16_t priority{};  ///< the lower, the better
  std::uint32_t sessions{}, maximum_sessions{};
  std::uint32_t capacity{}, maximum_capacity{};  ///< kilobytes a second
  static void fields(auto& self, auto& v) {
    v.integer("priority", self.priority);
    v.integer("sessions", self.sessions);
    v.integer("maximum_sessions", self.maximum_sessions);
    v.integer("capacity", self.capacity);
    v.integer("maximum_capacity", self.maximum_capacity);
  }
  friend bool operator==(const LoadInformation&, const LoadInformation&) = default;
};

/// RFC 6463 section 4.4:  | IPv4 address (32) |
struct AlternateIpv4CareOfAddress {
  static constexpr OptionTraits traits{49, "alternate-ipv4-care-of-address", "RFC 6463 section 4.4", 4, 2};
  Ipv4Address address;
  static void fields(auto& self, auto& v) { v.address("address", self.address); }
  friend bool operator==(const AlternateIpv4CareOfAddress&, const AlternateIpv4CareOfAddress&) = default;
};

}  // namespace flowmob::wire
