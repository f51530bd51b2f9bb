// SPDX-License-Identifier: Apache-2.0
#include "core/mn/lif_fixture_for_test.h"

namespace flowmob::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::SizeIs;

TEST_F(Lif, SolicitsAtOnceOnEveryMemberThatIsUp) {
  link(kIf1, true);
  link(kIf2, false);
  const auto sent = asked<SendSolicitation>();
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].interface, kIf1);
  EXPECT_EQ(sent[0].link_source, kMac1);
  EXPECT_EQ(sent[0].link_destination.to_string(), "33:33:00:00:00:02");
  EXPECT_EQ(sent[0].destination.to_string(), "ff02::2");
  EXPECT_TRUE(sent[0].source.is_unspecified());
  const auto decoded = wire::decode_nd(sent[0].icmpv6, sent[0].source, sent[0].destination);
  ASSERT_TRUE(decoded);
  // RFC 4861 section 4.1: no link-layer address with an unspecified source.
  EXPECT_EQ(std::get<wire::RouterSolicitation>(*decoded), wire::RouterSolicitation{});
}

TEST_F(Lif, SolicitsThreeTimesQuicklyThenEverMoreSlowly) {
  link(kIf1, true);
  const auto start = now_.monotonic;
  std::vector<Duration> at;
  while (at.size() < 9) {
    if (!asked<SendSolicitation>().empty()) at.push_back(now_.monotonic - start);
    const auto next = lif_.poll_timeout();
    ASSERT_TRUE(next);
    now_ = now_ + (*next - now_.monotonic);
    lif_.handle_timeout(now_);
  }
  EXPECT_THAT(at, ElementsAre(0s, 4s, 8s, 12s, 20s, 36s, 68s, 132s, 196s));
}

TEST_F(Lif, IsSilentOnceARouterIsHeardAndAfterTheLinkIsLost) {
  link(kIf1, true);
  link(kIf2, true);
  advertise(kIf1);
  link(kIf2, false);
  forget();
  pass(1700s);
  EXPECT_THAT(asked<SendSolicitation>(), IsEmpty());
}

TEST_F(Lif, SolicitsAgainWhenItsRouterIsLostAndWhenTheLinkReturns) {
  both_attached();
  link(kIf1, false);
  link(kIf1, true);
  EXPECT_THAT(asked<SendSolicitation>(), SizeIs(1));
  advertise(kIf1, {.lifetime = 10});
  pass(9s);
  EXPECT_THAT(asked<SendSolicitation>(), IsEmpty());
  pass(1s);
  EXPECT_THAT(asked<SendSolicitation>(), SizeIs(1));
}

TEST_F(Lif, ConfiguresAddressMtuAndRouterFromTheFirstAdvertisement) {
  link(kIf2, true);
  advertise(kIf2, {.valid = 600, .preferred = 300});
  const auto addresses = asked<EnsureAddress>();
  ASSERT_THAT(addresses, SizeIs(1));
  EXPECT_EQ(addresses[0].address.to_string(), "2001:db8:100::ff:fe00:101")
      << "the virtual interface's identifier";
  EXPECT_EQ(addresses[0].prefix_length, 64);
  EXPECT_EQ(addresses[0].valid_lifetime, 600U);
  EXPECT_EQ(addresses[0].preferred_lifetime, 300U);
  const auto routers = asked<EnsureDefaultRouter>();
  ASSERT_THAT(routers, SizeIs(1));
  EXPECT_EQ(routers[0].router, kFixedRouter);
  EXPECT_EQ(routers[0].mac, kFixedMac);
  const auto mtus = asked<SetInterfaceMtu>();
  ASSERT_THAT(mtus, SizeIs(1));
  EXPECT_EQ(mtus[0].mtu, 1460U);
  EXPECT_THAT(events(),
              ElementsAre("member-up", "default-member", "router-discovered", "address-configured"));
}

