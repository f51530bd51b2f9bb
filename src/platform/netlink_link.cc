// SPDX-License-Identifier: Apache-2.0
#include "platform/netlink_link.h"

#include <linux/if_link.h>
#include <linux/veth.h>
#include <net/if.h>

#include <string>

#include "platform/netlink.h"
#include "platform/netlink_message.h"

namespace flowmob::platform {
namespace {

/// linux/if.h has it, but does not stand beside net/if.h.
constexpr unsigned kLowerUp = 1U << 16;

void put_end(NetlinkMessage& message, std::string_view name, const std::optional<MacAddress>& mac,
             const std::optional<std::uint32_t>& mtu) {
  message.text(IFLA_IFNAME, name);
  if (mac) message.attribute(IFLA_ADDRESS, ByteView(mac->octets));
  if (mtu) message.attribute(IFLA_MTU, *mtu);
}

}  // namespace

Result<void> check_name(std::string_view name) {
  if (name.empty() || name.size() >= IFNAMSIZ) {
    return fail("bad-interface-name", "'" + std::string(name) + "': an interface name has 1 to 15 octets");
  }
  return {};
}

std::optional<Link> parse_link(const nlmsghdr& message) {
  if (message.nlmsg_type != RTM_NEWLINK && message.nlmsg_type != RTM_DELLINK) return {};
  const auto* info = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(&message));
  // Bridge ports announce their bridge's view of them (AF_BRIDGE) under the same index: not this.
  if (info->ifi_family != AF_UNSPEC) return {};
  const NetlinkAttributes<IFLA_MAX> attributes(message, sizeof *info);
  const NetlinkAttributes<IFLA_INFO_MAX> details(attributes.get(IFLA_LINKINFO));
  Link link;
  link.index = InterfaceIndex{static_cast<std::uint32_t>(info->ifi_index)};
  link.name = attributes.text(IFLA_IFNAME);
  link.kind = details.text(IFLA_INFO_KIND);
  link.type = info->ifi_type;
  link.point_to_point = (info->ifi_flags & IFF_POINTOPOINT) != 0;
  link.mac = attributes.mac(IFLA_ADDRESS).value_or(MacAddress{});
  link.permanent_mac = attributes.mac(IFLA_PERM_ADDRESS).value_or(MacAddress{});
  link.mtu = attributes.u32(IFLA_MTU).value_or(0);
  link.up = (info->ifi_flags & IFF_UP) != 0;
  link.carrier = link.up && (info->ifi_flags & kLowerUp) != 0;
  link.master = InterfaceIndex{attributes.u32(IFLA_MASTER).value_or(0)};
  link.alias = attributes.text(IFLA_IFALIAS);
  return link;
}

Result<Link> Netlink::link(std::string_view name) {
  if (auto checked = check_name(name); !checked) return tl::unexpected(checked.error());
  NetlinkMessage message(RTM_GETLINK, 0);
  message.put<ifinfomsg>();
  message.text(IFLA_IFNAME, name);
  std::optional<Link> found;
  const auto done = socket_.request(message, [&](const nlmsghdr& reply) { found = parse_link(reply); });
  const bool is_missing = done ? !found : done.error().code == "no-such-interface";
  if (is_missing) return fail("no-such-interface", "there is no interface '" + std::string(name) + "'");
  if (!done) return tl::unexpected(describe(done.error(), "interface '" + std::string(name) + "'"));
  return *found;
}

Result<Link> Netlink::link(InterfaceIndex index) {
  NetlinkMessage message(RTM_GETLINK, 0);
  message.put<ifinfomsg>().ifi_index = static_cast<int>(index.value);
  std::optional<Link> found;
  const auto done = socket_.request(message, [&](const nlmsghdr& reply) { found = parse_link(reply); });
  if (!done) return tl::unexpected(describe(done.error(), describe(index)));
  if (!found) return fail("no-such-interface", describe(index) + ": no answer");
  return *found;
}

Result<std::vector<Link>> Netlink::links() {
  NetlinkMessage message(RTM_GETLINK, NLM_F_DUMP);
  message.put<ifinfomsg>();
  std::vector<Link> all;
  const auto done = socket_.request(message, [&](const nlmsghdr& reply) {
    if (auto link = parse_link(reply)) all.push_back(std::move(*link));
  });
  if (!done) return tl::unexpected(done.error());
  return all;
}

Result<void> Netlink::set_up(InterfaceIndex index, bool up) {
  NetlinkMessage message(RTM_NEWLINK, 0);
  auto& info = message.put<ifinfomsg>();
  info.ifi_index = static_cast<int>(index.value);
  info.ifi_change = IFF_UP;
  info.ifi_flags = up ? IFF_UP : 0;
  return socket_.request(message).map_error(describing(describe(index)));
}

Result<void> Netlink::set_mac(InterfaceIndex index, const MacAddress& mac) {
  NetlinkMessage message(RTM_NEWLINK, 0);
  message.put<ifinfomsg>().ifi_index = static_cast<int>(index.value);
  message.attribute(IFLA_ADDRESS, ByteView(mac.octets));
  return socket_.request(message).map_error(describing(describe(index)));
}

Result<void> Netlink::set_mtu(InterfaceIndex index, std::uint32_t mtu) {
  NetlinkMessage message(RTM_NEWLINK, 0);
  message.put<ifinfomsg>().ifi_index = static_cast<int>(index.value);
  message.attribute(IFLA_MTU, mtu);
  return socket_.request(message).map_error(describing(describe(index)));
}

Result<void> Netlink::set_namespace(InterfaceIndex index, int namespace_fd) {
  NetlinkMessage message(RTM_NEWLINK, 0);
  message.put<ifinfomsg>().ifi_index = static_cast<int>(index.value);
  message.attribute(IFLA_NET_NS_FD, static_cast<std::uint32_t>(namespace_fd));
  return socket_.request(message).map_error(describing(describe(index)));
}

Result<void> Netlink::create_veth(const VethPair& pair) {
  for (const std::string& name : {pair.name, pair.peer_name}) {
    if (auto checked = check_name(name); !checked) return checked;
  }
  NetlinkMessage message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  message.put<ifinfomsg>();
  put_end(message, pair.name, pair.mac, pair.mtu);
  nlattr* info = message.open(IFLA_LINKINFO);
  message.text(IFLA_INFO_KIND, "veth");
  nlattr* data = message.open(IFLA_INFO_DATA);
  nlattr* peer = message.open(VETH_INFO_PEER);
  message.put<ifinfomsg>();
  put_end(message, pair.peer_name, pair.peer_mac, pair.mtu);
  if (pair.peer_namespace_fd) {
    message.attribute(IFLA_NET_NS_FD, static_cast<std::uint32_t>(*pair.peer_namespace_fd));
  }
  for (nlattr* nest : {peer, data, info}) message.close(nest);
  return socket_.request(message).map_error(describing("veth '" + pair.name + "'"));
}

Result<void> Netlink::delete_link(InterfaceIndex index) {
  NetlinkMessage message(RTM_DELLINK, 0);
  message.put<ifinfomsg>().ifi_index = static_cast<int>(index.value);
  return socket_.request(message).map_error(describing(describe(index)));
}

}  // namespace flowmob::platform
