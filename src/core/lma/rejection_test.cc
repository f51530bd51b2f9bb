// SPDX-License-Identifier: Apache-2.0
#include "core/lma/anchor_fixture_for_test.h"

/// Every status with which a Proxy Binding Update is refused, and that the checks stand in the RFC's order.
namespace flowmob::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class RejectionTest : public AnchorFixture {
 protected:
  std::uint64_t stamp(Duration offset) const {
    return wire::TimestampOption::from_wall(now.wall + offset).value;
  }
};

TEST_F(RejectionTest, MissingMnIdentifier160) {
  Pbu p = first();
  p.mn = std::nullopt;
  const auto pba = ask(p);
  ASSERT_TRUE(pba);
  EXPECT_EQ(pba->status, Status::MissingMnIdentifierOption);
  ASSERT_TRUE(wire::find<wire::MobileNodeIdentifier>(pba->options));
  EXPECT_THAT(wire::find<wire::MobileNodeIdentifier>(pba->options)->identifier, IsEmpty());
}

TEST_F(RejectionTest, MagNotAuthorized154) {
  Pbu p = first();
  p.source = kStranger;
  EXPECT_EQ(status(p), Status::MagNotAuthorizedForProxyReg);
  p = first();
  p.mn = "only-mag1";
  p.source = kMag2;
  EXPECT_EQ(status(p), Status::MagNotAuthorizedForProxyReg);
}

TEST_F(RejectionTest, AMagSpeaksForNoOtherMagsAddress154) {
  Pbu p = first();
  p.more = {wire::AlternateCareOfAddress{kMag2}};
  EXPECT_EQ(status(p), Status::MagNotAuthorizedForProxyReg);
  EXPECT_EQ(all<SendMessage>().at(0).destination, kMag1) << "the source, RFC 5213 section 5.3.6";
  p.source = kStranger;
  EXPECT_EQ(status(p), Status::MagNotAuthorizedForProxyReg);
  p.source = kMag2;
  EXPECT_EQ(status(p), Status::Accepted);
}

TEST_F(RejectionTest, StrangersGetFewAnswersAndMagsAll) {
  Pbu stranger = first(), nameless = first();
  stranger.source = kStranger;
  nameless.source = kStranger;
  nameless.mn = std::nullopt;
  clear();
  for (int i = 0; i < 500; ++i) {  // five seconds
    send(stranger);
    send(nameless);
    advance(-10ms);
  }
  EXPECT_GE(all<SendMessage>().size(), 50U);
  EXPECT_LE(all<SendMessage>().size(), 60U);
  EXPECT_EQ(dropped("stranger-too-often") + all<SendMessage>().size(), 1000U);
  for (int i = 0; i < 100; ++i) {
    Pbu p = first();
    p.mn = "nobody";
    EXPECT_EQ(status(p), Status::NotLmaForThisMobileNode);
  }
}

TEST_F(RejectionTest, WhoeverBroughtANodeMayTakeItAwayWhateverThePolicySays) {
  const auto after = [&](auto change) {
    lma = std::make_unique<LocalMobilityAnchor>(test_config());
    accepted(first());
    auto config = test_config();
    change(config);
    EXPECT_TRUE(lma->reconfigure(now, config));
    EXPECT_NE(status(first()), Status::Accepted);
    Pbu elsewhere = leave(first());
    elsewhere.source = kMag2;
    EXPECT_NE(status(elsewhere), Status::Accepted);
    EXPECT_EQ(show("sessions")[0]["state"], "active");
    return status(leave(first()));
  };
  EXPECT_EQ(after([](auto& c) { c.mobile_nodes.clear(); }), Status::Accepted);
  EXPECT_EQ(after([](auto& c) { c.mobile_nodes[0].enabled = false; }), Status::Accepted);
  EXPECT_EQ(after([](auto& c) { c.mobile_nodes[0].mags = {"mag2"}; }), Status::Accepted);
  EXPECT_EQ(after([](auto& c) {
              c.mobile_nodes[0].link_layer = {MacAddress{{2, 0, 0, 0, 0, 2}}};
            }),
            Status::Accepted);
  EXPECT_EQ(after([](auto& c) { c.mags.clear(); }), Status::Accepted);
}

