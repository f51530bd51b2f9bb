// SPDX-License-Identifier: Apache-2.0
#include "core/delegated_prefix.h"
#include "core/lma/anchor_fixture_for_test.h"

/// RFC 7148 at the anchor: prefixes of the networks behind mobile nodes that are routers.
namespace flowmob::core {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

using Dmnp = wire::DelegatedMobileNetworkPrefix;

const Ipv6Prefix kLan = prefix("2001:db8:f00::/64"), kOtherLan = prefix("2001:db8:f00:10::/60");
const Ipv6Prefix kLanOf2 = prefix("2001:db8:f02::/64");

LmaConfig delegating_config() {
  auto c = test_config();
  c.mobile_nodes[0].delegated_prefixes = {kOtherLan, kLan};
  c.mobile_nodes[1].delegated_prefixes = {kLanOf2};
  return c;
}

class DelegationTest : public AnchorFixture {
 protected:
  explicit DelegationTest(LmaConfig config = delegating_config()) : AnchorFixture(std::move(config)) {}

  static Dmnp any() { return {64, Ipv6Address{}}; }
  static Pbu with(Pbu p, std::vector<Dmnp> options) {
    p.more.insert(p.more.end(), options.begin(), options.end());
    return p;
  }
  Pbu asking() const { return with(first(), {any()}); }
  /// As its MAG refreshes it: what it has.
  static Pbu refresh(Pbu p, const std::vector<Ipv6Prefix>& delegated) {
    p.handoff = HI::NoChange;
    p.prefixes = {kOwn};
    p.more.clear();
    for (const auto& one : delegated) p.more.push_back(delegated_option(one));
    return p;
  }
  static std::vector<Ipv6Prefix> delegated_in(const wire::ProxyBindingAcknowledgement& pba) {
    std::vector<Ipv6Prefix> found;
    for (const auto& option : wire::find_all<Dmnp>(pba.options)) found.push_back(*ipv6_prefix_of(option));
    return found;
  }
  std::vector<Ipv6Prefix> shown(const char* mn = "mn1") {
    std::vector<Ipv6Prefix> found;
    const Json rows = show("bindings", {{"mn", mn}});
    for (const auto& text : rows.at(0).at("delegated_prefixes"))
      found.push_back(prefix(text.get<std::string>().c_str()));
    return found;
  }
  void restart(const std::vector<NodeRecord>& records, const LmaConfig& config = delegating_config()) {
    lma = std::make_unique<LocalMobilityAnchor>(config);
    clear();
    lma->restore(now, records);
    drain();
  }
};

TEST_F(DelegationTest, WhoAsksForAnyGetsAllThatTheProfileHas) {
  EXPECT_THAT(delegated_in(accepted(asking())), ElementsAre(kLan, kOtherLan));
  EXPECT_THAT(shown(), ElementsAre(kLan, kOtherLan));
  EXPECT_THAT(show("sessions")[0].at("delegated_prefixes"),
              ElementsAre(kLan.to_string(), kOtherLan.to_string()));
  EXPECT_THAT(all<InstallNode>().at(0).prefixes, UnorderedElementsAre(kOwn, kLan, kOtherLan));
  EXPECT_THAT(all<InstallSession>().at(0).prefixes, UnorderedElementsAre(kOwn, kLan, kOtherLan));
  std::vector<Ipv6Prefix> routes;
  for (const auto& route : all<EnsureRoute>()) routes.push_back(route.prefix);
  EXPECT_THAT(routes, UnorderedElementsAre(kOwn, kLan, kOtherLan));
}

TEST_F(DelegationTest, WhoNamesPrefixesGetsThose) {
  const auto pba = accepted(with(first(), {delegated_option(kOtherLan)}));
  EXPECT_THAT(delegated_in(pba), ElementsAre(kOtherLan));
  EXPECT_THAT(all<InstallNode>().at(0).prefixes, UnorderedElementsAre(kOwn, kOtherLan));
}

TEST_F(DelegationTest, AnyIsAskedForWhateverIsNamedBesides) {
  const auto pba = accepted(with(first(), {any(), delegated_option(kLanOf2)}));
  EXPECT_THAT(delegated_in(pba), ElementsAre(kLan, kOtherLan));
}

TEST_F(DelegationTest, NobodyGetsWhatNobodyAskedFor) {
  EXPECT_THAT(delegated_in(accepted(first())), IsEmpty());
  EXPECT_THAT(shown(), IsEmpty());
  EXPECT_THAT(all<InstallNode>().at(0).prefixes, ElementsAre(kOwn));
}

TEST_F(DelegationTest, NotAuthorized177) {
  Pbu p = asking();
  p.mn = "mn3";
  const auto pba = ask(p);
  ASSERT_TRUE(pba);
  EXPECT_EQ(pba->status, Status::NotAuthorizedForDelegatedMnp);
  EXPECT_THAT(wire::find_all<Dmnp>(pba->options), ElementsAre(any()));
  EXPECT_THAT(show("sessions"), IsEmpty());
  p.more.clear();
  EXPECT_EQ(status(p), Status::Accepted);
}

/// No network of IPv4 is delegated here.
TEST_F(DelegationTest, NotAuthorizedForIpv4Alone177) {
  EXPECT_EQ(status(with(first(), {Dmnp{24, Ipv4Address{}}})), Status::NotAuthorizedForDelegatedMnp);
  EXPECT_THAT(delegated_in(accepted(with(first(), {any(), Dmnp{24, Ipv4Address{}}}))),
              ElementsAre(kLan, kOtherLan));
}

TEST_F(DelegationTest, ANodeOfIpv4AloneIsNotAuthorized177) {
  auto config = delegating_config();
  config.ipv4_pools = {Ipv4Interface::parse("192.0.2.1/24").value()};
  config.mobile_nodes[0].ip_versions = IpVersions::Ipv4;
  lma = std::make_unique<LocalMobilityAnchor>(config);
  Pbu p = with(first(), {any()});
  p.any_prefix = false;
  p.more.push_back(wire::Ipv4HomeAddressRequest{});
  EXPECT_EQ(status(p), Status::NotAuthorizedForDelegatedMnp);
}

TEST_F(DelegationTest, InUse178) {
  for (const Dmnp& other :
       {delegated_option(kLanOf2), delegated_option(prefix("2001:db8:100::/64")),
        delegated_option(prefix("2001:db8:f00:10::/61")), delegated_option(prefix("2001:db8:f00::/56")),
        Dmnp{200, kLan.address}, Dmnp{24, Ipv4Address{{192, 0, 2, 0}}}}) {
    const auto pba = ask(with(first(), {delegated_option(kLan), other}));
    ASSERT_TRUE(pba);
    EXPECT_EQ(pba->status, Status::RequestedDmnpInUse);
    EXPECT_THAT(wire::find_all<Dmnp>(pba->options), ElementsAre(delegated_option(kLan), other));
  }
  EXPECT_THAT(show("sessions"), IsEmpty());
}

TEST_F(DelegationTest, ARefusalKeepsNothing) {
  EXPECT_EQ(status(with(first(), {delegated_option(kLanOf2)})), Status::RequestedDmnpInUse);
  EXPECT_THAT(prefixes_in(accepted(first())), ElementsAre(kOwn));
}

TEST_F(DelegationTest, WithoutPrefixesForAnyNodeTheOptionsAreIgnored) {
  lma = std::make_unique<LocalMobilityAnchor>(test_config());
  EXPECT_THAT(wire::find_all<Dmnp>(accepted(asking()).options), IsEmpty());
  Pbu disabled = asking();
  disabled.mn = "disabled";
  EXPECT_THAT(wire::find_all<Dmnp>(ask(disabled)->options), IsEmpty());
}

TEST_F(DelegationTest, ARetransmissionGetsTheSame) {
  accepted(asking());
  EXPECT_THAT(delegated_in(accepted(asking())), ElementsAre(kLan, kOtherLan));
  EXPECT_EQ(show("sessions").size(), 1U);
}

TEST_F(DelegationTest, ARetransmissionThatAsksOtherwiseIsAnotherRequest) {
  answering = false;
  send(asking());
  send(with(first(), {delegated_option(kLan)}));
  answering = true;
  answer_all();
  EXPECT_THAT(shown(), ElementsAre(kLan)) << "each has been decided";
}

TEST_F(DelegationTest, ARefreshThatNamesThemIsAMereExtension) {
  accepted(asking());
  EXPECT_THAT(delegated_in(accepted(refresh(first(), {kLan, kOtherLan}))), ElementsAre(kLan, kOtherLan));
  EXPECT_THAT(rows(), ElementsAre("persist-node"));
}

TEST_F(DelegationTest, ARefreshWithoutThemLosesThem) {
  accepted(asking());
  EXPECT_THAT(delegated_in(accepted(refresh(first(), {}))), IsEmpty());
  EXPECT_THAT(shown(), IsEmpty());
  EXPECT_THAT(all<InstallNode>().at(0).prefixes, ElementsAre(kOwn));
  EXPECT_THAT(all<InstallSession>().at(0).prefixes, ElementsAre(kOwn));
  std::vector<Ipv6Prefix> removed;
  for (const auto& route : all<RemoveRoute>()) removed.push_back(route.prefix);
  EXPECT_THAT(removed, UnorderedElementsAre(kLan, kOtherLan));
}

TEST_F(DelegationTest, AHandoffBetweenMagsKeepsThem) {
  accepted(asking());
  Pbu elsewhere = asking();
  elsewhere.source = kMag2;
  elsewhere.handoff = HI::HandoffBetweenMags;
  EXPECT_THAT(delegated_in(accepted(elsewhere)), ElementsAre(kLan, kOtherLan));
  EXPECT_EQ(show("sessions").size(), 1U);
  EXPECT_EQ(mag_of("*"), "mag2");
  EXPECT_THAT(all<RemoveRoute>(), IsEmpty());
  EXPECT_THAT(all<RemoveSession>().at(0).prefixes, UnorderedElementsAre(kOwn, kLan, kOtherLan));
}

TEST_F(DelegationTest, AMagThatDoesNotAskForwardsThemNoMore) {
  accepted(asking());
  Pbu elsewhere = first();
  elsewhere.source = kMag2;
  elsewhere.handoff = HI::HandoffBetweenMags;
  EXPECT_THAT(delegated_in(accepted(elsewhere)), IsEmpty());
  EXPECT_THAT(shown(), IsEmpty());
  EXPECT_THAT(all<InstallSession>().at(0).prefixes, ElementsAre(kOwn));
}

TEST_F(DelegationTest, WhatWasSentByTheFormerGatewayGoesOnForAGrace) {
  auto config = delegating_config();
  config.former_gateway_grace = 500ms;
  lma = std::make_unique<LocalMobilityAnchor>(config);
  accepted(asking());
  Pbu elsewhere = asking();
  elsewhere.source = kMag2;
  elsewhere.handoff = HI::HandoffBetweenMags;
  accepted(elsewhere);
  EXPECT_THAT(all<RemoveSession>(), IsEmpty());
  advance(501ms);
  timeout();
  EXPECT_THAT(all<RemoveSession>().at(0).prefixes, UnorderedElementsAre(kOwn, kLan, kOtherLan));
}

TEST_F(DelegationTest, EachSessionHasWhatItsMagAskedFor) {
  accepted(asking());
  Pbu other = with(second(), {delegated_option(kLan)});
  other.handoff = HI::NewInterfaceSharingPrefixes;
  EXPECT_THAT(delegated_in(accepted(other)), ElementsAre(kLan));
  EXPECT_THAT(all<InstallSession>().at(0).prefixes, UnorderedElementsAre(kOwn, kLan));
  EXPECT_THAT(shown(), ElementsAre(kLan, kOtherLan));
  accepted(leave(first()));
  EXPECT_THAT(shown(), ElementsAre(kLan, kOtherLan)) << "until the delay before its deletion is over";
  advance(11s);
  timeout();
  EXPECT_THAT(shown(), ElementsAre(kLan));
  EXPECT_EQ(all<RemoveRoute>().at(0).prefix, kOtherLan);
}

TEST_F(DelegationTest, TheLastSessionTakesThemAway) {
  accepted(asking());
  const auto pba = ask(with(leave(first()), {delegated_option(kLan)}));
  ASSERT_TRUE(pba && pba->accepted());
  EXPECT_THAT(delegated_in(*pba), ElementsAre(kLan, kOtherLan));
  EXPECT_THAT(all<RemoveRoute>(), IsEmpty());
  advance(11s);
  timeout();
  EXPECT_EQ(all<RemoveRoute>().size(), 3U);
  EXPECT_THAT(all<RemoveNode>().at(0).prefixes, UnorderedElementsAre(kOwn, kLan, kOtherLan));
  EXPECT_THAT(delegated_in(accepted(asking())), ElementsAre(kLan, kOtherLan));
}

TEST_F(DelegationTest, ASetOfPrefixesThatHasThemKeepsThem) {
  auto config = delegating_config();
  config.share_prefixes = false;
  config.hold_unknown_handoff = false;
  lma = std::make_unique<LocalMobilityAnchor>(config);
  accepted(asking());
  EXPECT_EQ(status(with(second(), {any()})), Status::RequestedDmnpInUse);
  EXPECT_EQ(status(with(second(), {delegated_option(kLan)})), Status::RequestedDmnpInUse);
  accepted(second());
  ASSERT_EQ(show("sessions").size(), 2U);
  accepted(leave(first()));
  advance(11s);
  timeout();
  Pbu again = second();
  again.handoff = HI::NoChange;
  EXPECT_THAT(delegated_in(accepted(with(again, {any()}))), ElementsAre(kLan, kOtherLan));
}

TEST_F(DelegationTest, TheRecordHasThemAndARestartKeepsThem) {
  accepted(asking());
  const auto record = all<PersistNode>().back().record;
  EXPECT_THAT(record.sessions.at(0).delegated, ElementsAre(kLan, kOtherLan));
  const auto read = NodeRecord::from_json(record.to_json());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, record);
  restart({*read});
  EXPECT_THAT(shown(), ElementsAre(kLan, kOtherLan));
  EXPECT_THAT(all<InstallSession>().at(0).prefixes, UnorderedElementsAre(kOwn, kLan, kOtherLan));
  EXPECT_EQ(all<EnsureRoute>().size(), 3U);
  accepted(refresh(first(), {kLan, kOtherLan}));
  EXPECT_THAT(rows(), ElementsAre("persist-node"));
}

