// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/address.h"
#include "wire/enums.h"
#include "wire/option_traits.h"

/// The options of an IPv4 home address (RFC 5844 section 3.3).
namespace flowmob::wire {

/// RFC 5844 section 3.3.1:  | Prefix-len (6) | Reserved (10) | IPv4 home address (32) |
struct Ipv4HomeAddressRequest {
  static constexpr OptionTraits traits{36, "ipv4-home-address-request", "RFC 5844 section 3.3.1", 4, 0};
  std::uint8_t prefix_length{};  ///< 6 bits; more than 32 is the receiver's to reject
  Ipv4Address address;           ///< 0.0.0.0 asks for any
  static void fields(auto& self, auto& v) {
    v.top_bits("prefix_length", 6, self.prefix_length);
    v.reserved(1);
    v.address("address", self.address);
  }
  friend bool operator==(const Ipv4HomeAddressRequest&, const Ipv4HomeAddressRequest&) = default;
};

/// RFC 5844 section 3.3.2:  | Status (8) | Prefix-len (6) | Reserved (2) | IPv4 home address (32) |
struct Ipv4HomeAddressReply {
  static constexpr OptionTraits traits{37, "ipv4-home-address-reply", "RFC 5844 section 3.3.2", 4, 0};
  Ipv4HomeAddressStatus status{};
  std::uint8_t prefix_length{};  ///< 6 bits
  Ipv4Address address;
  bool accepted() const { return static_cast<std::uint8_t>(status) < 128; }
  static void fields(auto& self, auto& v) {
    v.integer("status", self.status);
    v.top_bits("prefix_length", 6, self.prefix_length);
    v.address("address", self.address);
  }
  friend bool operator==(const Ipv4HomeAddressReply&, const Ipv4HomeAddressReply&) = default;
};

/// RFC 5844 section 3.3.3:  | Reserved (16) | IPv4 Default-Router Address (32) |
struct Ipv4DefaultRouter {
  static constexpr OptionTraits traits{38, "ipv4-default-router", "RFC 5844 section 3.3.3", 4, 0};
  Ipv4Address address;
  static void fields(auto& self, auto& v) {
    v.reserved(2);
    v.address("address", self.address);
  }
  friend bool operator==(const Ipv4DefaultRouter&, const Ipv4DefaultRouter&) = default;
};

/// RFC 5844 section 3.3.4:  | Reserved (15) | S |
struct Ipv4DhcpSupportMode {
  static constexpr OptionTraits traits{39, "ipv4-dhcp-support-mode", "RFC 5844 section 3.3.4"};
  bool server = false;  ///< S: the gateway is to be a DHCP server; clear, a relay
  static void fields(auto& self, auto& v) {
    v.reserved(1);
    v.flag("server", 0x01, self.server);
  }
  friend bool operator==(const Ipv4DhcpSupportMode&, const Ipv4DhcpSupportMode&) = default;
};

}  // namespace flowmob::wire