TEST_F(Lif, ASecondMemberWithTheSameWordsChangesNothingButItsRows) {
  link(kIf1, true);
  link(kIf2, true);
  advertise(kIf1);
  forget();
  advertise(kIf2);
  const auto rows = asked<InstallMember>();
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].number, 1U);
  EXPECT_EQ(rows[0].router, kFixedMac);
  EXPECT_EQ(asked<InstallSource>().back().members, 0b11U);
  EXPECT_THAT(events(), ElementsAre("router-discovered"));
  EXPECT_THAT(effects_, IsEmpty());
}

TEST_F(Lif, ARefreshIsAskedForWithItsNewLifetime) {
  both_attached();
  pass(100s);
  forget();
  advertise(kIf1);
  const auto refreshed = asked<EnsureAddress>();
  ASSERT_THAT(refreshed, SizeIs(1));
  EXPECT_EQ(refreshed[0].valid_lifetime, 86400U);
  EXPECT_THAT(effects_, IsEmpty());
}

TEST_F(Lif, MtuIsTheSmallestOfTheLinksInUseAndNeverBelowIpv6s) {
  link(kIf1, true);
  link(kIf2, true);
  advertise(kIf1, {.mtu = 1460});
  advertise(kIf2, {.mtu = 1400});
  EXPECT_EQ(asked<SetInterfaceMtu>().back().mtu, 1400U);
  advertise(kIf2, {.mtu = 600});
  EXPECT_EQ(drops("advertised-mtu"), 1U);
  EXPECT_THAT(asked<SetInterfaceMtu>(), IsEmpty());
  link(kIf2, false);
  EXPECT_EQ(asked<SetInterfaceMtu>().back().mtu, 1460U);
  link(kIf1, false);
  EXPECT_THAT(asked<SetInterfaceMtu>(), IsEmpty()) << "without links it stays";
}

TEST_F(Lif, OneRouterWhenTheyDifferTheDefaultMembersOne) {
  const auto other = Ipv6Address::parse("fe80::2").value();
  link(kIf1, true);
  link(kIf2, true);
  advertise(kIf2, {.router = other, .mac = kMac2});
  EXPECT_EQ(asked<EnsureDefaultRouter>().back().router, other);
  advertise(kIf1);
  EXPECT_EQ(asked<EnsureDefaultRouter>().back().router, kFixedRouter);
  EXPECT_EQ(asked<RemoveDefaultRouter>().back().router, other);
  link(kIf1, false);
  EXPECT_EQ(asked<EnsureDefaultRouter>().back().router, other);
}

TEST_F(Lif, ALifetimeOfZeroOnOneLinkTakesNoRouteFromTheOthers) {
  both_attached();
  advertise(kIf1, {.lifetime = 0});
  EXPECT_THAT(asked<RemoveDefaultRouter>(), IsEmpty());
  EXPECT_EQ(asked<InstallDefaultMember>().back().number, 1U);
  advertise(kIf2, {.lifetime = 0});
  EXPECT_EQ(asked<RemoveDefaultRouter>().back().router, kFixedRouter);
}

TEST_F(Lif, ALostLinkIsToldAtOnceAndTheAddressStays) {
  both_attached();
  link(kIf1, false);
  const auto rows = asked<InstallMember>();
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].number, 0U);
  EXPECT_FALSE(rows[0].up);
  EXPECT_THAT(asked<InstallDefaultMember>(), SizeIs(1));
  EXPECT_EQ(asked<InstallSource>().back().members, 0b10U);
  EXPECT_THAT(events(), ElementsAre("member-down", "default-member"));
  EXPECT_THAT(effects_, IsEmpty()) << "neither address nor route nor MTU";
}

