// SPDX-License-Identifier: Apache-2.0
#include "core/lma/anchor_fixture_for_test.h"

/// What a node has sent by the gateway that it was handed off from is still on its way (docs/adr/0064).
namespace flowmob::core {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

LmaConfig with_grace() {
  LmaConfig config = test_config();
  config.former_gateway_grace = 500ms;
  config.revocation.enabled = true;
  return config;
}

class FormerGatewayTest : public AnchorFixture {
 protected:
  FormerGatewayTest() : AnchorFixture(with_grace()) {}

  Pbu by(const Ipv6Address& mag, HI handoff = HI::HandoffBetweenMags) const {
    Pbu p = first();
    p.source = mag;
    p.handoff = handoff;
    return p;
  }
  void pass(Duration span) {
    advance(span);
    timeout();
  }
  std::vector<Ipv6Address> removed() const {
    std::vector<Ipv6Address> mags;
    for (const auto& row : all<RemoveSession>()) mags.push_back(row.mag);
    return mags;
  }
  std::vector<Ipv6Address> told() const {
    std::vector<Ipv6Address> mags;
    for (const auto& [mag, indication] : sent<wire::BindingRevocationIndication>()) mags.push_back(mag);
    return mags;
  }
};

TEST_F(FormerGatewayTest, ItsUplinkAndTunnelStayForTheGrace) {
  accepted(first());
  accepted(by(kMag2));
  EXPECT_THAT(rows(), ElementsAre("ensure-tunnel", "install-session", "ensure-route", "persist-node"));
  EXPECT_EQ(mag_of("*"), "mag2") << "downlink goes at once";
  EXPECT_EQ(lma->poll_timeout(), now.monotonic + 500ms);
  pass(499ms);
  EXPECT_THAT(removed(), IsEmpty());
  EXPECT_EQ(show("tunnels").size(), 2U);
  pass(1ms);
  EXPECT_THAT(removed(), ElementsAre(kMag1));
  EXPECT_EQ(all<RemoveSession>()[0].prefixes, std::vector{kOwn});
  ASSERT_EQ(all<RemoveTunnel>().size(), 1U);
  EXPECT_EQ(all<RemoveTunnel>()[0].remote, kMag1);
  EXPECT_EQ(show("sessions").size(), 1U);
  EXPECT_EQ(mag_of("*"), "mag2");
}

TEST_F(FormerGatewayTest, ItIsToldAtOnceAndOnlyOnce) {
  accepted(first());
  accepted(by(kMag2));
  EXPECT_THAT(told(), ElementsAre(kMag1));
  EXPECT_THAT(removed(), IsEmpty());
  receive(wire::BindingRevocationAcknowledgement{wire::RevocationStatus::Success,
                                                 sent<wire::BindingRevocationIndication>()[0].second.sequence,
                                                 true,
                                                 false,
                                                 false,
                                                 {}},
          kMag1);
  clear();
  pass(1s);
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(FormerGatewayTest, BetweenInterfacesToo) {
  accepted(first());
  Pbu other = second();
  other.handoff = HI::HandoffBetweenInterfaces;
  accepted(other);
  EXPECT_THAT(removed(), IsEmpty());
  EXPECT_EQ(sent<wire::BindingRevocationIndication>().at(0).second.trigger,
            wire::RevocationTrigger::InterMagHandoverDifferentAccess);
  pass(500ms);
  EXPECT_THAT(removed(), ElementsAre(kMag1));
}

TEST_F(FormerGatewayTest, WithoutGraceItEndsAtOnce) {
  auto config = with_grace();
  config.former_gateway_grace = {};
  ASSERT_TRUE(lma->reconfigure(now, config));
  accepted(first());
  accepted(by(kMag2));
  EXPECT_THAT(removed(), ElementsAre(kMag1));
  EXPECT_THAT(told(), ElementsAre(kMag1));
}

TEST_F(FormerGatewayTest, ASessionThatComesBackMeanwhileKeepsItsRows) {
  accepted(first());
  accepted(by(kMag2));
  advance(200ms);
  accepted(by(kMag1));
  EXPECT_THAT(removed(), IsEmpty());
  EXPECT_THAT(told(), ElementsAre(kMag2));
  pass(490ms);
  EXPECT_THAT(removed(), IsEmpty()) << "the first grace is over, and it is there";
  EXPECT_EQ(mag_of("*"), "mag1");
  pass(10ms);
  EXPECT_THAT(removed(), ElementsAre(kMag2));
}

TEST_F(FormerGatewayTest, ADeregistrationLeavesNothingOnItsWay) {
  accepted(first());
  accepted(leave(first()));
  EXPECT_THAT(removed(), ElementsAre(kMag1));
  accepted(by(kMag2));
  EXPECT_THAT(removed(), IsEmpty());
  pass(1s);
  EXPECT_THAT(removed(), IsEmpty());
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(FormerGatewayTest, ItGoesWithItsSession) {
  accepted(first());
  accepted(by(kMag2));
  Pbu gone = leave(first());
  gone.source = kMag2;
  accepted(gone);
  EXPECT_THAT(removed(), ElementsAre(kMag1, kMag2));
  pass(1s);
  EXPECT_THAT(removed(), IsEmpty());
}

TEST_F(FormerGatewayTest, AnotherSessionOfTheNodeThereKeepsItsUplink) {
  accepted(first());
  Pbu other = second();
  other.source = kMag1;
  accepted(other);
  accepted(by(kMag2));
  EXPECT_THAT(told(), IsEmpty());
  pass(500ms);
  ASSERT_THAT(removed(), ElementsAre(kMag1));
  EXPECT_TRUE(all<RemoveSession>()[0].keep_uplink);
  EXPECT_THAT(all<RemoveTunnel>(), IsEmpty());
}

TEST_F(FormerGatewayTest, AnExtensionChangesNothingOfIt) {
  accepted(first());
  accepted(by(kMag2));
  advance(400ms);
  accepted(by(kMag2, HI::NoChange));
  EXPECT_THAT(removed(), IsEmpty());
  pass(90ms);
  EXPECT_THAT(removed(), ElementsAre(kMag1));
}

TEST_F(FormerGatewayTest, AHandoffThatFailsLeavesTheSessionWhereItWas) {
  accepted(first());
  fails = [](const LmaAction& action) { return std::holds_alternative<EnsureTunnel>(action); };
  EXPECT_EQ(status(by(kMag2)), Status::InsufficientResources);
  EXPECT_THAT(removed(), Not(Contains(kMag1)));
  pass(1s);
  EXPECT_THAT(removed(), IsEmpty());
  EXPECT_EQ(mag_of("*"), "mag1");
}

TEST_F(FormerGatewayTest, PingPongIsBounded) {
  accepted(first());
  for (int i = 0; i < 100; ++i) accepted(by(i % 2 == 0 ? kMag2 : kMag1));
  EXPECT_EQ(mag_of("*"), "mag1");
  pass(500ms);
  EXPECT_THAT(removed(), ElementsAre(kMag2));
  EXPECT_EQ(show("tunnels").size(), 1U);
}

}  // namespace
}  // namespace flowmob::core
