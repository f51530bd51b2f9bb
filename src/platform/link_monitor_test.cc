// SPDX-License-Identifier: Apache-2.0
#include "platform/link_monitor.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <array>

#include "platform/private_namespace_for_test.h"

namespace flowmob::platform {
namespace {

using testing::in_private_namespace;
using testing::OtherNamespace;

/// Collects events until one fits.
template <class Condition>
bool wait_for(LinkMonitor& monitor, Condition&& fits) {
  ::pollfd entry{monitor.fd(), POLLIN, 0};
  while (::poll(&entry, 1, 20000) == 1) {
    const auto events = monitor.receive().value();
    for (const LinkEvent& event : events) {
      if (fits(event)) return true;
    }
  }
  return false;
}

TEST(LinkMonitor, TellsOfNewChangedAndRemovedLinks) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    LinkMonitor monitor = LinkMonitor::open().value();
    EXPECT_TRUE(monitor.receive().value().empty()) << "nothing waits, nothing blocks";
    ASSERT_TRUE(netlink.create_veth({"a", "b", {}, {}, {}, {}}));
    EXPECT_TRUE(wait_for(monitor, [](const LinkEvent& e) { return e.link.name == "a" && !e.link.up; }));
    const InterfaceIndex a = netlink.link("a")->index, b = netlink.link("b")->index;
    ASSERT_TRUE(netlink.set_up(a, true));
    ASSERT_TRUE(netlink.set_up(b, true));
    EXPECT_TRUE(wait_for(monitor, [&](const LinkEvent& e) { return e.link.index == a && e.link.carrier; }));
    const MacAddress mac = MacAddress::parse("02:00:00:00:00:07").value();
    ASSERT_TRUE(netlink.set_mac(a, mac));
    EXPECT_TRUE(
        wait_for(monitor, [&](const LinkEvent& e) { return e.link.index == a && e.link.mac == mac; }));
    ASSERT_TRUE(netlink.delete_link(a));
    EXPECT_TRUE(wait_for(monitor, [&](const LinkEvent& e) { return e.link.index == a && e.removed; }));
  });
}

TEST(LinkMonitor, CarrierGoesWhenThePeerInAnotherNamespaceGoesDown) {
  in_private_namespace([] {
    OtherNamespace other;
    Netlink netlink = Netlink::open().value();
    ASSERT_TRUE(netlink.create_veth({"acc0", "if1", {}, {}, {}, other.fd()}));
    const InterfaceIndex acc0 = netlink.link("acc0")->index;
    ASSERT_TRUE(netlink.set_up(acc0, true));
    const auto set_peer = [&](bool up) {
      other.inside([up] {
        Netlink there = Netlink::open().value();
        ASSERT_TRUE(there.set_up(there.link("if1")->index, up));
      });
    };
    LinkMonitor monitor = LinkMonitor::open().value();
    set_peer(true);
    EXPECT_TRUE(
        wait_for(monitor, [&](const LinkEvent& e) { return e.link.index == acc0 && e.link.carrier; }));
    set_peer(false);
    EXPECT_TRUE(wait_for(
        monitor, [&](const LinkEvent& e) { return e.link.index == acc0 && e.link.up && !e.link.carrier; }));
  });
}

TEST(LinkMonitor, CheckSeesAChangeBeforeItsAnnouncement) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    ASSERT_TRUE(netlink.create_veth({"a", "b", {}, {}, {}, {}}));
    const std::array watched{netlink.link("a")->index};
    const InterfaceIndex b = netlink.link("b")->index;
    LinkMonitor monitor = LinkMonitor::open().value();
    EXPECT_TRUE(monitor.check(watched).value().empty()) << "what was there at the start is no news";
    ASSERT_TRUE(netlink.set_up(watched[0], true));
    ASSERT_TRUE(netlink.set_up(b, true));
    const auto up = monitor.check(watched).value();
    ASSERT_EQ(up.size(), 1u);
    EXPECT_TRUE(up[0].link.carrier);
    ASSERT_TRUE(netlink.set_up(b, false));
    const auto down = monitor.check(watched).value();
    ASSERT_EQ(down.size(), 1u);
    EXPECT_TRUE(down[0].link.up);
    EXPECT_FALSE(down[0].link.carrier);
    ASSERT_TRUE(netlink.delete_link(watched[0]));
    EXPECT_TRUE(monitor.check(watched).value().empty()) << "removal is for receive() to tell";
  });
}

TEST(LinkMonitor, LostAnnouncementsAreMadeUpForByThePresentState) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    ASSERT_TRUE(netlink.create_veth({"a", "b", {}, {}, {}, {}}));
    const InterfaceIndex a = netlink.link("a")->index;
    LinkMonitor monitor = LinkMonitor::open().value();
    const int tiny = 1;
    ASSERT_EQ(::setsockopt(monitor.fd(), SOL_SOCKET, SO_RCVBUF, &tiny, sizeof tiny), 0);
    for (std::uint32_t mtu = 1300; mtu < 1400; ++mtu) ASSERT_TRUE(netlink.set_mtu(a, mtu));
    const auto events = monitor.receive().value();
    const auto last =
        std::find_if(events.rbegin(), events.rend(), [&](const auto& e) { return e.link.index == a; });
    ASSERT_NE(last, events.rend());
    EXPECT_EQ(last->link.mtu, 1399u) << "the last announcement was lost for want of room";
  });
}

TEST(LinkMonitor, ARemovalWhoseAnnouncementWasLostIsTold) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    ASSERT_TRUE(netlink.create_veth({"a", "b", {}, {}, {}, {}}));
    ASSERT_TRUE(netlink.create_veth({"c", "d", {}, {}, {}, {}}));
    const InterfaceIndex a = netlink.link("a")->index, c = netlink.link("c")->index;
    LinkMonitor monitor = LinkMonitor::open().value();
    const int tiny = 1;
    ASSERT_EQ(::setsockopt(monitor.fd(), SOL_SOCKET, SO_RCVBUF, &tiny, sizeof tiny), 0);
    for (std::uint32_t mtu = 1300; mtu < 1400; ++mtu) ASSERT_TRUE(netlink.set_mtu(c, mtu));
    ASSERT_TRUE(netlink.delete_link(a));
    ASSERT_TRUE(netlink.create_veth({"a", "b", {}, {}, {}, {}}));
    const InterfaceIndex fresh = netlink.link("a")->index;
    ASSERT_NE(fresh, a);
    const auto events = monitor.receive().value();
    const auto removal =
        std::ranges::find_if(events, [&](const auto& e) { return e.link.index == a && e.removed; });
    const auto arrival =
        std::ranges::find_if(events, [&](const auto& e) { return e.link.index == fresh && !e.removed; });
    ASSERT_NE(removal, events.end());
    ASSERT_NE(arrival, events.end());
    EXPECT_LT(removal, arrival) << "the new one comes behind";
  });
}

}  // namespace
}  // namespace flowmob::platform
