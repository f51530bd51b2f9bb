// SPDX-License-Identifier: Apache-2.0
// Members as ports of the virtual interface.
#include <algorithm>

#include "daemon/mn/member_link.h"
#include "daemon/mn/members.h"
#include "daemon/mn/virtual_interface.h"
#include "platform/sysctl.h"

namespace flowmob::daemon {

using platform::Ipv6Setting;
using platform::Link;

namespace {

tl::unexpected<Error> cannot_be_port(const Link& member, const std::string& why) {
  return fail("cannot-be-port", "'" + member.name + "' " + why);
}

/// One that cannot carry IPv6 has no settings of it.
Result<void> let_have_ipv6(const Link& member, bool on) {
  auto set = platform::set_ipv6(member.name, Ipv6Setting::DisableIpv6, on ? 0 : 1);
  return set || set.error().code == "no-such-setting" ? Result<void>() : set;
}

}  // namespace

bool VirtualInterface::is_port(const Link& member) {
  const auto own = netlink_.link(plan_.name);
  return own && own->index == member.master;
}

/// Where the kernel refuses it is as it was. Bonds and teams give ports their own MTU, so that it must not be
/// more than the ports can have.
Result<void> VirtualInterface::join(const Link& member, const Link& own) {
  Result<void> ready;
  if (sets_ports_up() && member.mtu < own.mtu)
    ready = netlink_.set_mtu(own.index, std::max(member.mtu, kSmallestMtu));
  if (ready && sets_ports_up()) ready = netlink_.set_up(member.index, false);
  if (!ready) return ready;
  auto joined = netlink_.set_master(member.index, own.index);
  if (sets_ports_up() && (joined || member.up)) (void)netlink_.set_up(member.index, true);
  if (!joined) return cannot_be_port(member, "cannot be a port: " + joined.error().message);
  const auto now = netlink_.link(member.index);
  if (!now) return tl::unexpected(now.error());
  if (now->mac == member.mac) return {};
  (void)release_port(member.index);
  return cannot_be_port(member, "would lose its link-layer address in '" + plan_.name +
                                    "'; a bond leaves it with fail_over_mac=active");
}

/// As it is now: what was announced may be of before it became one.
Result<void> VirtualInterface::take_port(const Link& announced) {
  if (!has_ports()) return {};
  const auto own = netlink_.link(plan_.name);
  const auto member = netlink_.link(announced.index);
  if (!own || !member) return tl::unexpected(own ? member.error() : own.error());
  const auto header = link_header(*member);
  if (!header || *header == platform::LinkHeader::None)
    return cannot_be_port(
        *member, "is no Ethernet link; members without link-layer addresses need backend = \"veth\"");
  if (auto free = check_master(netlink_, *member, plan_.name); !free) return free;
  auto joined = member->master ? Result<void>() : join(*member, *own);
  if (joined && plan_.backend == VifBackend::Bridge) joined = netlink_.isolate_port(member->index, true);
  return joined.and_then([&] { return let_have_ipv6(*member, false); });
}

/// A bond or a team leaves it down.
Result<void> VirtualInterface::release_port(InterfaceIndex member) {
  const auto link = netlink_.link(member);
  if (!has_ports() || !link || !is_port(*link)) return {};
  return netlink_.set_master(link->index, {})
      .and_then([&] { return link->up ? netlink_.set_up(link->index, true) : Result<void>(); })
      .and_then([&] { return let_have_ipv6(*link, true); });
}

}  // namespace flowmob::daemon
