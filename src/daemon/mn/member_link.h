// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/mn/config.h"
#include "platform/netlink.h"
#include "platform/packet_socket.h"

namespace flowmob::daemon {

/// What stands before IP on a link that may be a member: Ethernet's header, or nothing on a point-to-point
/// one (tun, wwan, PPP). "is-loopback", "is-tunnel", "no-link-layer-address", "kernel-too-old".
Result<platform::LinkHeader> link_header(const platform::Link& link);

/// Whether a kernel takes Ethernet's header off what a program hands to a PPP link, as it does for other
/// links without one (since Linux 6.6 and in the stable releases of that time). Both as uname(2) says them:
/// Debian has the stable release in `version`.
bool takes_headers_off_for_ppp(std::string_view release, std::string_view version);

/// Which link a member is, by index and link-layer address. Where there is none its name's hash stands in: an
/// address of local administration, the same after every start, for identifiers of interfaces come of it.
void identify(core::MemberConfig& member, const platform::Link& link);
bool is_same(const core::MemberConfig& member, const platform::Link& link);

/// A link that cannot carry IPv6 (RFC 8200 section 5) is as one without a carrier.
constexpr std::uint32_t kSmallestMtu = 1280;

/// The other end of a virtual interface that is a veth. Linux takes 15 octets.
std::string other_end_of(const std::string& interface);

/// The link of that name, if it may be a member while `interface` is the virtual interface, or is to be,
/// which `has_ports` or has none: "no-such-interface", "is-virtual-interface" (that or its other end),
/// "has-master", what link_header() says, "cannot-be-port". Whether it carries IPv6 is for check_mtu().
Result<platform::Link> fit_link(platform::Netlink& netlink, const std::string& name,
                                const std::string& interface, bool has_ports);
/// "has-master": somebody else's port than `interface`'s; says whose, and how to take it out.
Result<void> check_master(platform::Netlink& netlink, const platform::Link& link,
                          const std::string& interface);
/// "mtu-too-small"
Result<void> check_mtu(const platform::Link& link);
/// A gateway would take both for one (RFC 5213 section 8.6: the link-layer identifier tells interfaces
/// apart). "same-link-layer-address"
Result<void> check_distinct(const std::vector<core::MemberConfig>& members);

inline platform::LinkHeader header_of(const core::MemberConfig& member) {
  return member.raw_ip ? platform::LinkHeader::None : platform::LinkHeader::Ethernet;
}

}  // namespace flowmob::daemon