TEST_F(DelegationTest, ARecordOfAnEarlierVersionHasNone) {
  accepted(first());
  const auto record = all<PersistNode>().back().record;
  auto json = record.to_json();
  ASSERT_EQ(json["sessions"][0].erase("delegated_prefixes"), 1U);
  const auto read = NodeRecord::from_json(json);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, record);
}

TEST_F(DelegationTest, ARecordWithAPrefixThatNobodyGivesIsBad) {
  accepted(asking());
  auto json = all<PersistNode>().back().record.to_json();
  json["sessions"][0]["delegated_prefixes"] = {"2001:db8:f00::/48"};
  EXPECT_FALSE(NodeRecord::from_json(json));
}

TEST_F(DelegationTest, ARestartKeepsOnlyWhatTheConfigurationStillHas) {
  accepted(asking());
  const auto record = all<PersistNode>().back().record;
  auto config = delegating_config();
  config.mobile_nodes[0].delegated_prefixes = {kOtherLan};
  restart({record}, config);
  EXPECT_THAT(shown(), ElementsAre(kOtherLan));
  std::vector<Ipv6Prefix> removed;
  for (const auto& route : all<RemoveRoute>()) removed.push_back(route.prefix);
  EXPECT_THAT(removed, ElementsAre(kLan)) << "what a predecessor left";
}

