// SPDX-License-Identifier: Apache-2.0
#include "daemon/lma/way_to_mag.h"

#include "base/ipv4.h"

namespace flowmob::daemon {
namespace {

/// Nobody's.
constexpr Ipv6Address kEntrance{{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x52, 0, 0x13, 0, 0x58, 0, 0x44}};
constexpr MacAddress kEntranceMac{{0x02, 0x00, 0x52, 0x13, 0x58, 0x44}};

}  // namespace

Result<WayToMag> way_to_mag(platform::Netlink& netlink, const Ipv6Address& mag) {
  const auto path = netlink.path_to(mag);
  if (!path) return tl::unexpected(path.error());
  if (path->local) return fail("unreachable", mag.to_string() + " is an address of this host");
  if (!is_mapped(mag)) return WayToMag{path->interface, path->gateway.value_or(mag), path->mtu};
  auto done = netlink.ensure_neighbor({path->interface, kEntrance, kEntranceMac, true});
  if (!done) return tl::unexpected(done.error());
  return WayToMag{path->interface, kEntrance, path->mtu};
}

}  // namespace flowmob::daemon