TEST_F(RejectionTest, NotLmaForThisMobileNode153) {
  Pbu p = first();
  p.mn = "nobody";
  EXPECT_EQ(status(p), Status::NotLmaForThisMobileNode);
}

TEST_F(RejectionTest, ProxyRegNotEnabled152) {
  Pbu p = first();
  p.mn = "disabled";
  EXPECT_EQ(status(p), Status::ProxyRegNotEnabled);
  p.mn = "known-mac";
  p.link_layer_id = kIf2;
  EXPECT_EQ(status(p), Status::ProxyRegNotEnabled);
  p.link_layer_id = kIf1;
  EXPECT_EQ(status(p), Status::Accepted);
}

TEST_F(RejectionTest, TimestampMismatch156TellsOurClock) {
  Pbu p = first();
  p.timestamp = stamp(1s);
  const auto pba = ask(p);
  ASSERT_TRUE(pba);
  EXPECT_EQ(pba->status, Status::TimestampMismatch);
  EXPECT_EQ(wire::find<wire::TimestampOption>(pba->options)->value, stamp(0s));
}

TEST_F(RejectionTest, AnEqualTimestampIs156AndALowerOne157) {
  accepted(first());
  Pbu p = first();
  p.timestamp = stamp(0s);
  EXPECT_EQ(status(p), Status::TimestampMismatch);
  p.timestamp = *p.timestamp - 1;
  const auto pba = ask(p);
  ASSERT_TRUE(pba);
  EXPECT_EQ(pba->status, Status::TimestampLowerThanPrevAccepted);
  EXPECT_EQ(wire::find<wire::TimestampOption>(pba->options)->value, stamp(0s));
}

TEST_F(RejectionTest, OrderingIsComparedPerSession) {
  Pbu p = first();
  p.timestamp = stamp(200ms);
  accepted(p);
  EXPECT_EQ(status(second()), Status::Accepted);
}

TEST_F(RejectionTest, AReplayedMessageIsRefused) {
  advance(10ms);
  const Bytes octets = wire::encode(message(first()), kMag1, kLma);
  deliver(octets, kMag1);
  clear();
  deliver(octets, kMag1);
  EXPECT_EQ(acknowledgement()->status, Status::TimestampMismatch);
}

TEST_F(RejectionTest, SequenceOutOfWindow135TellsTheLastAccepted) {
  Pbu p = first();
  p.stamped = false;
  p.sequence = 1000;
  const auto good = accepted(p);
  EXPECT_EQ(good.sequence, 1000);
  EXPECT_FALSE(wire::find<wire::TimestampOption>(good.options));
  p.sequence = 999;
  const auto pba = ask(p);
  ASSERT_TRUE(pba);
  EXPECT_EQ(pba->status, Status::SequenceNumberOutOfWindow);
  EXPECT_EQ(pba->sequence, 1000);
}

TEST_F(RejectionTest, MissingHomeNetworkPrefix158) {
  Pbu p = first();
  p.any_prefix = false;
  const auto pba = ask(p);
  ASSERT_TRUE(pba);
  EXPECT_EQ(pba->status, Status::MissingHomeNetworkPrefixOption);
  ASSERT_TRUE(wire::find<wire::HomeNetworkPrefixOption>(pba->options));
  EXPECT_TRUE(wire::find<wire::HomeNetworkPrefixOption>(pba->options)->is_all_zero());
}

TEST_F(RejectionTest, OffLinkPrefixesAreNoRequest158) {
  Pbu p = first();
  p.any_prefix = false;
  p.more = {wire::HomeNetworkPrefixOption{true, 64, kOwn.address}};
  EXPECT_EQ(status(p), Status::MissingHomeNetworkPrefixOption);
}

