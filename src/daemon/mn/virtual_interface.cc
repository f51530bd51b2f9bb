// SPDX-License-Identifier: Apache-2.0
#include "daemon/mn/virtual_interface.h"

#include <utility>

#include "platform/sysctl.h"

namespace flowmob::daemon {
namespace {

using platform::Ipv6Setting;
using platform::Link;
using platform::Netlink;

Result<bool> exists(Netlink& netlink, const std::string& name) {
  const auto link = netlink.link(name);
  if (!link && link.error().code == "no-such-interface") return false;
  if (!link) return tl::unexpected(link.error());
  if (link->kind != "veth" || !netlink.link(VirtualInterface::peer_of(name)))
    return fail("interface-in-use", "'" + name + "' exists and is no virtual interface of a mobile node; " +
                                        "choose another name, or remove it");
  return true;
}

/// docs/adr/0004: no router discovery of the kernel's, no address of its own making, no duplicate address
/// detection. Generation mode 1: none.
Result<void> take_from_the_kernel(const std::string& name) {
  for (const auto& [setting, value] : {std::pair(Ipv6Setting::AcceptRa, 0),
                                       {Ipv6Setting::RouterSolicitations, 0},
                                       {Ipv6Setting::AcceptDad, 0},
                                       {Ipv6Setting::DadTransmits, 0},
                                       {Ipv6Setting::AddrGenMode, 1},
                                       {Ipv6Setting::DisableIpv6, 0}}) {
    if (auto done = platform::set_ipv6(name, setting, value); !done) return done;
  }
  return platform::set_ipv6(VirtualInterface::peer_of(name), Ipv6Setting::DisableIpv6, 1);
}

Result<void> bring_up(Netlink& netlink, const std::string& name, const MacAddress& mac) {
  const auto peer = netlink.link(VirtualInterface::peer_of(name));
  if (!peer) return tl::unexpected(peer.error());
  const auto link = netlink.link(name);
  if (!link) return tl::unexpected(link.error());
  const auto addressed = link->mac == mac ? Result<void>() : netlink.set_mac(link->index, mac);
  return addressed.and_then([&] { return netlink.set_up(peer->index, true); }).and_then([&] {
    return netlink.set_up(link->index, true);
  });
}

}  // namespace

/// Linux takes 15 octets.
std::string VirtualInterface::peer_of(const std::string& name) { return name.substr(0, 10) + "-peer"; }

Result<Link> VirtualInterface::ensure(Netlink& netlink, const std::string& name, const MacAddress& mac) {
  const auto there = exists(netlink, name);
  if (!there) return tl::unexpected(there.error());
  const auto made = *there ? Result<void>() : netlink.create_veth({name, peer_of(name), mac, {}, {}, {}});
  return made.and_then([&] { return take_from_the_kernel(name); })
      .and_then([&] { return bring_up(netlink, name, mac); })
      .and_then([&] { return netlink.link(name); });
}

Result<void> VirtualInterface::remove(Netlink& netlink, const std::string& name) {
  const auto there = exists(netlink, name);
  if (!there) return tl::unexpected(there.error());
  if (!*there) return {};
  return netlink.link(name).and_then([&](const Link& link) { return netlink.delete_link(link.index); });
}

}  // namespace flowmob::daemon
