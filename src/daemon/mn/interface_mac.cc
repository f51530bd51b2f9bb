// SPDX-License-Identifier: Apache-2.0
#include "daemon/mn/interface_mac.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "daemon/mn/virtual_interface.h"

namespace flowmob::daemon {
namespace {

/// Of which an address is made, if it is.
std::optional<MacAddress> mac_in(const Ipv6Address& address) {
  const auto& octets = address.octets;
  const bool is_a_groups = (octets[8] & 1) != 0;
  if (address.is_link_local() || octets[11] != 0xff || octets[12] != 0xfe || is_a_groups) return std::nullopt;
  return MacAddress{{static_cast<std::uint8_t>(octets[8] ^ 0x02), octets[9], octets[10], octets[13],
                     octets[14], octets[15]}};
}

}  // namespace

MacAddress settled_mac(platform::Netlink& netlink, const std::string& interface, const MacAddress& derived) {
  const auto link = netlink.link(interface);
  if (!link) return derived;
  std::vector<MacAddress> used;
  for (const auto& found : netlink.addresses(link->index).value_or(std::vector<platform::InterfaceAddress>{}))
    if (const auto mac = mac_in(found.address)) used.push_back(*mac);
  for (const MacAddress& mac : {link->mac, derived})
    if (std::ranges::count(used, mac) != 0) return mac;
  if (!used.empty()) return used.front();
  const bool is_a_members = link->kind == "bond";
  return VirtualInterface::is_ours(*link) && !is_a_members ? link->mac : derived;
}

}  // namespace flowmob::daemon