/// Interfaces with prefixes of their own: each gateway takes packets from its own alone.
TEST_F(Lif, WhatIsSentFromAPrefixBeginsByMembersThatAdvertiseIt) {
  link(kIf1, true);
  link(kIf2, true);
  advertise(kIf1);
  advertise(kIf2, {.mac = kMac2, .prefix = "2001:db8:200::"});
  auto sources = asked<InstallSource>();
  ASSERT_THAT(sources, SizeIs(2));
  EXPECT_EQ(sources[0].prefix, Ipv6Prefix::parse("2001:db8:100::/64").value());
  EXPECT_EQ(sources[0].members, 0b01U);
  EXPECT_EQ(sources[1].prefix, Ipv6Prefix::parse("2001:db8:200::/64").value());
  EXPECT_EQ(sources[1].members, 0b10U);
  advertise(kIf2, {.mac = kMac2});
  sources = asked<InstallSource>();
  ASSERT_THAT(sources, SizeIs(1)) << "shared from here on";
  EXPECT_EQ(sources[0].members, 0b11U);
  advertise(kIf2, {.mac = kMac2});
  EXPECT_THAT(asked<InstallSource>(), IsEmpty()) << "as before";
}

TEST_F(Lif, WithAllLinksGoneAddressAndRouterStayUntilTheirLifetimesEnd) {
  link(kIf1, true);
  advertise(kIf1, {.lifetime = 600, .valid = 1200, .preferred = 900});
  link(kIf1, false);
  forget();
  pass(599s);
  EXPECT_THAT(effects_, IsEmpty());
  pass(1s);
  EXPECT_THAT(asked<RemoveDefaultRouter>(), SizeIs(1));
  EXPECT_THAT(asked<RemoveAddress>(), IsEmpty());
  pass(600s);
  EXPECT_THAT(asked<RemoveAddress>(), SizeIs(1));
  EXPECT_THAT(events(), ElementsAre("router-lost", "address-removed"));
}

TEST_F(Lif, ALinkThatReturnsCarriesNothingBeforeItsGatewayHasSpoken) {
  both_attached();
  link(kIf1, false);
  forget();
  link(kIf1, true);
  EXPECT_THAT(asked<InstallMember>(), IsEmpty());
  EXPECT_THAT(asked<InstallDefaultMember>(), IsEmpty());
  advertise(kIf1);
  const auto rows = asked<InstallMember>();
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_TRUE(rows[0].up);
  EXPECT_EQ(asked<InstallDefaultMember>().back().number, 0U);
}

TEST_F(Lif, ALinkWithoutRouterCarriesWhenThereIsNoOther) {
  both_attached();
  link(kIf1, false);
  link(kIf1, true);
  forget();
  link(kIf2, false);
  std::vector<std::pair<std::uint32_t, bool>> rows;
  for (const auto& row : asked<InstallMember>()) rows.emplace_back(row.number, row.up);
  EXPECT_THAT(rows, ElementsAre(std::pair(0U, true), std::pair(1U, false)));
}

TEST_F(Lif, PreferenceIsTheOrderOfMembersThatHaveARouter) {
  link(kIf1, true);
  EXPECT_EQ(asked<InstallDefaultMember>().back().number, 0U) << "up is better than nothing";
  link(kIf2, true);
  advertise(kIf2);
  EXPECT_EQ(asked<InstallDefaultMember>().back().number, 1U);
  advertise(kIf1);
  EXPECT_EQ(asked<InstallDefaultMember>().back().number, 0U);
}

TEST_F(Lif, BadAdvertisementsAreCountedAndChangeNothing) {
  link(kIf1, true);
  forget();
  advertise(kIf1, {.hop_limit = 64});
  advertise(kIf1, {.router = Ipv6Address::parse("2001:db8::1").value()});
  advertise(kIf2);
  advertise(InterfaceIndex{99});
  Bytes message = wire::encode_nd(wire::RouterAdvertisement{}, kFixedRouter, kAllNodes);
  message[2] ^= 1;
  lif_.handle_neighbor_discovery(now_, {kFixedRouter, kAllNodes, kIf1, kFixedMac, 255}, message);
  lif_.handle_neighbor_discovery(now_, {kFixedRouter, kAllNodes, kIf1, kFixedMac, 255}, {});
  drain();
  EXPECT_THAT(effects_, IsEmpty());
  for (const auto* reason :
       {"hop-limit", "not-link-local", "member-down", "no-such-member", "bad-checksum", "truncated"})
    EXPECT_EQ(drops(reason), 1U) << reason;
}

