// SPDX-License-Identifier: Apache-2.0
// Members as ports of the virtual interface.
#include "daemon/mn/virtual_interface.h"
#include "platform/sysctl.h"

namespace flowmob::daemon {

using platform::Ipv6Setting;
using platform::Link;

bool VirtualInterface::is_port(const Link& member) {
  const auto own = netlink_.link(plan_.name);
  return own && own->index == member.master;
}

/// Where the kernel refuses it is as it was.
Result<void> VirtualInterface::join(const Link& member, InterfaceIndex master) {
  if (sets_ports_up())
    if (auto down = netlink_.set_up(member.index, false); !down) return down;
  auto joined = netlink_.set_master(member.index, master);
  if (sets_ports_up() && (joined || member.up)) (void)netlink_.set_up(member.index, true);
  if (!joined)
    return fail("cannot-be-port", "'" + member.name + "' cannot be a port: " + joined.error().message);
  const auto now = netlink_.link(member.index);
  if (!now) return tl::unexpected(now.error());
  if (now->mac == member.mac) return {};
  (void)release_port(member.name);
  return fail("cannot-be-port", "'" + member.name + "' would lose its link-layer address in '" + plan_.name +
                                    "'; a bond leaves it with fail_over_mac=active");
}

Result<void> VirtualInterface::take_port(const Link& member) {
  if (!has_ports()) return {};
  const auto own = netlink_.link(plan_.name);
  if (!own) return tl::unexpected(own.error());
  if (member.master && member.master != own->index)
    return fail("has-master", "'" + member.name + "' belongs to a bridge, a bond or another master");
  auto joined = member.master ? Result<void>() : join(member, own->index);
  if (joined && plan_.backend == VifBackend::Bridge) joined = netlink_.isolate_port(member.index);
  return joined.and_then([&] { return platform::set_ipv6(member.name, Ipv6Setting::DisableIpv6, 1); });
}

/// A bond or a team leaves it down.
Result<void> VirtualInterface::release_port(const std::string& member) {
  const auto link = netlink_.link(member);
  if (!has_ports() || !link) return {};
  Result<void> released;
  if (is_port(*link)) {
    released = netlink_.set_master(link->index, {}).and_then([&] {
      return link->up ? netlink_.set_up(link->index, true) : Result<void>();
    });
  }
  return released.and_then([&] { return platform::set_ipv6(member, Ipv6Setting::DisableIpv6, 0); });
}

}  // namespace flowmob::daemon
