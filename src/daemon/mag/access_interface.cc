// SPDX-License-Identifier: Apache-2.0
#include "daemon/mag/access_interface.h"

#include "platform/sysctl.h"

namespace flowmob::daemon {
namespace {

using platform::Ipv6Setting;
using platform::Link;
using platform::Netlink;

const MacAddress& fixed_link_address() {
  static const MacAddress kAddress{{0x00, 0x00, 0x5e, 0x00, 0x52, 0x13}};  // RFC 6543 section 3
  return kAddress;
}

/// Some drivers change the address only while the interface is down.
Result<void> set_link_address(Netlink& netlink, const Link& link, const MacAddress& address) {
  auto done = netlink.set_mac(link.index, address);
  if (done || !link.up) return done;
  done = netlink.set_up(link.index, false).and_then([&] { return netlink.set_mac(link.index, address); });
  const auto up = netlink.set_up(link.index, true);
  return done ? up : done;
}

/// The kernel's own link-local address, made from the former link-layer address, would be a second router.
Result<void> replace_link_local(Netlink& netlink, const Link& link, const Ipv6Address& wanted) {
  const auto own = Ipv6Prefix::truncated(wanted, 64).with_interface_id(link.mac.eui64_interface_id());
  auto done = netlink.ensure_address({.interface = link.index, .address = wanted});
  if (!done || own == wanted) return done;
  return netlink.remove_address(link.index, own, 64);
}

Result<void> set_sysctls(const std::string& interface) {
  // Every MAG has the same address: duplicates are what RFC 6543 is about.
  return platform::set_ipv6(interface, Ipv6Setting::AcceptDad, 0).and_then([&] {
    return platform::set_ipv6(interface, Ipv6Setting::AcceptRa, 0);
  });
}

}  // namespace

Result<void> resolve_access(Netlink& netlink, core::AccessConfig& access) {
  const auto link = netlink.link(access.interface);
  if (!link) return tl::unexpected(link.error());
  access.index = link->index;
  access.link_address = access.fixed_link_layer_address ? fixed_link_address() : link->mac;
  return {};
}

Result<void> prepare_access(Netlink& netlink, core::AccessConfig& access,
                            const Ipv6Address& router_link_local) {
  const auto link = netlink.link(access.interface);
  if (!link) return tl::unexpected(link.error());
  access.index = link->index;
  access.link_address = access.fixed_link_layer_address ? fixed_link_address() : link->mac;
  auto done = set_sysctls(access.interface);
  if (!done || !access.fixed_link_layer_address) return done;
  if (link->mac != access.link_address) done = set_link_address(netlink, *link, access.link_address);
  return done.and_then([&] { return replace_link_local(netlink, *link, router_link_local); });
}

}  // namespace flowmob::daemon