TEST_F(Lif, AGroupAddressIsNoRouters) {
  link(kIf1, true);
  advertise(kIf1, {.mac = MacAddress::parse("33:33:00:00:00:01").value()});
  EXPECT_EQ(asked<EnsureDefaultRouter>().back().mac, kFixedMac) << "the frame's source instead";
}

TEST_F(Lif, ARestartTakesOverWithoutTouchingWhatStands) {
  lif_.adopt_address(now_, {Ipv6Address::parse("2001:db8:100::ff:fe00:101").value(), 64, 80000, 80000});
  link(kIf1, true);
  link(kIf2, true);
  EXPECT_THAT(asked<EnsureAddress>(), IsEmpty());
  EXPECT_THAT(asked<InstallDefaultMember>(), IsEmpty())
      << "the earlier run's choice stands until a router is heard";
  for (const auto& row : asked<InstallMember>()) EXPECT_TRUE(row.up);
  advertise(kIf2);
  EXPECT_THAT(asked<EnsureAddress>(), SizeIs(1));
  EXPECT_EQ(asked<InstallDefaultMember>().back().number, 1U);
  for (const auto& row : asked<InstallMember>()) EXPECT_TRUE(row.up);
}

TEST_F(Lif, AnAdoptedAddressThatNobodyConfirmsEnds) {
  lif_.adopt_address(now_, {Ipv6Address::parse("2001:db8:9::9").value(), 64, 60, 60});
  pass(60s);
  EXPECT_THAT(asked<RemoveAddress>(), SizeIs(1));
}

TEST_F(Lif, AfterTheVirtualInterfaceWasMadeAnewAllIsAskedForOnceMore) {
  both_attached();
  lif_.reinstall(now_);
  EXPECT_THAT(asked<InstallMember>(), SizeIs(2));
  EXPECT_THAT(asked<InstallDefaultMember>(), SizeIs(1));
  EXPECT_THAT(asked<EnsureAddress>(), SizeIs(1));
  EXPECT_THAT(asked<EnsureDefaultRouter>(), SizeIs(1));
  EXPECT_THAT(asked<SetInterfaceMtu>(), SizeIs(1));
}

TEST_F(Lif, ANewOrderChangesThePreferenceNotTheNumbers) {
  both_attached();
  auto config = configuration();
  std::swap(config.members[0], config.members[1]);
  ASSERT_TRUE(lif_.reconfigure(now_, config));
  EXPECT_EQ(asked<InstallDefaultMember>().back().number, 1U);
  EXPECT_THAT(asked<InstallMember>(), IsEmpty());
  config = configuration();
  config.mac = kMac2;
  EXPECT_EQ(lif_.reconfigure(now_, config).error().code, "needs-restart");
}

TEST_F(Lif, AMemberThatCameBackUnderAnotherIndexIsTheSameMember) {
  both_attached();
  link(kIf1, false);
  auto config = configuration();
  config.members[0].index = InterfaceIndex{77};
  ASSERT_TRUE(lif_.reconfigure(now_, config));
  forget();
  link(InterfaceIndex{77}, true);
  EXPECT_EQ(asked<SendSolicitation>().at(0).interface, InterfaceIndex{77});
  advertise(InterfaceIndex{77});
  EXPECT_EQ(asked<InstallMember>().back().interface, InterfaceIndex{77});
}

TEST_F(Lif, ShowsItsLinks) {
  both_attached();
  const Json shown = links();
  EXPECT_EQ(shown["virtual_interface"]["addresses"][0]["address"], "2001:db8:100::ff:fe00:101");
  const Json& first = shown["links"][0];
  EXPECT_EQ(first["interface"], "if1");
  EXPECT_EQ(first["technology"], "802.16e");
  EXPECT_EQ(first["carrier"], true);
  EXPECT_EQ(first["router"], kFixedRouter.to_string());
  EXPECT_EQ(first["router_mac"], kFixedMac.to_string());
  EXPECT_EQ(first["mtu"], 1460);
  EXPECT_EQ(first["prefixes"], Json::array({"2001:db8:100::/64"}));
  EXPECT_EQ(first["default"], true);
  EXPECT_EQ(shown["links"][1]["default"], false);
  EXPECT_EQ(lif_.handle_command(now_, "show bindings", Json::object()).error().code, "no-such-command");
}

