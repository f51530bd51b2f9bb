// SPDX-License-Identifier: Apache-2.0
#include "platform/netlink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/private_namespace_for_test.h"

namespace flowmob::platform {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::in_private_namespace;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::OtherNamespace;
using testing::VethForTest;

Ipv6Address address(const char* text) { return Ipv6Address::parse(text).value(); }
Ipv6Prefix prefix(const char* text) { return Ipv6Prefix::parse(text).value(); }
MacAddress mac(const char* text) { return MacAddress::parse(text).value(); }

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "" : result.error().code;
}

TEST(NetlinkLink, VethIsCreatedFoundAndDeleted) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    const VethPair pair{"vif0", "vif0p", mac("02:00:00:00:00:01"), mac("02:00:00:00:00:02"), 1460, {}};
    ASSERT_TRUE(netlink.create_veth(pair));
    EXPECT_EQ(code_of(netlink.create_veth(pair)), "exists");
    const Link here = netlink.link("vif0").value();
    const Link there = netlink.link("vif0p").value();
    EXPECT_EQ(here.name, "vif0");
    EXPECT_EQ(here.kind, "veth");
    EXPECT_EQ(here.mac, *pair.mac);
    EXPECT_EQ(there.mac, *pair.peer_mac);
    EXPECT_EQ(here.mtu, 1460u);
    EXPECT_EQ(there.mtu, 1460u);
    EXPECT_FALSE(here.up);
    EXPECT_FALSE(here.carrier);
    EXPECT_EQ(netlink.link(here.index).value(), here);
    EXPECT_THAT(netlink.links().value(), Contains(here));
    ASSERT_TRUE(netlink.delete_link(here.index));
    EXPECT_EQ(code_of(netlink.link("vif0")), "no-such-interface");
    EXPECT_EQ(code_of(netlink.link("vif0p")), "no-such-interface") << "the peer goes with it";
    EXPECT_EQ(code_of(netlink.delete_link(here.index)), "no-such-interface");
  });
}

TEST(NetlinkLink, ABridgeTakesPortsAndLetsThemGo) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    ASSERT_TRUE(netlink.create_veth({"a", "b", {}, {}, {}, {}}));
    const PortMaster wanted{"vif0", "bridge", mac("02:00:00:00:00:01"), "ours"};
    ASSERT_TRUE(netlink.create_master(wanted));
    EXPECT_EQ(code_of(netlink.create_master(wanted)), "exists");
    const Link bridge = netlink.link("vif0").value();
    EXPECT_EQ(bridge.kind, "bridge");
    EXPECT_EQ(bridge.mac, wanted.mac);
    EXPECT_EQ(bridge.alias, "ours");
    const InterfaceIndex port = netlink.link("a")->index;
    EXPECT_NE(code_of(netlink.isolate_port(port, true)), "") << "it is no port";
    ASSERT_TRUE(netlink.set_master(port, bridge.index));
    EXPECT_EQ(netlink.link(port)->master, bridge.index);
    EXPECT_EQ(netlink.link("vif0")->mac, wanted.mac) << "not its port's";
    ASSERT_TRUE(netlink.isolate_port(port, true));
    ASSERT_TRUE(netlink.set_master(port, {}));
    EXPECT_FALSE(netlink.link(port)->master);
    EXPECT_EQ(code_of(netlink.set_master(port, InterfaceIndex{9999})), "netlink-failed");
    EXPECT_EQ(code_of(netlink.create_master({"x", "no-such-kind", {}, ""})), "not-supported");
    EXPECT_EQ(code_of(netlink.create_master({"a-name-that-is-too-long", "bridge", {}, ""})),
              "bad-interface-name");
    EXPECT_NE(code_of(netlink.create_master({"br1", "bridge", wanted.mac, std::string(300, 'x')})), "")
        << "no alias is that long";
    EXPECT_EQ(code_of(netlink.link("br1")), "no-such-interface") << "nobody would know whose it is";
  });
}

