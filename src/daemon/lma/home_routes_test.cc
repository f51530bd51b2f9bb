// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/ipv4.h"
#include "daemon/lma/home_networks.h"
#include "platform/private_namespace_for_test.h"

namespace flowmob::daemon {
namespace {

using platform::Netlink;
using platform::Route;
using platform::RouteType;
using platform::testing::in_private_namespace;
using platform::testing::VethForTest;

Ipv6Address address(const char* text) { return Ipv6Address::parse(text).value(); }
Ipv6Prefix prefix(const char* text) { return Ipv6Prefix::parse(text).value(); }

const Ipv6Prefix kHome = prefix("2001:db8:1::/64"), kPool = prefix("2001:db8::/32");
const Ipv6Address kMag = address("fd00::2");

std::optional<Route> route_of(Netlink& netlink, const Ipv6Prefix& destination) {
  const auto all = netlink.routes().value();
  const auto found = std::ranges::find(all, destination, &Route::destination);
  return found == all.end() ? std::nullopt : std::optional(*found);
}

struct Host {
  Netlink netlink = Netlink::open().value();
  VethForTest one{netlink, "one", "other1"}, two{netlink, "two", "other2"};
  HomeRoutes routes{netlink};

  void lead_mag_by(const VethForTest& veth) {
    Route route;
    route.destination = {kMag, 128};
    route.interface = veth.here.index;
    route.metric = 1;
    ASSERT_TRUE(netlink.ensure_route(route));
  }
  /// Of a packet that is forwarded there: the kernel says it in a route's metrics alone.
  std::uint32_t home_mtu(const Ipv4Address& home) {
    return netlink.path_to(to_mapped(home))
        .map([](const platform::Path& path) { return path.mtu; })
        .value_or(0);
  }
  InterfaceIndex home_leads_to() {
    const auto route = route_of(netlink, kHome);
    return route ? route->interface : InterfaceIndex {};
  }
};

TEST(HomeRoutes, FollowTheWayToTheMag) {
  in_private_namespace([] {
    Host host;
    host.lead_mag_by(host.one);
    ASSERT_TRUE(host.routes.ensure({kHome, kMag}));
    EXPECT_EQ(host.home_leads_to(), host.one.here.index);
    host.lead_mag_by(host.two);
    ASSERT_TRUE(host.routes.follow());
    EXPECT_EQ(host.home_leads_to(), host.two.here.index);
    ASSERT_TRUE(host.routes.remove({kHome}));
    EXPECT_FALSE(route_of(host.netlink, kHome));
  });
}

TEST(HomeRoutes, WhatFailedIsTriedAgain) {
  in_private_namespace([] {
    Host host;
    EXPECT_FALSE(host.routes.ensure({kHome, kMag})) << "no way to it";
    EXPECT_FALSE(host.routes.follow());
    host.lead_mag_by(host.one);
    ASSERT_TRUE(host.routes.follow());
    EXPECT_EQ(host.home_leads_to(), host.one.here.index);
  });
}

TEST(HomeRoutes, WhatTheKernelDroppedIsMadeAgain) {
  in_private_namespace([] {
    Host host;
    ASSERT_TRUE(host.routes.set_pools({kPool}));
    host.lead_mag_by(host.one);
    ASSERT_TRUE(host.routes.ensure({kHome, kMag}));
    ASSERT_TRUE(host.netlink.set_up(host.one.here.index, false));
    EXPECT_FALSE(route_of(host.netlink, kHome));
    ASSERT_TRUE(host.netlink.set_up(host.one.here.index, true));
    host.lead_mag_by(host.one);
    ASSERT_TRUE(host.routes.restore());
    EXPECT_EQ(host.home_leads_to(), host.one.here.index);
    EXPECT_EQ(route_of(host.netlink, kPool)->type, RouteType::Unreachable);
  });
}

TEST(HomeNetworks, WhatFailsOfOneFamilyKeepsNothingFromTheOther) {
  in_private_namespace([] {
    Host host;
    HomeNetworks both(host.netlink);
    const Ipv4Address home = Ipv4Address::parse("10.1.0.7").value();
    const auto leads_to = [&] {
      const auto all = host.netlink.ipv4_routes().value();
      const auto found = std::ranges::find(all, home, [](const auto& r) { return r.destination.address; });
      return found == all.end() ? InterfaceIndex{} : found->interface;
    };
    host.lead_mag_by(host.one);
    ASSERT_TRUE(both.ipv4.ensure({home, kMag, 1400}));
    EXPECT_FALSE(both.ipv6.ensure({kHome, address("fd99::1")})) << "no way to it";
    EXPECT_EQ(leads_to(), host.one.here.index);
    host.lead_mag_by(host.two);
    EXPECT_FALSE(both.follow());
    EXPECT_EQ(leads_to(), host.two.here.index);
  });
}

/// RFC 2473 section 6.7, also of a MAG that only flows take.
TEST(HomeIpv4Routes, CarryWhatThePathsDo) {
  in_private_namespace([] {
    Host host;
    const Ipv4Address home = Ipv4Address::parse("10.1.0.7").value();
    const Ipv6Address other_mag = address("fd00:2::2");
    HomeIpv4Routes routes(host.netlink);
    host.lead_mag_by(host.one);
    ASSERT_TRUE(routes.ensure({home, kMag, 1460, {{kMag, 40}, {other_mag, 44}}}));
    EXPECT_EQ(host.home_mtu(home), 1460U);
    const auto lead_other_by = [&](std::uint16_t mtu) {
      Route route;
      route.destination = {other_mag, 128};
      route.interface = host.two.here.index;
      route.metric = 1;
      route.mtu = mtu;
      ASSERT_TRUE(host.netlink.ensure_route(route));
      ASSERT_TRUE(routes.follow());
    };
    lead_other_by(1400);
    EXPECT_EQ(host.home_mtu(home), 1356U);
    lead_other_by(9000);
    EXPECT_EQ(host.home_mtu(home), 1460U);
  });
}

TEST(HomeIpv4Routes, PoolsComeAndGoAndWhatNobodyWantsIsSwept) {
  in_private_namespace([] {
    Host host;
    HomeIpv4Routes routes(host.netlink);
    const auto pool = [](const char* text) { return Ipv4Interface::parse(text).value(); };
    const auto stands = [&](const char* address, unsigned length) {
      const auto all = host.netlink.ipv4_routes().value();
      const Ipv4Interface wanted{Ipv4Address::parse(address).value(), static_cast<std::uint8_t>(length)};
      return std::ranges::any_of(all, [&](const auto& r) { return r.destination == wanted; });
    };
    host.lead_mag_by(host.one);
    ASSERT_TRUE(routes.set_pools({pool("10.1.0.1/24"), pool("10.2.0.1/24")}));
    EXPECT_TRUE(stands("10.1.0.0", 24) && stands("10.2.0.0", 24));
    ASSERT_TRUE(routes.set_pools({pool("10.1.0.1/24")}));
    EXPECT_TRUE(stands("10.1.0.0", 24) && !stands("10.2.0.0", 24));
    ASSERT_TRUE(routes.ensure({Ipv4Address::parse("10.1.0.7").value(), kMag, 1400}));
    HomeIpv4Routes successor(host.netlink);
    ASSERT_TRUE(successor.set_pools({pool("10.1.0.1/24")}));
    ASSERT_TRUE(successor.sweep({pool("10.1.0.1/24")}));
    EXPECT_TRUE(stands("10.1.0.0", 24)) << "the pool's";
    EXPECT_FALSE(stands("10.1.0.7", 32)) << "a predecessor's";
  });
}

TEST(HomeRoutes, PoolsComeAndGo) {
  in_private_namespace([] {
    Host host;
    ASSERT_TRUE(host.routes.set_pools({kPool, prefix("fd11::/48")}));
    ASSERT_TRUE(host.routes.set_pools({kPool}));
    EXPECT_TRUE(route_of(host.netlink, kPool));
    EXPECT_FALSE(route_of(host.netlink, prefix("fd11::/48")));
  });
}

}  // namespace
}  // namespace flowmob::daemon
