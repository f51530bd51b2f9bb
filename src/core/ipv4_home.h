// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/ipv4.h"

namespace flowmob::core {

/// What a mobile node has of IPv4 (RFC 5844 sections 3.1.1 and 3.2.1): its home address with the home
/// subnet's prefix length, and the default router there.
struct Ipv4Home {
  Ipv4Interface address;
  Ipv4Address router;
  friend bool operator==(const Ipv4Home&, const Ipv4Home&) = default;
};

/// The IP versions for which a node has home address mobility (RFC 5844 section 3.2.2).
enum class IpVersions { Ipv6, Ipv4, Dual };

constexpr bool has_ipv6(IpVersions versions) { return versions != IpVersions::Ipv4; }
constexpr bool has_ipv4(IpVersions versions) { return versions != IpVersions::Ipv6; }

}  // namespace flowmob::core
