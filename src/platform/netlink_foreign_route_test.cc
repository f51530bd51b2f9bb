// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "platform/private_namespace_for_test.h"

namespace flowmob::platform {
namespace {

using testing::in_private_namespace;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::VethForTest;

/// As a person sets them, with iproute2.
void ip(const std::string& arguments) { ASSERT_EQ(std::system(("ip " + arguments).c_str()), 0) << arguments; }

std::string shown(const std::string& arguments) {
  std::string text;
  std::FILE* pipe = ::popen(("ip " + arguments).c_str(), "r");
  std::array<char, 256> piece{};
  while (std::fgets(piece.data(), piece.size(), pipe) != nullptr) text += piece.data();
  ::pclose(pipe);
  return text;
}

TEST(NetlinkForeignRoute, AreThereAgainWithAllThatTheySaid) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    const VethForTest veth(netlink, "if1", "far1");
    ip("addr add 2001:db8:a::1/64 dev if1 nodad");
    ip("addr add 192.0.2.1/24 dev if1");
    ip("-6 route add 2001:db8:bbbb::/48 dev if1 metric 77");
    ip("-6 route add 2001:db8:cccc::/48 via 2001:db8:a::9 dev if1 mtu 1300 src 2001:db8:a::1");
    ip("-6 route add 2001:db8:dddd::/48 via fe80::9 dev if1 table 177 proto static");
    ip("-6 route add 2001:db8:eeee::/48 nexthop via fe80::7 dev if1 nexthop via fe80::8 dev far1");
    ip("route add 198.51.100.0/24 via 192.0.2.9 dev if1 table 1000");
    const auto before = shown("-6 route show table all") + shown("-4 route show table all");
    const auto kept = netlink.foreign_routes(veth.here.index).value();
    ASSERT_THAT(kept, SizeIs(5)) << before;
    for (const auto& route : kept) {
      EXPECT_EQ(ForeignRoute::parse(route.message, veth.here.index).value(), route);
      EXPECT_TRUE(netlink.ensure_route(route, false)) << "it is there";
    }
    EXPECT_EQ(shown("-6 route show table all") + shown("-4 route show table all"), before);

    ip("link set if1 down");
    EXPECT_LT(netlink.foreign_routes(veth.here.index).value().size(), 2u)
        << "of the one by two the kernel keeps both";
    ip("link set if1 up");
    ip("addr replace 2001:db8:a::1/64 dev if1 nodad");
    for (const auto& route : kept) EXPECT_TRUE(netlink.ensure_route(route, false));
    EXPECT_EQ(netlink.foreign_routes(veth.here.index).value(), kept);
    EXPECT_THAT(shown("-6 route show"), ::testing::HasSubstr("fe80::8 dev far1"));
  });
}

TEST(NetlinkForeignRoute, OneWhoseGatewayNobodyKnowsComesBackLeniently) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    const VethForTest veth(netlink, "if1", "far1");
    ip("addr add 2001:db8:a::1/64 dev if1 nodad");
    ip("-6 route add 2001:db8:cccc::/48 via 2001:db8:a::9 dev if1 src 2001:db8:a::1");
    const auto kept = netlink.foreign_routes(veth.here.index).value();
    ASSERT_THAT(kept, SizeIs(1));
    ip("addr flush dev if1 scope global");
    ip("-6 route flush 2001:db8:cccc::/48");
    EXPECT_FALSE(netlink.ensure_route(kept[0], false));
    EXPECT_TRUE(netlink.ensure_route(kept[0], true));
    EXPECT_THAT(shown("-6 route show 2001:db8:cccc::/48"), ::testing::HasSubstr("via 2001:db8:a::9"));
  });
}

TEST(NetlinkForeignRoute, TheKernelsAndOursAreNoneOfThem) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    const VethForTest veth(netlink, "if1", "far1");
    ip("addr add 2001:db8:a::1/64 dev if1 nodad");
    ip("addr add 192.0.2.1/24 dev if1");
    ip("-6 route add 2001:db8:ffff::/48 dev far1");
    ip("-6 route add 2001:db8:eeee::/48 dev if1 expires 1000");
    ip("-6 route add 2001:db8:dddd::/48 dev if1 proto ra");
    Route own;
    own.interface = veth.here.index;
    own.destination = Ipv6Prefix::parse("2001:db8:9::/64").value();
    ASSERT_TRUE(netlink.ensure_route(own));
    EXPECT_THAT(netlink.foreign_routes(veth.here.index).value(), IsEmpty());
  });
}

TEST(NetlinkForeignRoute, WhatIsNoRouteOfTheInterfaceIsNotParsed) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    const VethForTest veth(netlink, "if1", "far1");
    ip("-6 route add 2001:db8:bbbb::/48 dev if1");
    const auto whole = netlink.foreign_routes(veth.here.index).value().at(0).message;
    EXPECT_FALSE(ForeignRoute::parse(whole, veth.there.index));
    for (const std::ptrdiff_t size : {0, 11, 12, 14, 30})
      EXPECT_FALSE(ForeignRoute::parse(Bytes(whole.begin(), whole.begin() + size), veth.here.index)) << size;
    for (const std::size_t at : {0U, 5U, 7U}) {  // family, protocol, type
      Bytes damaged = whole;
      damaged[at] = at == 5 ? RTPROT_KERNEL : 99;
      EXPECT_FALSE(ForeignRoute::parse(damaged, veth.here.index)) << at;
    }
    Bytes huge = whole;
    huge.resize(5000);
    EXPECT_FALSE(ForeignRoute::parse(huge, veth.here.index));
  });
}

}  // namespace
}  // namespace flowmob::platform
