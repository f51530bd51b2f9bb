// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <variant>

#include "base/address.h"
#include "base/bytes.h"
#include "wire/option_traits.h"

/// Options that say more about whom a message concerns: a group, a network behind the node, a vendor.
namespace flowmob::wire {

/// RFC 5094 section 3:  | Vendor ID (32) | Sub-Type (8) | Data ... |
struct VendorSpecific {
  static constexpr OptionTraits traits{19, "vendor-specific", "RFC 5094 section 3", 4, 2};
  std::uint32_t vendor_id{};  ///< an enterprise number of IANA's
  std::uint8_t subtype{};
  Bytes data;
  static void fields(auto& self, auto& v) {
    v.integer("vendor_id", self.vendor_id);
    v.integer("subtype", self.subtype);
    v.octets("data", self.data, 0);
  }
  friend bool operator==(const VendorSpecific&, const VendorSpecific&) = default;
};

/// RFC 6602 section 4.3:  | Sub-type (8) | Reserved (8) | Mobile Node Group Identifier (32) |
struct MobileNodeGroupIdentifier {
  static constexpr OptionTraits traits{50, "mobile-node-group-identifier", "RFC 6602 section 4.3"};
  static constexpr std::uint8_t kBulkBindingUpdate = 1;
  static constexpr std::uint32_t kAllSessions = 1;
  std::uint8_t subtype = kBulkBindingUpdate;
  std::uint32_t identifier{};
  static void fields(auto& self, auto& v) {
    v.integer("subtype", self.subtype);
    v.reserved(1);
    v.integer("group", self.identifier);
  }
  friend bool operator==(const MobileNodeGroupIdentifier&, const MobileNodeGroupIdentifier&) = default;
};

/// RFC 7148 section 4.1:  | V Reserved (7) | Prefix Length (8) | IPv6 prefix, or with V an IPv4 one |
struct DelegatedMobileNetworkPrefix {
  static constexpr OptionTraits traits{55, "delegated-mobile-network-prefix", "RFC 7148 section 4.1", 8, 2};
  std::uint8_t prefix_length{};  ///< more than the address has bits is the receiver's to reject
  std::variant<Ipv6Address, Ipv4Address> prefix;
  static void fields(auto& self, auto& v) {
    v.family(0, 0x80, self.prefix);
    v.integer("prefix_length", self.prefix_length);
    v.address("prefix", self.prefix);
  }
  friend bool operator==(const DelegatedMobileNetworkPrefix&, const DelegatedMobileNetworkPrefix&) = default;
};

}  // namespace flowmob::wire