TEST_F(RejectionTest, AMixtureOfPrefixesMeansNothing128) {
  Pbu p = first();
  p.prefixes = {kOwn};
  p.more = {wire::HomeNetworkPrefixOption{}};
  EXPECT_EQ(status(p), Status::ReasonUnspecified);
  p = first();
  p.more = {wire::HomeNetworkPrefixOption{}};
  EXPECT_EQ(status(p), Status::ReasonUnspecified);
}

TEST_F(RejectionTest, MissingHandoffIndicator161AndAccessTechnology162) {
  Pbu p = first();
  p.handoff = std::nullopt;
  auto pba = ask(p);
  ASSERT_TRUE(pba);
  EXPECT_EQ(pba->status, Status::MissingHandoffIndicatorOption);
  EXPECT_EQ(wire::find<wire::HandoffIndicatorOption>(pba->options)->indicator, HI::Reserved);
  p = first();
  p.technology = std::nullopt;
  pba = ask(p);
  ASSERT_TRUE(pba);
  EXPECT_EQ(pba->status, Status::MissingAccessTechTypeOption);
  EXPECT_EQ(wire::find<wire::AccessTechnologyTypeOption>(pba->options)->type, ATT::Reserved);
}

TEST_F(RejectionTest, ServiceAuthorizationFailed151) {
  Pbu p = first();
  p.service = "gold";
  EXPECT_EQ(status(p), Status::ServiceAuthorizationFailed);
  p.mn = "mn3";
  p.service = "video";
  EXPECT_EQ(status(p), Status::ServiceAuthorizationFailed);
}

TEST_F(RejectionTest, NotAuthorizedForPrefix155) {
  Pbu p = first();
  p.prefixes = {prefix("2001:db8:9999::/64")};
  const auto pba = ask(p);
  ASSERT_TRUE(pba);
  EXPECT_EQ(pba->status, Status::NotAuthorizedForHomeNetworkPrefix);
  EXPECT_THAT(prefixes_in(*pba), ElementsAre(p.prefixes[0]));
  p.mn = "mn2";  // somebody's own prefix, a prefix of another length, one outside the pools
  for (const char* wrong : {"2001:db8:1000::/64", "2001:db8:100::/63", "2001:db8:200::/64"}) {
    p.prefixes = {prefix(wrong)};
    EXPECT_EQ(status(p), Status::NotAuthorizedForHomeNetworkPrefix) << wrong;
  }
}

TEST_F(RejectionTest, ThePrefixOfAnotherNode155) {
  Pbu p = first();
  p.mn = "mn2";
  p.prefixes = prefixes_in(accepted(p));
  p.mn = "mn3";
  EXPECT_EQ(status(p), Status::NotAuthorizedForHomeNetworkPrefix);
}

TEST_F(RejectionTest, APrefixSetThatIsNotTheNodes159) {
  accepted(first());
  Pbu p = first();
  p.prefixes = {kOwn, prefix("2001:db8:100::/64")};
  EXPECT_EQ(status(p), Status::BcePbuPrefixSetDoNotMatch);
}

TEST_F(RejectionTest, NoPrefixLeft130) {
  auto c = test_config();
  c.pools = {prefix("2001:db8:100::/64")};
  ASSERT_TRUE(lma->reconfigure(now, c));
  Pbu p = first();
  p.mn = "mn2";
  accepted(p);
  p.mn = "mn3";
  EXPECT_EQ(status(p), Status::InsufficientResources);
  p.mn = "mn2";
  auto away = leave(p);
  away.prefixes = {prefix("2001:db8:100::/64")};
  accepted(away);
  advance(10s);
  timeout();
  p.mn = "mn3";
  EXPECT_EQ(status(p), Status::Accepted);
}