TEST(NetlinkLink, CarrierNeedsBothEndsUp) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    ASSERT_TRUE(netlink.create_veth({"a", "b", {}, {}, {}, {}}));
    const InterfaceIndex a = netlink.link("a")->index, b = netlink.link("b")->index;
    ASSERT_TRUE(netlink.set_up(a, true));
    EXPECT_TRUE(netlink.link(a)->up);
    EXPECT_FALSE(netlink.link(a)->carrier);
    ASSERT_TRUE(netlink.set_up(b, true));
    EXPECT_TRUE(netlink.link(a)->carrier);
    ASSERT_TRUE(netlink.set_up(b, false));
    EXPECT_TRUE(netlink.link(a)->up);
    EXPECT_FALSE(netlink.link(a)->carrier);
  });
}

TEST(NetlinkLink, MacAndMtuCanBeSet) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    const VethForTest veth(netlink, "a", "b");
    ASSERT_TRUE(netlink.set_mac(veth.here.index, mac("02:aa:bb:cc:dd:ee")));
    ASSERT_TRUE(netlink.set_mtu(veth.here.index, 1400));
    EXPECT_EQ(netlink.link("a")->mac, mac("02:aa:bb:cc:dd:ee"));
    EXPECT_EQ(netlink.link("a")->mtu, 1400u);
    EXPECT_FALSE(netlink.set_mac(veth.here.index, mac("01:00:5e:00:00:01"))) << "a group is no address";
    EXPECT_FALSE(netlink.set_mtu(veth.here.index, 10));
  });
}

TEST(NetlinkLink, PeerMayBeBornInAnotherNamespace) {
  in_private_namespace([] {
    OtherNamespace other;
    Netlink netlink = Netlink::open().value();
    ASSERT_TRUE(netlink.create_veth({"acc0", "if1", {}, {}, {}, other.fd()}));
    EXPECT_EQ(code_of(netlink.link("if1")), "no-such-interface");
    other.inside([] { EXPECT_TRUE(Netlink::open().value().link("if1")); });
    ASSERT_TRUE(netlink.set_namespace(netlink.link("acc0")->index, other.fd()));
    EXPECT_EQ(code_of(netlink.link("acc0")), "no-such-interface");
    other.inside([] { EXPECT_TRUE(Netlink::open().value().link("acc0")); });
  });
}

TEST(NetlinkLink, ImpossibleNamesAreRefused) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    EXPECT_EQ(code_of(netlink.link("")), "bad-interface-name");
    EXPECT_EQ(code_of(netlink.link("sixteen-octets-x")), "bad-interface-name");
    EXPECT_EQ(code_of(netlink.create_veth({"ok", "sixteen-octets-x", {}, {}, {}, {}})), "bad-interface-name");
    const auto missing = netlink.link("acc9");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, "no-such-interface");
    EXPECT_THAT(missing.error().message, ::testing::HasSubstr("'acc9'"));
  });
}

TEST(NetlinkAddress, EnsureIsIdempotentAndReplacesLifetimes) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    const VethForTest veth(netlink, "a", "b");
    InterfaceAddress wanted{veth.here.index, address("2001:db8:100::1"), 64, kForever, kForever};
    ASSERT_TRUE(netlink.ensure_address(wanted));
    ASSERT_TRUE(netlink.ensure_address(wanted));
    EXPECT_THAT(netlink.addresses(veth.here.index).value(), Contains(wanted))
        << "not tentative, usable at once";
    wanted.valid_lifetime = 3000;
    wanted.preferred_lifetime = 0;
    ASSERT_TRUE(netlink.ensure_address(wanted));
    bool found = false;
    const auto before = netlink.addresses(veth.here.index).value();
    for (const InterfaceAddress& now : before) {
      if (now.address != wanted.address) continue;
      found = true;
      EXPECT_GT(now.valid_lifetime, 2900u);
      EXPECT_LE(now.valid_lifetime, 3000u);
      EXPECT_EQ(now.preferred_lifetime, 0u);
    }
    EXPECT_TRUE(found);
    const auto peers = netlink.addresses(veth.there.index).value();
    for (const InterfaceAddress& others : peers) {
      EXPECT_NE(others.address, wanted.address);
    }
    ASSERT_TRUE(netlink.remove_address(veth.here.index, wanted.address, 64));
    EXPECT_TRUE(netlink.remove_address(veth.here.index, wanted.address, 64)) << "gone is gone";
    const auto after = netlink.addresses(veth.here.index).value();
    for (const InterfaceAddress& now : after) {
      EXPECT_NE(now.address, wanted.address);
    }
  });
}

