// SPDX-License-Identifier: Apache-2.0
#include "daemon/mn/members.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "daemon/mn/interface_mac.h"
#include "daemon/mn/member_link.h"
#include "platform/sysctl.h"

namespace flowmob::daemon {
namespace {

using platform::Ipv6Setting;
using platform::Link;
using platform::Netlink;

tl::unexpected<Error> refuse(const char* code, const std::string& name, const std::string& why) {
  return fail(code, "'" + name + "' " + why);
}

/// The same interface as then, and not another with its index.
std::optional<std::uint32_t> number_of(const core::MemberConfig& member,
                                       const std::vector<dataplane::Member>& predecessors) {
  const auto found = std::ranges::find_if(predecessors, [&](const dataplane::Member& row) {
    return row.interface == member.index && row.mac == member.mac;
  });
  return found == predecessors.end() ? std::nullopt : std::optional(found->number);
}

}  // namespace

/// One whose MTU fell while it was in use waits until it is large again.
Result<void> resolve_members(Netlink& netlink, core::MnConfig& config,
                             const std::vector<dataplane::Member>& predecessors) {
  for (core::MemberConfig& member : config.members) {
    const auto link = fit_link(netlink, member.interface, config.interface, config.members_are_ports);
    if (!link) return tl::unexpected(link.error());
    identify(member, *link);
    member.number = number_of(member, predecessors);
    if (member.number) continue;
    if (auto carries = check_mtu(*link); !carries) return carries;
  }
  if (auto distinct = check_distinct(config.members); !distinct) return distinct;
  if (!config.mac.is_zero() || config.members.empty()) return {};
  const auto& first = config.members.front();
  config.mac = settled_mac(netlink, config.interface, first.mac);
  if (config.mac != first.mac)
    spdlog::warn(
        "{} keeps {}, of which its addresses are made; made anew, as after a reboot, it would have {}, that "
        "of "
        "{}: `mac` in the file keeps one for good",
        config.interface, config.mac.to_string(), first.mac.to_string(), first.interface);
  return {};
}

Result<Link> candidate(Netlink& netlink, const std::string& name, const core::MnConfig& config,
                       bool take_over) {
  const auto link = fit_link(netlink, name, config.interface, config.members_are_ports);
  if (!link) return link;
  if (const auto carries = check_mtu(*link); !carries) return tl::unexpected(carries.error());
  const auto addresses = netlink.addresses(link->index);
  if (!addresses) return tl::unexpected(addresses.error());
  const auto global =
      std::ranges::find_if(*addresses, [](const auto& found) { return !found.address.is_link_local(); });
  if (global != addresses->end() && !take_over)
    return refuse("has-global-address", name,
                  "has " + global->address.to_string() + '/' + std::to_string(global->prefix_length) +
                      ", which somebody may need; --take-over removes it");
  return link;
}

void assume_others(Netlink& netlink, FormerStates& former,
                   const std::vector<dataplane::Member>& predecessors) {
  for (const dataplane::Member& row : predecessors) {
    const auto link = netlink.link(row.interface);
    core::MemberConfig found;
    if (link) identify(found, *link);
    if (!link || found.mac != row.mac) continue;
    if (const auto assumed = former.assume(*link); !assumed)
      spdlog::error("{}: {}", link->name, assumed.error().message);
  }
}

void MemberInterfaces::remember(const std::vector<dataplane::Member>& predecessors) {
  if (const auto loaded = former_.load(); !loaded)
    spdlog::error("what members were before is not known: {}", loaded.error().message);
  assume_others(netlink_, former_, predecessors);
}

Result<void> MemberInterfaces::take(const Link& link) {
  return former_.note(link)
      .and_then([&] { return platform::set_ipv6(link.name, Ipv6Setting::AcceptRa, 0); })
      .and_then([&] { return guard_.clear(link.name, link.index); })
      .and_then([&] { return interface_.take_port(link); });
}

void MemberInterfaces::give_back(InterfaceIndex interface) {
  const auto released = interface_.release_port(interface);
  if (!released) spdlog::warn("interface {}: {}", interface.value, released.error().message);
  restore(interface);
}

void MemberInterfaces::restore(InterfaceIndex interface) {
  guard_.leave(interface);
  const auto restored = former_.restore(interface);
  if (!restored) spdlog::warn("interface {}: {}", interface.value, restored.error().message);
}

void MemberInterfaces::give_back_others(const std::vector<core::MemberConfig>& members) {
  for (const InterfaceIndex interface : former_.known())
    if (std::ranges::count(members, interface, &core::MemberConfig::index) == 0) give_back(interface);
}

std::optional<Link> MemberInterfaces::lost(const std::string& name) {
  const InterfaceIndex interface = former_.named(name);
  if (!interface) return std::nullopt;
  const auto link = netlink_.link(interface);
  if (link && link->name != name) {
    if (const auto noted = former_.note(*link); !noted) spdlog::warn("{}: {}", name, noted.error().message);
    return *link;
  }
  guard_.leave(interface);
  former_.forget(interface);
  return std::nullopt;
}

}  // namespace flowmob::daemon