TEST_F(RejectionTest, ANodeHasOnlySoManyInterfaces130) {
  Pbu p = first();
  for (std::uint8_t i = 0; i < 16; ++i) {
    p.link_layer_id = Bytes{2, 0, 0, 0, 1, i};
    accepted(p);
  }
  p.link_layer_id = Bytes{2, 0, 0, 0, 2, 0};
  EXPECT_EQ(status(p), Status::InsufficientResources);
  EXPECT_EQ(show("sessions").size(), 16U);
}

TEST_F(RejectionTest, TheStatusValuesAreThoseOfTheRegistry) {
  const std::pair<Status, unsigned> registry[] = {
      {Status::Accepted, 0},
      {Status::ReasonUnspecified, 128},
      {Status::InsufficientResources, 130},
      {Status::SequenceNumberOutOfWindow, 135},
      {Status::ServiceAuthorizationFailed, 151},
      {Status::ProxyRegNotEnabled, 152},
      {Status::NotLmaForThisMobileNode, 153},
      {Status::MagNotAuthorizedForProxyReg, 154},
      {Status::NotAuthorizedForHomeNetworkPrefix, 155},
      {Status::TimestampMismatch, 156},
      {Status::TimestampLowerThanPrevAccepted, 157},
      {Status::MissingHomeNetworkPrefixOption, 158},
      {Status::BcePbuPrefixSetDoNotMatch, 159},
      {Status::MissingMnIdentifierOption, 160},
      {Status::MissingHandoffIndicatorOption, 161},
      {Status::MissingAccessTechTypeOption, 162},
  };
  for (const auto& [status, number] : registry) EXPECT_EQ(static_cast<unsigned>(status), number);
}

TEST_F(RejectionTest, TheChecksStandInTheRfcsOrder) {
  Pbu p;
  p.mn = std::nullopt;
  p.source = kStranger;
  p.timestamp = 1;
  p.any_prefix = false;
  p.handoff = std::nullopt;
  p.technology = std::nullopt;
  p.service = "gold";
  EXPECT_EQ(status(p), Status::MissingMnIdentifierOption);
  p.mn = "nobody";
  EXPECT_EQ(status(p), Status::MagNotAuthorizedForProxyReg);
  p.source = kMag1;
  EXPECT_EQ(status(p), Status::NotLmaForThisMobileNode);
  p.mn = "disabled";
  EXPECT_EQ(status(p), Status::ProxyRegNotEnabled);
  p.mn = "mn1";
  EXPECT_EQ(status(p), Status::TimestampMismatch);
  p.timestamp = std::nullopt;
  EXPECT_EQ(status(p), Status::MissingHomeNetworkPrefixOption);
  p.any_prefix = true;
  EXPECT_EQ(status(p), Status::MissingHandoffIndicatorOption);
  p.handoff = HI::NewInterface;
  EXPECT_EQ(status(p), Status::MissingAccessTechTypeOption);
  p.technology = ATT::Wlan;
  EXPECT_EQ(status(p), Status::ServiceAuthorizationFailed);
  p.service = "video";
  p.prefixes = {prefix("2001:db8:9999::/64")};
  EXPECT_EQ(status(p), Status::NotAuthorizedForHomeNetworkPrefix);
  p.prefixes = {kOwn};
  EXPECT_EQ(status(p), Status::Accepted);
}

TEST_F(RejectionTest, ARefusalChangesNothingAndIsCounted) {
  Pbu p = first();
  p.mn = "nobody";
  ask(p);
  EXPECT_THAT(rows(), IsEmpty());
  EXPECT_THAT(events(), ElementsAre("binding-rejected"));
  EXPECT_EQ(all<Notify>()[0].fields["status"], 153);
  const auto statistics = lma->handle_command(now, "show statistics", Json::object()).value();
  EXPECT_EQ(statistics["rejections"]["NOT_LMA_FOR_THIS_MOBILE_NODE"], 1);
  EXPECT_EQ(statistics["messages"]["rejected"], 1);
}

}  // namespace
}  // namespace flowmob::core