TEST_F(Lif, LifetimesBeyondTheEndOfTimeAreForever) {
  link(kIf1, true);
  now_ = {TimePoint::max() - std::chrono::hours(1), WallTime(1s)};
  advertise(kIf1, {.valid = kForever - 1, .preferred = kForever - 1});
  EXPECT_EQ(asked<EnsureAddress>().at(0).valid_lifetime, kForever);
}

const Ipv6Address kStranger = Ipv6Address::parse("fe80::bad").value();
const MacAddress kStrangerMac = MacAddress::parse("02:00:00:00:0b:ad").value();

TEST_F(Lif, AnotherStationTakesNoUplinkWhileTheRouterAnswers) {
  both_attached();
  for (int i = 0; i < 20; ++i) {
    advertise(kIf1, {.router = kStranger, .mac = kStrangerMac, .prefix = "2001:db8:bad::"});
    drain();
    pass(1s);
    if (!asked<SendSolicitation>().empty()) advertise(kIf1);  // the router's answer
  }
  EXPECT_THAT(asked<EnsureDefaultRouter>(), IsEmpty());
  EXPECT_THAT(asked<InstallMember>(), IsEmpty());
  EXPECT_GT(drops("not-our-router"), 0U);
  for (const auto& address : asked<EnsureAddress>())
    EXPECT_EQ(address.address.to_string().find("2001:db8:bad:"), std::string::npos);
}

TEST_F(Lif, ForgedMacUnderTheRoutersAddressTakesNoUplinkEither) {
  both_attached();
  advertise(kIf1, {.mac = kStrangerMac});
  advertise(kIf1, {.mac = kStrangerMac, .lifetime = 0});
  EXPECT_THAT(asked<InstallMember>(), IsEmpty());
  EXPECT_THAT(asked<EnsureDefaultRouter>(), IsEmpty());
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(Lif, RouterThatAnswersNoMoreIsReplacedByTheOneThatSpeaks) {
  both_attached();
  advertise(kIf1, {.router = kStranger, .mac = kStrangerMac});
  EXPECT_THAT(asked<SendSolicitation>(), SizeIs(1));
  pass(5s);
  advertise(kIf1, {.router = kStranger, .mac = kStrangerMac});
  EXPECT_THAT(asked<EnsureDefaultRouter>(), IsEmpty());
  pass(1s);
  advertise(kIf1, {.router = kStranger, .mac = kStrangerMac});
  const auto routers = asked<EnsureDefaultRouter>();
  ASSERT_THAT(routers, SizeIs(1));
  EXPECT_EQ(routers[0].router, kStranger);
}

TEST_F(Lif, NewRouterAfterTheLinkWasAwayNeedsNotWait) {
  both_attached();
  link(kIf1, false);
  link(kIf1, true);
  forget();
  advertise(kIf1, {.router = kStranger, .mac = kStrangerMac});
  EXPECT_THAT(asked<EnsureDefaultRouter>(), SizeIs(1));
}

TEST_F(Lif, RouterThatComesAndGoesIsNoFlood) {
  both_attached();
  for (int i = 0; i < 1000; ++i) {
    advertise(kIf1, {.lifetime = 0});
    advertise(kIf1);
  }
  drain();
  EXPECT_LT(effects_.size(), 100U);
  EXPECT_GT(drops("advertisement-rate"), 1900U);
  forget();
  pass(10s);  // all is as it was afterwards
  advertise(kIf1);
  EXPECT_EQ(links()["links"][0].at("router"), kFixedRouter.to_string());
}

}  // namespace
}  // namespace flowmob::core
