// SPDX-License-Identifier: Apache-2.0
#include "daemon/mn/virtual_interface.h"

#include <algorithm>
#include <utility>

#include "daemon/mn/member_link.h"
#include "platform/sysctl.h"

namespace flowmob::daemon {
namespace {

using platform::Ipv6Setting;
using platform::Link;

/// Devices that we made have it as their alias: they are ours to remove.
constexpr const char* kMark = "flowmob";

/// What the kernel calls it.
std::string kind_of(VifBackend backend) {
  switch (backend) {
    case VifBackend::Veth:
      return "veth";
    case VifBackend::Bridge:
      return "bridge";
    case VifBackend::Bond:
      return "bond";
    case VifBackend::Team:
      return "team";
  }
  return "";
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
  return {};
}

}  // namespace

bool VirtualInterface::is_ours(const Link& link) { return link.kind == "veth" || link.alias == kMark; }

bool VirtualInterface::is_made_by_us(const Link& link) const { return !has_ports() || link.alias == kMark; }

bool VirtualInterface::can_be_taken(const Link& link) {
  if (link.kind != kind_of(plan_.backend)) return false;
  return has_ports() || netlink_.link(other_end_of(plan_.name)).has_value();
}

Result<std::vector<Link>> VirtualInterface::ports_of(const Link& link) {
  auto all = netlink_.links();
  if (all) std::erase_if(*all, [&](const Link& other) { return other.master != link.index; });
  return all;
}

/// Whoever else is on it would be cut off, or heard as a member.
Result<void> VirtualInterface::check_ports(const Link& link, const std::vector<std::string>& members,
                                           const std::vector<InterfaceIndex>& former) {
  const auto ports = ports_of(link);
  if (!ports) return tl::unexpected(ports.error());
  for (const Link& port : *ports)
    if (std::ranges::count(members, port.name) == 0 && std::ranges::count(former, port.index) == 0)
      return fail("foreign-port", "'" + port.name + "' is a port of '" + plan_.name +
                                      "' and no member; make it one, or take it out");
  return {};
}

Result<void> VirtualInterface::check_addresses(const Link& link) {
  const auto addresses = netlink_.addresses(link.index);
  if (!addresses) return tl::unexpected(addresses.error());
  for (const auto& found : *addresses)
    if (!found.address.is_link_local())
      return fail("has-global-address", "'" + plan_.name + "' has " + found.address.to_string() + '/' +
                                            std::to_string(found.prefix_length) +
                                            ", which somebody may need; remove it first");
  return {};
}

Result<void> VirtualInterface::create() {
  if (!has_ports())
    return netlink_.create_veth({plan_.name, other_end_of(plan_.name), plan_.mac, {}, {}, {}});
  auto made = netlink_.create_master({plan_.name, kind_of(plan_.backend), plan_.mac, kMark});
  if (!made && made.error().code == "not-supported")
    return fail("no-such-backend", "this kernel makes no " + kind_of(plan_.backend) + " ('" + plan_.name +
                                       "'): its module is missing; backend = \"veth\" needs none");
  return made;
}

/// A bond has the link-layer address of one of its ports, and changes it.
Result<void> VirtualInterface::bring_up() {
  const auto link = netlink_.link(plan_.name);
  if (!link) return tl::unexpected(link.error());
  const bool is_ours_to_address = is_made_by_us(*link) && plan_.backend != VifBackend::Bond;
  Result<void> done;
  if (is_ours_to_address && link->mac != plan_.mac) done = netlink_.set_mac(link->index, plan_.mac);
  if (done && !has_ports()) {
    const auto peer = netlink_.link(other_end_of(plan_.name));
    if (!peer) return tl::unexpected(peer.error());
    done = platform::set_ipv6(peer->name, Ipv6Setting::DisableIpv6, 1).and_then([&] {
      return netlink_.set_up(peer->index, true);
    });
  }
  return done.and_then([&] { return netlink_.set_up(link->index, true); });
}

Result<void> VirtualInterface::ensure_link_local(InterfaceIndex interface) {
  return netlink_.ensure_address(
      {.interface = interface, .address = link_local(), .prefix_length = 64, .no_dad = true});
}

Result<void> VirtualInterface::remove_link_local(const Link& link, const Ipv6Address& former) {
  const auto addresses = netlink_.addresses(link.index);
  if (!addresses) return tl::unexpected(addresses.error());
  const bool has_it = std::ranges::count(*addresses, former, &platform::InterfaceAddress::address) != 0;
  return has_it ? netlink_.remove_address(link.index, former, 64) : Result<void>();
}

Result<void> VirtualInterface::forget_link_local(const Link& link) {
  const auto addresses = netlink_.addresses(link.index);
  if (!addresses) return tl::unexpected(addresses.error());
  Result<void> done;
  for (const auto& found : *addresses)
    if (done && found.address.is_link_local() && found.address != link_local())
      done = netlink_.remove_address(link.index, found.address, found.prefix_length);
  return done;
}

std::optional<VirtualInterface::OnRecord> VirtualInterface::on_record() const {
  const auto known = former_.on_file();
  for (const auto backend : {VifBackend::Veth, VifBackend::Bridge, VifBackend::Bond, VifBackend::Team})
    if (known && known->kind == kind_of(backend)) return OnRecord{known->name, backend};
  return {};
}

Result<void> VirtualInterface::check_record() const {
  const auto there = on_record();
  if (!there || (there->name == plan_.name && there->backend == plan_.backend)) return {};
  const auto device = netlink_.link(there->name);
  if (!device && device.error().code == "no-such-interface") return {};
  return fail(
      "interface-changed",
      "the virtual interface is '" + there->name + "', a " + kind_of(there->backend) +
          ", and the file says '" + plan_.name + "', a " + kind_of(plan_.backend) +
          "; run `flowmob-mnd --config FILE --teardown` first, which removes what is there, and start again");
}

Result<void> VirtualInterface::note_made() {
  return netlink_.link(plan_.name).and_then([&](const Link& made) { return former_.note_made(made); });
}

Result<Link> VirtualInterface::ensure(const std::vector<std::string>& members,
                                      const std::vector<InterfaceIndex>& former, bool is_ours) {
  const auto link = netlink_.link(plan_.name);
  if (!link && link.error().code != "no-such-interface") return link;
  if (link && !can_be_taken(*link))
    return fail("interface-in-use", "'" + plan_.name +
                                        "' exists and is no virtual interface of a mobile node that is a " +
                                        kind_of(plan_.backend) + "; choose another name, or remove it");
  const bool is_anothers = link && !is_made_by_us(*link);
  auto there = link ? check_ports(*link, members, former) : create();
  const bool is_new = !link && there;
  if (there && is_anothers && !is_ours) there = check_addresses(*link);
  if (there) there = is_anothers ? former_.note(*link, is_ours) : note_made();
  if (!there && is_new) (void)remove(true);
  if (!there) return tl::unexpected(there.error());
  const bool has_former = link && is_ours && is_made_by_us(*link) && link->mac != plan_.mac;
  auto ready =
      take_from_the_kernel(plan_.name)
          .and_then([&] { return netlink_.link(plan_.name); })
          .and_then([&](const Link& made) { return ensure_link_local(made.index); })
          .and_then([&] { return bring_up(); })
          .and_then([&] { return netlink_.link(plan_.name); })
          .and_then([&](const Link& made) {
            const auto gone =
                has_former ? remove_link_local(made, core::link_local_of_vif(link->mac)) : Result<void>();
            return gone.map([&] { return made; });
          })
          .and_then([&](const Link& made) {
            const bool is_kernels = !link || !is_ours;  // else it is somebody's who needs one, for DHCPv6
            return (is_kernels ? forget_link_local(made) : Result<void>()).map([&] { return made; });
          });
  // Why it is of no use is worth more.
  if (!ready && !link) (void)remove(true);
  if (!ready && is_anothers && !is_ours) (void)remove_link_local(*link, link_local());
  if (!ready && (!link || (is_anothers && !is_ours))) (void)put_back_settings(true);
  return ready;
}

Result<void> VirtualInterface::remove(bool is_ours) {
  const auto link = netlink_.link(plan_.name);
  if (!link && link.error().code == "no-such-interface") return {};
  if (!link) return tl::unexpected(link.error());
  if (!can_be_taken(*link)) return fail("interface-in-use", "'" + plan_.name + "' is not ours to remove");
  if (!is_made_by_us(*link)) return is_ours ? give_back(*link) : Result<void>();
  const auto ports = ports_of(*link);
  Result<void> first = ports ? Result<void>() : tl::unexpected(ports.error());
  for (const Link& port : ports.value_or(std::vector<Link>{}))
    if (const auto released = release_port(port.index); first && !released) first = released;
  const auto removed = netlink_.delete_link(link->index);
  return removed ? first : removed;
}

/// What we have set up on it.
Result<void> VirtualInterface::give_back(const Link& link) {
  const auto addresses = netlink_.addresses(link.index);
  const auto routes = netlink_.routes();
  const auto neighbors = netlink_.neighbors(link.index);
  if (!addresses || !routes || !neighbors)
    return fail("netlink-failed", "what is on '" + link.name + "' is not told");
  const auto ports = ports_of(link);
  if (!ports) return tl::unexpected(ports.error());
  Result<void> done;
  for (const Link& port : *ports)
    if (done && plan_.backend == VifBackend::Bridge) done = netlink_.isolate_port(port.index, false);
  for (const auto& route : *routes)
    if (done && route.interface == link.index) done = netlink_.remove_route(route);
  for (const auto& neighbor : *neighbors)
    if (done && neighbor.permanent) done = netlink_.remove_neighbor(link.index, neighbor.address);
  for (const auto& found : *addresses)
    if (done) done = netlink_.remove_address(link.index, found.address, found.prefix_length);
  return done;
}

/// Whatever else has its name by now was never taken.
Result<void> VirtualInterface::put_back_settings(bool is_ours) {
  const auto link = netlink_.link(plan_.name);
  const bool can_be_ours = link && link->kind == kind_of(plan_.backend) && !is_made_by_us(*link);
  return former_.put_back(plan_.name, is_ours && can_be_ours);
}

Result<void> VirtualInterface::set_mtu(std::uint32_t mtu) {
  const auto link = netlink_.link(plan_.name);
  if (!link) return tl::unexpected(link.error());
  if (!sets_ports_up()) return netlink_.set_mtu(link->index, mtu);
  return platform::set_ipv6(plan_.name, Ipv6Setting::Mtu, static_cast<int>(std::min(mtu, link->mtu)));
}

}  // namespace flowmob::daemon