TEST_F(DelegationTest, ANewConfigurationTakesThemAtOnce) {
  accepted(asking());
  auto config = delegating_config();
  config.mobile_nodes[0].delegated_prefixes = {kOtherLan};
  config.mobile_nodes[1].delegated_prefixes.push_back(kLan);
  clear();
  ASSERT_TRUE(lma->reconfigure(now, config));
  drain();
  EXPECT_THAT(events(), Contains("delegated-prefixes-withdrawn"));
  EXPECT_THAT(shown(), ElementsAre(kOtherLan));
  EXPECT_EQ(all<RemoveRoute>().at(0).prefix, kLan);
  Pbu p = asking();
  p.mn = "mn2";
  EXPECT_THAT(delegated_in(accepted(p)), ElementsAre(kLan, kLanOf2));
  EXPECT_EQ(status(refresh(first(), {kLan, kOtherLan})), Status::RequestedDmnpInUse);
  EXPECT_THAT(delegated_in(accepted(refresh(first(), {kOtherLan}))), ElementsAre(kOtherLan));
}

TEST_F(DelegationTest, WhatFailsIsNotTheirs) {
  fails = [](const LmaAction& action) {
    const auto* route = std::get_if<EnsureRoute>(&action);
    return route && route->prefix == kLan;
  };
  EXPECT_EQ(status(asking()), Status::InsufficientResources);
  fails = [](const LmaAction&) { return false; };
  EXPECT_THAT(delegated_in(accepted(asking())), ElementsAre(kLan, kOtherLan));
}

TEST_F(DelegationTest, FlowsAreExplainedForWhoIsBehindTheNode) {
  accepted(asking());
  const auto explained =
      lma->handle_command(now, "policy explain", {{"flow", "udp,2001:db8:c::1,1,2001:db8:f00:1f::2,2"}});
  ASSERT_TRUE(explained) << explained.error().message;
  EXPECT_EQ(explained->at("mn"), "mn1");
}

TEST_F(DelegationTest, WhoSendsToTheNetworkBehindTheNodeIsToldOfTunnelErrors) {
  accepted(asking());
  const auto told = [&](const char* destination) {
    Bytes packet{0x60, 0, 0, 0, 5, 0x8c, 17, 9};
    append(packet, address("2001:db8:c::10").octets);
    append(packet, address(destination).octets);
    packet.resize(100);
    clear();
    lma->handle_tunnel_error(now, {kLma, kMag1, TunnelErrorKind::Unreachable, 0, 40, packet});
    drain();
    return all<SendIcmpv6>().size();
  };
  EXPECT_EQ(told("2001:db8:f00:1f::2"), 1U);
  EXPECT_EQ(told("2001:db8:f00:20::2"), 0U) << "nobody's";
}

}  // namespace
}  // namespace flowmob::core
