// SPDX-License-Identifier: Apache-2.0
#include <linux/if_bonding.h>
#include <linux/if_link.h>

#include "platform/netlink.h"
#include "platform/netlink_link.h"
#include "platform/netlink_message.h"

namespace flowmob::platform {
namespace {

constexpr std::uint32_t kMiiPoll = 100;          // milliseconds
constexpr std::uint8_t kPortsKeepTheirMacs = 1;  // fail_over_mac=active
constexpr std::uint8_t kNo = 0, kYes = 1;

void put_bond(NetlinkMessage& message) {
  nlattr* data = message.open(IFLA_INFO_DATA);
  message.octet(IFLA_BOND_MODE, BOND_MODE_ACTIVEBACKUP);
  message.attribute(IFLA_BOND_MIIMON, kMiiPoll);
  message.octet(IFLA_BOND_FAIL_OVER_MAC, kPortsKeepTheirMacs);
  message.close(data);
}

}  // namespace

Result<void> Netlink::create_master(const PortMaster& master) {
  if (auto checked = check_name(master.name); !checked) return checked;
  NetlinkMessage message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  message.put<ifinfomsg>();
  message.text(IFLA_IFNAME, master.name);
  message.attribute(IFLA_ADDRESS, ByteView(master.mac.octets));
  nlattr* info = message.open(IFLA_LINKINFO);
  message.text(IFLA_INFO_KIND, master.kind);
  if (master.kind == "bond") put_bond(message);
  message.close(info);
  auto created = socket_.request(message).map_error(describing(master.kind + " '" + master.name + "'"));
  if (!created) return created;
  // Not every kernel takes the note with the rest.
  NetlinkMessage note(RTM_NEWLINK, 0);
  note.put<ifinfomsg>();
  note.text(IFLA_IFNAME, master.name);
  note.text(IFLA_IFALIAS, master.alias);
  auto noted = socket_.request(note).map_error(describing(master.kind + " '" + master.name + "'"));
  if (noted) return noted;
  if (const auto made = link(master.name)) (void)delete_link(made->index);  // nobody would know it as ours
  return noted;
}

Result<void> Netlink::set_master(InterfaceIndex port, InterfaceIndex master) {
  NetlinkMessage message(RTM_NEWLINK, 0);
  message.put<ifinfomsg>().ifi_index = static_cast<int>(port.value);
  message.attribute(IFLA_MASTER, master.value);
  return socket_.request(message).map_error(describing(describe(port)));
}

Result<void> Netlink::isolate_port(InterfaceIndex port, bool isolated) {
  NetlinkMessage message(RTM_NEWLINK, 0);
  message.put<ifinfomsg>().ifi_index = static_cast<int>(port.value);
  nlattr* info = message.open(IFLA_LINKINFO);
  message.text(IFLA_INFO_SLAVE_KIND, "bridge");
  nlattr* data = message.open(IFLA_INFO_SLAVE_DATA);
  message.octet(IFLA_BRPORT_ISOLATED, isolated ? kYes : kNo);
  for (const std::uint16_t flag :
       {IFLA_BRPORT_LEARNING, IFLA_BRPORT_UNICAST_FLOOD, IFLA_BRPORT_MCAST_FLOOD, IFLA_BRPORT_BCAST_FLOOD})
    message.octet(flag, isolated ? kNo : kYes);
  for (nlattr* nest : {data, info}) message.close(nest);
  return socket_.request(message).map_error(describing(describe(port)));
}

}  // namespace flowmob::platform
