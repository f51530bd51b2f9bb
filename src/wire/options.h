// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/address.h"
#include "base/bytes.h"
#include "base/time.h"
#include "wire/access_network_option.h"
#include "wire/enums.h"
#include "wire/flow_options.h"
#include "wire/group_options.h"
#include "wire/ipv4_options.h"
#include "wire/multipath_options.h"
#include "wire/option_traits.h"
#include "wire/redirect_options.h"
#include "wire/tunnel_options.h"

/// Mobility options, one struct each. Values are in host order; octets and addresses as on the wire. In the
/// diagrams the Type and Length octets are left out.
namespace flowmob::wire {

/// RFC 6275 section 6.2.5:  | 16 octets of address |
struct AlternateCareOfAddress {
  static constexpr OptionTraits traits{3, "alternate-care-of-address", "RFC 6275 section 6.2.5", 8, 6};
  Ipv6Address address;
  static void fields(auto& self, auto& v) { v.address("address", self.address); }
  friend bool operator==(const AlternateCareOfAddress&, const AlternateCareOfAddress&) = default;
};

/// RFC 6275 section 6.2.4:  | Refresh Interval (16, units of 4 s) |
struct BindingRefreshAdvice {
  static constexpr OptionTraits traits{2, "binding-refresh-advice", "RFC 6275 section 6.2.4", 2, 0};
  std::uint16_t interval{};
  static void fields(auto& self, auto& v) { v.integer("interval", self.interval); }
  friend bool operator==(const BindingRefreshAdvice&, const BindingRefreshAdvice&) = default;
};

/// RFC 4283 section 3, subtypes of RFC 8371:  | Subtype | Identifier ... |
struct MobileNodeIdentifier {
  static constexpr OptionTraits traits{8, "mn-identifier", "RFC 4283 section 3"};
  static constexpr std::uint8_t kNai = 1;
  std::uint8_t subtype = kNai;
  Bytes identifier;  ///< may be empty; for a NAI the text without terminator
  static void fields(auto& self, auto& v) {
    v.integer("subtype", self.subtype);
    v.octets("identifier", self.identifier, 0);
  }
  friend bool operator==(const MobileNodeIdentifier&, const MobileNodeIdentifier&) = default;
};

/// RFC 5149 section 3:  | Identifier ... |  (1 to 255 octets)
struct ServiceSelection {
  static constexpr OptionTraits traits{20, "service-selection", "RFC 5149 section 3"};
  Bytes identifier;
  static void fields(auto& self, auto& v) { v.octets("identifier", self.identifier, 1); }
  friend bool operator==(const ServiceSelection&, const ServiceSelection&) = default;
};

/// RFC 5213 section 8.3, L flag of RFC 7864 section 6.2:  | L | Reserved (7) | Prefix Length | 16 octets of
/// prefix |
struct HomeNetworkPrefixOption {
  static constexpr OptionTraits traits{22, "home-network-prefix", "RFC 5213 section 8.3", 8, 4};
  bool off_link = false;
  std::uint8_t prefix_length{};  ///< in bits; more than 128 is the receiver's to reject
  Ipv6Address prefix;            ///< as received, bits behind the length included
  static void fields(auto& self, auto& v) {
    v.flag("off_link", 0x80, self.off_link);
    v.integer("prefix_length", self.prefix_length);
    v.address("prefix", self.prefix);
  }
  /// ALL_ZERO concerns the 16 octets alone (RFC 5213 section 2.2).
  bool is_all_zero() const { return prefix.is_unspecified(); }
  Ipv6Prefix to_prefix() const {
    return Ipv6Prefix::truncated(prefix, prefix_length > 128 ? 128 : prefix_length);
  }
  static HomeNetworkPrefixOption of(const Ipv6Prefix& p) { return {false, p.length, p.address}; }
  friend bool operator==(const HomeNetworkPrefixOption&, const HomeNetworkPrefixOption&) = default;
};

/// RFC 5213 section 8.4:  | Reserved | HI |
struct HandoffIndicatorOption {
  static constexpr OptionTraits traits{23, "handoff-indicator", "RFC 5213 section 8.4"};
  HandoffIndicator indicator{};
  static void fields(auto& self, auto& v) {
    v.reserved(1);
    v.integer("indicator", self.indicator);
  }
  friend bool operator==(const HandoffIndicatorOption&, const HandoffIndicatorOption&) = default;
};

/// RFC 5213 section 8.5:  | Reserved | ATT |
struct AccessTechnologyTypeOption {
  static constexpr OptionTraits traits{24, "access-technology-type", "RFC 5213 section 8.5"};
  AccessTechnology type{};
  static void fields(auto& self, auto& v) {
    v.reserved(1);
    v.integer("type", self.type);
  }
  friend bool operator==(const AccessTechnologyTypeOption&, const AccessTechnologyTypeOption&) = default;
};

/// RFC 5213 section 8.6:  | Reserved | Reserved | Link-layer Identifier ... |
struct MnLinkLayerIdentifier {
  static constexpr OptionTraits traits{25, "mn-link-layer-identifier", "RFC 5213 section 8.6"};
  Bytes identifier;
  static void fields(auto& self, auto& v) {
    v.reserved(2);
    v.octets("identifier", self.identifier, 0);
  }
  friend bool operator==(const MnLinkLayerIdentifier&, const MnLinkLayerIdentifier&) = default;
};

/// RFC 5213 section 8.7:  | 16 octets of link-local address |
struct LinkLocalAddressOption {
  static constexpr OptionTraits traits{26, "link-local-address", "RFC 5213 section 8.7", 8, 6};
  Ipv6Address address;
  static void fields(auto& self, auto& v) { v.address("address", self.address); }
  friend bool operator==(const LinkLocalAddressOption&, const LinkLocalAddressOption&) = default;
};

/// RFC 5213 section 8.8:  | 48 bits of seconds since 1970 | 16 bits of 1/65536 seconds |
struct TimestampOption {
  static constexpr OptionTraits traits{27, "timestamp", "RFC 5213 section 8.8", 8, 2};
  std::uint64_t value{};
  static void fields(auto& self, auto& v) { v.integer("value", self.value); }
  WallTime to_wall() const;  ///< saturates at WallTime's end; from_wall() gives the same stamp back
  static TimestampOption from_wall(WallTime time);
  friend bool operator==(const TimestampOption&, const TimestampOption&) = default;
};

/// RFC 5847 section 3.4:  | Restart Counter (32) |
struct RestartCounter {
  static constexpr OptionTraits traits{28, "restart-counter", "RFC 5847 section 3.4", 4, 2};
  std::uint32_t counter{};
  static void fields(auto& self, auto& v) { v.integer("counter", self.counter); }
  friend bool operator==(const RestartCounter&, const RestartCounter&) = default;
};

/// Any option that this codec has no struct for; survives a round trip unchanged.
struct UnknownOption {
  std::uint8_t type{};
  Bytes data;
  friend bool operator==(const UnknownOption&, const UnknownOption&) = default;
};

/// Padding is no option here: the encoder makes it, the decoder drops it.
using MobilityOption =
    std::variant<AlternateCareOfAddress, MobileNodeIdentifier, ServiceSelection, HomeNetworkPrefixOption,
                 HandoffIndicatorOption, AccessTechnologyTypeOption, MnLinkLayerIdentifier,
                 LinkLocalAddressOption, TimestampOption, BindingIdentifierOption, FlowSummary,
                 FlowIdentification, RestartCounter, NatDetection, GreKey, Ipv4HomeAddressRequest,
                 Ipv4HomeAddressReply, Ipv4DefaultRouter, Ipv4DhcpSupportMode, VendorSpecific,
                 RedirectCapability, Redirect, LoadInformation, AlternateIpv4CareOfAddress,
                 MobileNodeGroupIdentifier, AccessNetworkIdentifier, DelegatedMobileNetworkPrefix,
                 MagMultipathBinding, MagIdentifier, BindingRefreshAdvice, UnknownOption>;
using MobilityOptions = std::vector<MobilityOption>;

/// The first option of a kind, or nullptr. The first wins where an option may stand once (docs/adr/0006).
template <class T>
const T* find(const MobilityOptions& options) {
  for (const auto& option : options)
    if (const auto* found = std::get_if<T>(&option)) return found;
  return nullptr;
}

/// All options of a kind, in order.
template <class T>
std::vector<T> find_all(const MobilityOptions& options) {
  std::vector<T> all;
  for (const auto& option : options)
    if (const auto* found = std::get_if<T>(&option)) all.push_back(*found);
  return all;
}

}  // namespace flowmob::wire
