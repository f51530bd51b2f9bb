// SPDX-License-Identifier: Apache-2.0
#include "daemon/mn/interface_mac.h"

#include <gtest/gtest.h>

#include "platform/private_namespace_for_test.h"

namespace flowmob::daemon {
namespace {

using platform::Netlink;
using platform::testing::in_private_namespace;
using platform::testing::VethForTest;

MacAddress mac_of(const char* text) { return MacAddress::parse(text).value(); }
const MacAddress kFirst = mac_of("02:00:00:00:01:01"), kOther = mac_of("02:00:00:00:01:02");

void give(Netlink& netlink, const char* interface, const char* address) {
  ASSERT_TRUE(netlink.ensure_address({.interface = netlink.link(interface).value().index,
                                      .address = Ipv6Address::parse(address).value(),
                                      .prefix_length = 64,
                                      .no_dad = true}));
}

TEST(InterfaceMac, OneThatAnEarlierRunLeftKeepsItsOwn) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    EXPECT_EQ(settled_mac(netlink, "vif0", kFirst), kFirst) << "there is none yet";
    const VethForTest veth(netlink, "vif0", "vif0-peer");
    ASSERT_TRUE(netlink.set_mac(netlink.link("vif0").value().index, kFirst));
    EXPECT_EQ(settled_mac(netlink, "vif0", kOther), kFirst);
    give(netlink, "vif0", "2001:db8:1:0:0:ff:fe00:102");
    EXPECT_EQ(settled_mac(netlink, "vif0", kOther), kOther) << "its address is worth more than the device's";
    give(netlink, "vif0", "2001:db8:2:0:0:ff:fe00:101");
    EXPECT_EQ(settled_mac(netlink, "vif0", kOther), kFirst) << "both are";
  });
}

TEST(InterfaceMac, ForeignDevicesHaveWhatTheirAddressesAreMadeOf) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    const auto made = netlink.create_master({"vif0", "bridge", kFirst, ""});
    ASSERT_TRUE(made);
    EXPECT_EQ(settled_mac(netlink, "vif0", kOther), kOther) << "somebody else's bridge";
    give(netlink, "vif0", "2001:db8:3:0:300:ff:fe00:104");
    EXPECT_EQ(settled_mac(netlink, "vif0", kOther), kOther) << "a group's is no device's";
    give(netlink, "vif0", "2001:db8:1:0:0:ff:fe00:103");
    give(netlink, "vif0", "2001:db8:1::1");
    EXPECT_EQ(settled_mac(netlink, "vif0", kOther), mac_of("02:00:00:00:01:03"));
  });
}

}  // namespace
}  // namespace flowmob::daemon
