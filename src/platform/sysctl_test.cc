// SPDX-License-Identifier: Apache-2.0
#include "platform/sysctl.h"

#include <gtest/gtest.h>

#include "platform/private_namespace_for_test.h"

namespace flowmob::platform {
namespace {

using testing::in_private_namespace;
using testing::OtherNamespace;
using testing::VethForTest;

TEST(Sysctl, PerInterfaceSettings) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    const VethForTest veth(netlink, "a", "b");
    for (const auto setting :
         {Ipv6Setting::Forwarding, Ipv6Setting::AcceptRa, Ipv6Setting::AddrGenMode, Ipv6Setting::DisableIpv6,
          Ipv6Setting::AcceptDad, Ipv6Setting::DadTransmits, Ipv6Setting::RouterSolicitations}) {
      for (const int value : {1, 0}) {
        const auto done = set_ipv6("a", setting, value);
        ASSERT_TRUE(done) << done.error().message;
        EXPECT_EQ(get_ipv6("a", setting).value(), value);
      }
    }
  });
}

TEST(Sysctl, AllReachesEveryInterface) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    const VethForTest veth(netlink, "a", "b");
    ASSERT_TRUE(set_ipv6("all", Ipv6Setting::Forwarding, 1));
    EXPECT_EQ(get_ipv6("a", Ipv6Setting::Forwarding).value(), 1);
  });
}

TEST(Sysctl, ActsOnTheThreadsNamespaceOnly) {
  in_private_namespace([] {
    OtherNamespace other;
    ASSERT_TRUE(set_ipv6("all", Ipv6Setting::Forwarding, 1));
    other.inside([] { EXPECT_EQ(get_ipv6("all", Ipv6Setting::Forwarding).value(), 0); });
    EXPECT_EQ(read_net_sysctl("ipv6/conf/all/forwarding").value(), "1");
  });
}

TEST(Sysctl, ErrorsSayWhatIsWrong) {
  in_private_namespace([] {
    EXPECT_EQ(set_ipv6("acc9", Ipv6Setting::Forwarding, 1).error().code, "no-such-setting");
    EXPECT_EQ(get_ipv6("../lo", Ipv6Setting::Forwarding).error().code, "bad-interface-name");
    EXPECT_EQ(write_net_sysctl("ipv6/conf/all/forwarding", "rubbish").error().code, "sysctl-failed");
    EXPECT_EQ(read_net_sysctl("ipv6/no_such").error().code, "no-such-setting");
  });
}

}  // namespace
}  // namespace flowmob::platform
