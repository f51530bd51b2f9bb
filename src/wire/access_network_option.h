// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "wire/flow_options.h"
#include "wire/option_traits.h"

/// RFC 6757: what the access network is called, where it is and whose it is.
namespace flowmob::wire {

/// RFC 6757 section 3.1.1:
/// | E | Reserved (7) | Net-Name Len (8) | Network Name ... | AP-Name Len (8) | Access-Point Name ... |
struct NetworkIdentifier {
  static constexpr SubOptionTraits traits{1, "network-identifier"};
  bool utf8 = true;    ///< E: the network's name is UTF-8
  Bytes network;       ///< an SSID, a PLMN; never empty where the RFC is kept
  Bytes access_point;  ///< empty: not said
  static void fields(auto& self, auto& v) {
    v.flag("utf8", 0x80, self.utf8);
    v.counted_octets("network", self.network);
    v.counted_octets("access_point", self.access_point);
  }
  friend bool operator==(const NetworkIdentifier&, const NetworkIdentifier&) = default;
};

/// RFC 6757 section 3.1.2:  | Latitude (24) | Longitude (24) |, in units of 2^-15 degree.
struct GeoLocation {
  static constexpr SubOptionTraits traits{2, "geo-location"};
  std::int32_t latitude{};   ///< 24 bits, positive to the north
  std::int32_t longitude{};  ///< 24 bits
  static void fields(auto& self, auto& v) {
    v.degrees("latitude", self.latitude);
    v.degrees("longitude", self.longitude);
  }
  friend bool operator==(const GeoLocation&, const GeoLocation&) = default;
};

/// RFC 6757 section 3.1.3:  | Op-ID Type (8) | Operator-Identifier ... |
struct OperatorIdentifier {
  static constexpr SubOptionTraits traits{3, "operator-identifier"};
  static constexpr std::uint8_t kEnterpriseNumber = 1;
  static constexpr std::uint8_t kRealm = 2;
  std::uint8_t kind{};
  Bytes identifier;
  static void fields(auto& self, auto& v) {
    v.integer("kind", self.kind);
    v.octets("identifier", self.identifier, 0);
  }
  friend bool operator==(const OperatorIdentifier&, const OperatorIdentifier&) = default;
};

/// Those of RFC 7563 stay unread: its section 3.2 gives three octets a length of two.
using AccessNetworkSubOption =
    std::variant<NetworkIdentifier, GeoLocation, OperatorIdentifier, UnknownSubOption>;

/// RFC 6757 section 3:  | Sub-options ... |, without padding between them
struct AccessNetworkIdentifier {
  static constexpr OptionTraits traits{52, "access-network-identifier", "RFC 6757 section 3", 4, 0};
  std::vector<AccessNetworkSubOption> sub_options;
  static void fields(auto& self, auto& v) { v.sub_options("sub_options", self.sub_options); }
  friend bool operator==(const AccessNetworkIdentifier&, const AccessNetworkIdentifier&) = default;
};

}  // namespace flowmob::wire