TEST(NetlinkAddress, PreferredLifetimeIsCappedByTheValidOne) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    const VethForTest veth(netlink, "a", "b");
    // A Router Advertisement may say so (RFC 4862 section 5.5.3 c); the kernel would refuse it.
    EXPECT_TRUE(netlink.ensure_address({veth.here.index, address("2001:db8:100::1"), 64, 100, 200}));
  });
}

TEST(NetlinkAddress, MissingInterfaceIsAnErrorThatNamesTheAddress) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    const auto added = netlink.ensure_address({InterfaceIndex{4711}, address("2001:db8:100::1")});
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code, "no-such-interface");
    EXPECT_THAT(added.error().message, ::testing::HasSubstr("2001:db8:100::1 on interface 4711"));
    EXPECT_TRUE(netlink.remove_address(InterfaceIndex{4711}, address("2001:db8:100::1"), 64));
  });
}

TEST(NetlinkAddress, WithoutPrefixRoute) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    const VethForTest veth(netlink, "a", "b");
    InterfaceAddress wanted{veth.here.index, address("2001:db8:100::1")};
    wanted.no_prefix_route = true;
    ASSERT_TRUE(netlink.ensure_address(wanted));
    EXPECT_EQ(code_of(netlink.path_to(address("2001:db8:100::2"))), "unreachable");
    wanted.no_prefix_route = false;
    wanted.address = address("2001:db8:200::1");
    ASSERT_TRUE(netlink.ensure_address(wanted));
    EXPECT_EQ(netlink.path_to(address("2001:db8:200::2"))->interface, veth.here.index);
  });
}

TEST(NetlinkRoute, EnsureListRemove) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    const VethForTest veth(netlink, "a", "b");
    Route on_link;
    on_link.destination = prefix("2001:db8:100::/64");
    on_link.interface = veth.here.index;
    Route by_default;
    by_default.destination = prefix("::/0");
    by_default.interface = veth.here.index;
    by_default.gateway = address("fe80::1");
    by_default.mtu = 1460;
    Route nowhere;
    nowhere.destination = prefix("2001:db8:100::/48");
    nowhere.type = RouteType::Unreachable;
    for (int twice = 0; twice < 2; ++twice) {
      for (const Route& route : {on_link, by_default, nowhere}) {
        const auto done = netlink.ensure_route(route);
        ASSERT_TRUE(done) << done.error().message;
      }
    }
    EXPECT_THAT(netlink.routes().value(), ::testing::UnorderedElementsAre(on_link, by_default, nowhere));
    EXPECT_EQ(netlink.path_to(address("2001:db8:100::9"))->gateway, std::nullopt);
    EXPECT_EQ(code_of(netlink.path_to(address("2001:db8:100:1::9"))), "unreachable");
    for (int twice = 0; twice < 2; ++twice) {
      for (const Route& route : {on_link, by_default, nowhere}) {
        const auto done = netlink.remove_route(route);
        EXPECT_TRUE(done) << done.error().message;
      }
    }
    EXPECT_THAT(netlink.routes().value(), IsEmpty());
  });
}

TEST(NetlinkRoute, EnsureReplacesMtuAndInterface) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    const VethForTest one(netlink, "a", "b");
    const VethForTest two(netlink, "c", "d");
    Route route;
    route.destination = prefix("2001:db8:100::/64");
    route.interface = one.here.index;
    ASSERT_TRUE(netlink.ensure_route(route));
    route.interface = two.here.index;
    route.mtu = 1280;
    ASSERT_TRUE(netlink.ensure_route(route));
    EXPECT_THAT(netlink.routes().value(), ElementsAre(route));
    EXPECT_EQ(netlink.path_to(address("2001:db8:100::9"))->mtu, 1280u);
  });
}

