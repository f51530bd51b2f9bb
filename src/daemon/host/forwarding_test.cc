// SPDX-License-Identifier: Apache-2.0
#include "daemon/host/forwarding.h"

#include "platform/private_namespace_for_test.h"

namespace flowmob::daemon {
namespace {

using platform::get_ipv6;
using platform::Ipv6Setting;
using platform::Netlink;
using platform::set_ipv6;
using platform::testing::in_private_namespace;
using platform::testing::VethForTest;

TEST(Forwarding, AHostThatListenedToRoutersStillDoes) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    ASSERT_TRUE(set_ipv6("all", Ipv6Setting::Forwarding, 0));
    const VethForTest ours(netlink, "ours", "other"), spare(netlink, "deaf", "always");
    for (const char* name : {"ours", "other"}) ASSERT_TRUE(set_ipv6(name, Ipv6Setting::AcceptRa, 1));
    ASSERT_TRUE(set_ipv6("deaf", Ipv6Setting::AcceptRa, 0));
    ASSERT_TRUE(set_ipv6("always", Ipv6Setting::AcceptRa, 2));
    ASSERT_TRUE(ensure_forwarding({"ours"}));
    for (const char* name : {"all", "ours", "other", "deaf", "always"})
      EXPECT_EQ(get_ipv6(name, Ipv6Setting::Forwarding).value(), 1) << name;
    EXPECT_EQ(get_ipv6("ours", Ipv6Setting::AcceptRa).value(), 2);
    EXPECT_EQ(get_ipv6("other", Ipv6Setting::AcceptRa).value(), 2);
    EXPECT_EQ(get_ipv6("deaf", Ipv6Setting::AcceptRa).value(), 0);
    EXPECT_EQ(get_ipv6("always", Ipv6Setting::AcceptRa).value(), 2);
  });
}

TEST(Forwarding, ARouterThatDidNotListenStaysSo) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    const VethForTest veth(netlink, "a", "b");
    ASSERT_TRUE(set_ipv6("all", Ipv6Setting::Forwarding, 1));
    ASSERT_TRUE(set_ipv6("a", Ipv6Setting::AcceptRa, 1));
    ASSERT_TRUE(ensure_forwarding({"a"}));
    EXPECT_EQ(get_ipv6("a", Ipv6Setting::AcceptRa).value(), 1);
  });
}

}  // namespace
}  // namespace flowmob::daemon
