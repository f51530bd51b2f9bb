// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

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

inline platform::LinkHeader header_of(const core::MemberConfig& member) {
  return member.raw_ip ? platform::LinkHeader::None : platform::LinkHeader::Ethernet;
}

}  // namespace flowmob::daemon