TEST(NetlinkRoute, GatewayRouteIsReplacedNotJoined) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    const VethForTest veth(netlink, "a", "b");
    Route route;
    route.destination = prefix("::/0");
    route.interface = veth.here.index;
    route.gateway = address("fe80::1");
    ASSERT_TRUE(netlink.ensure_route(route));
    route.gateway = address("fe80::2");
    ASSERT_TRUE(netlink.ensure_route(route));
    EXPECT_THAT(netlink.routes().value(), ElementsAre(route));
  });
}

TEST(NetlinkRoute, OthersRoutesAreNeitherListedNorRemoved) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    const VethForTest veth(netlink, "a", "b");
    ASSERT_TRUE(netlink.ensure_address({veth.here.index, address("2001:db8:100::1")}));
    EXPECT_THAT(netlink.routes().value(), IsEmpty()) << "the kernel's connected route is not ours";
    Route same;
    same.destination = prefix("2001:db8:100::/64");
    same.interface = veth.here.index;
    same.metric = 256;
    EXPECT_TRUE(netlink.remove_route(same));
    EXPECT_EQ(netlink.path_to(address("2001:db8:100::9"))->interface, veth.here.index);
  });
}

TEST(NetlinkRoute, PathTellsInterfaceGatewaySourceAndMtu) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    const VethForTest veth(netlink, "a", "b");
    ASSERT_TRUE(netlink.ensure_address({veth.here.index, address("2001:db8:f::1")}));
    Route route;
    route.destination = prefix("2001:db8:a::/64");
    route.interface = veth.here.index;
    route.gateway = address("2001:db8:f::2");
    ASSERT_TRUE(netlink.ensure_route(route));
    const Path path = netlink.path_to(address("2001:db8:a::1")).value();
    EXPECT_EQ(path.interface, veth.here.index);
    EXPECT_EQ(path.gateway, address("2001:db8:f::2"));
    EXPECT_EQ(path.source, address("2001:db8:f::1"));
    EXPECT_EQ(path.mtu, 1500u);
    EXPECT_FALSE(path.local);
    EXPECT_TRUE(testing::eventually([&] { return netlink.path_to(address("2001:db8:f::1"))->local; }));
    EXPECT_EQ(code_of(netlink.path_to(address("2001:db8:dead::1"))), "unreachable");
  });
}

TEST(NetlinkNeighbor, PermanentNeighbourIsEnsuredAndRemoved) {
  in_private_namespace([] {
    Netlink netlink = Netlink::open().value();
    const VethForTest veth(netlink, "a", "b");
    Neighbor router{veth.here.index, address("fe80::1"), mac("02:00:5e:00:52:13")};
    ASSERT_TRUE(netlink.ensure_neighbor(router));
    router.mac = mac("02:00:5e:00:52:14");
    ASSERT_TRUE(netlink.ensure_neighbor(router));
    EXPECT_THAT(netlink.neighbors(veth.here.index).value(), Contains(router));
    EXPECT_THAT(netlink.neighbors(veth.there.index).value(), Not(Contains(router)));
    ASSERT_TRUE(netlink.remove_neighbor(veth.here.index, router.address));
    EXPECT_TRUE(netlink.remove_neighbor(veth.here.index, router.address));
    EXPECT_THAT(netlink.neighbors(veth.here.index).value(), Not(Contains(router)));
  });
}

TEST(Netlink, StaysInTheNamespaceWhereItWasOpened) {
  in_private_namespace([] {
    OtherNamespace other;
    Netlink netlink = Netlink::open().value();
    const VethForTest veth(netlink, "a", "b");
    ASSERT_TRUE(NetworkNamespace::enter(other.fd()));
    EXPECT_TRUE(netlink.link("a"));
    EXPECT_EQ(code_of(Netlink::open().value().link("a")), "no-such-interface");
  });
}

}  // namespace
}  // namespace flowmob::platform
