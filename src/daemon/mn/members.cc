// SPDX-License-Identifier: Apache-2.0
#include "daemon/mn/members.h"

#include <spdlog/spdlog.h>

#include "platform/sysctl.h"

namespace flowmob::daemon {

using platform::Link;
using platform::Netlink;

Result<void> resolve_members(Netlink& netlink, core::MnConfig& config) {
  for (core::MemberConfig& member : config.members) {
    const auto link = netlink.link(member.interface);
    if (!link) return tl::unexpected(link.error());
    if (link->mac.is_zero())
      return fail("bad-interface",
                  "'" + member.interface + "' has no link-layer address: not an Ethernet link");
    member.index = link->index;
    member.mac = link->mac;
  }
  if (config.mac.is_zero() && !config.members.empty()) config.mac = config.members.front().mac;
  return {};
}

Result<void> prepare_member(Netlink& netlink, const Link& member) {
  if (auto done = platform::set_ipv6(member.name, platform::Ipv6Setting::AcceptRa, 0); !done) return done;
  const auto addresses = netlink.addresses(member.index);
  if (!addresses) return tl::unexpected(addresses.error());
  for (const auto& found : *addresses) {
    if (found.address.is_link_local()) continue;
    spdlog::warn("{}: removing {}/{}, members have link-local addresses only", member.name,
                 found.address.to_string(), found.prefix_length);
    auto removed = netlink.remove_address(member.index, found.address, found.prefix_length);
    if (!removed) return removed;
  }
  return {};
}

}  // namespace flowmob::daemon
