// SPDX-License-Identifier: Apache-2.0
#include "core/lma/anchor_fixture_for_test.h"

/// RFC 5213 section 5.4.1.2 item 4: an unknown handoff waits for the previous MAG's de-registration.
namespace flowmob::core {
namespace {

LmaConfig holding() {
  auto c = test_config();
  c.hold_unknown_handoff = true;
  return c;
}

class HoldTest : public AnchorFixture {
 protected:
  HoldTest() : AnchorFixture(holding()) {}
  Pbu unknown() const {
    Pbu p = second();
    p.handoff = HI::Unknown;
    return p;
  }
};

TEST_F(HoldTest, ADeregistrationMakesItAHandoff) {
  accepted(first());
  EXPECT_EQ(ask(unknown()), std::nullopt);
  clear();
  send(leave(first()));
  const auto sent = all<SendMessage>();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].destination, kMag1);
  EXPECT_EQ(sent[1].destination, kMag2);
  EXPECT_EQ(show("sessions").size(), 1U);
  EXPECT_EQ(mag_of("*"), "mag2");
}

TEST_F(HoldTest, SilenceMakesItANewSession) {
  accepted(first());
  EXPECT_EQ(ask(unknown()), std::nullopt);
  EXPECT_EQ(lma->poll_timeout(), now.monotonic + 1500ms);
  advance(1500ms);
  timeout();
  EXPECT_EQ(acknowledgement()->status, Status::Accepted);
  EXPECT_EQ(show("sessions").size(), 2U);
}

TEST_F(HoldTest, ARetransmissionKeepsTheDeadlineAndIsAnsweredInItsStead) {
  accepted(first());
  Pbu p = unknown();
  p.sequence = 50;
  EXPECT_EQ(ask(p), std::nullopt);
  const auto deadline = lma->poll_timeout();
  advance(1s);
  p.sequence = 51;
  EXPECT_EQ(ask(p), std::nullopt);
  EXPECT_EQ(lma->poll_timeout(), deadline);
  advance(500ms);
  timeout();
  EXPECT_EQ(acknowledgement()->sequence, 51);
}

TEST_F(HoldTest, WithoutALinkLayerIdentifierItWaitsAsWell) {
  accepted(first());
  Pbu p = unknown();
  p.link_layer_id = std::nullopt;
  EXPECT_EQ(ask(p), std::nullopt);
  advance(1499ms);
  timeout();
  EXPECT_EQ(acknowledgement(), std::nullopt);
  advance(1ms);
  timeout();
  EXPECT_EQ(acknowledgement()->status, Status::Accepted);
  EXPECT_EQ(show("sessions").size(), 2U);
}

TEST_F(HoldTest, TheDelayIsASetting) {
  auto c = holding();
  c.max_delay_before_new_bce_assign = 400ms;
  ASSERT_TRUE(lma->reconfigure(now, c));
  accepted(first());
  EXPECT_EQ(ask(unknown()), std::nullopt);
  EXPECT_EQ(lma->poll_timeout(), now.monotonic + 400ms);
  advance(400ms);
  timeout();
  EXPECT_EQ(acknowledgement()->status, Status::Accepted);
}

TEST_F(HoldTest, WithoutASettingItWaitsWherePrefixesAreNotShared) {
  for (const bool share : {true, false}) {
    auto c = test_config();
    c.share_prefixes = share;
    lma = std::make_unique<LocalMobilityAnchor>(c);
    accepted(first());
    EXPECT_EQ(ask(unknown()).has_value(), share);
  }
}

TEST_F(HoldTest, WhatTheServingMagSaysMeanwhileEndsNoWait) {
  accepted(first());
  EXPECT_EQ(ask(unknown()), std::nullopt);
  const auto deadline = lma->poll_timeout();
  advance(1s);
  Pbu again = first();
  again.handoff = HI::NoChange;
  again.prefixes = {kOwn};
  accepted(again);
  EXPECT_EQ(lma->poll_timeout(), deadline);
  advance(500ms);
  timeout();
  EXPECT_EQ(acknowledgement()->status, Status::Accepted);
  EXPECT_EQ(all<SendMessage>().back().destination, kMag2);
}

TEST_F(HoldTest, WhatElseHappensToTheNodeEndsNoWait) {
  auto c = holding();
  c.heartbeat = {};
  ASSERT_TRUE(lma->reconfigure(now, c));
  Pbu p = first();
  p.lifetime = 900;
  accepted(p);
  for (int i = 0; i < 4; ++i) {
    timeout();
    advance(60s);
  }
  EXPECT_EQ(ask(unknown()), std::nullopt);
  timeout();
  ASSERT_EQ(show("sessions")[0]["state"], "unreachable");
  EXPECT_EQ(acknowledgement(), std::nullopt) << "that it is lost is no de-registration";
  ASSERT_EQ(show("sessions").size(), 1U);
  send(leave(p));
  EXPECT_EQ(mag_of("*"), "mag2");
  EXPECT_EQ(show("sessions").size(), 1U);
}

TEST_F(HoldTest, AnotherInterfaceTakesNobodysPlace) {
  accepted(first());
  EXPECT_EQ(ask(unknown()), std::nullopt);
  Pbu other = unknown();
  other.link_layer_id = Bytes{9};
  EXPECT_EQ(ask(other), std::nullopt);
  EXPECT_EQ(dropped("another-is-held"), 1U);
  advance(1500ms);
  timeout();
  ASSERT_TRUE(acknowledgement());
  EXPECT_EQ(wire::find<wire::MnLinkLayerIdentifier>(acknowledgement()->options)->identifier, kIf2);
  EXPECT_EQ(status(other), Status::Accepted);
}

TEST_F(HoldTest, WhoSaysMoreWaitsNoMore) {
  accepted(first());
  EXPECT_EQ(ask(unknown()), std::nullopt);
  EXPECT_EQ(status(second()), Status::Accepted);
  advance(2s);
  timeout();
  EXPECT_EQ(acknowledgement(), std::nullopt);
  EXPECT_EQ(show("sessions").size(), 2U);
}

TEST_F(HoldTest, WhoLosesHisPermissionMeanwhileIsTold) {
  Pbu p = first();
  p.lifetime = 1;
  accepted(p);
  advance(3s);
  EXPECT_EQ(ask(unknown()), std::nullopt);
  auto config = holding();
  config.mobile_nodes.clear();
  ASSERT_TRUE(lma->reconfigure(now, config));
  advance(2s);
  timeout();
  EXPECT_TRUE(show("sessions").empty());
  ASSERT_TRUE(acknowledgement());
  EXPECT_EQ(acknowledgement()->status, Status::NotLmaForThisMobileNode);
}

TEST_F(HoldTest, EveryCheckIsMadeAgain) {
  const auto outcome_after = [&](auto change) {
    lma = std::make_unique<LocalMobilityAnchor>(holding());
    accepted(first());
    Pbu p = unknown();
    p.service = "video";
    EXPECT_EQ(ask(p), std::nullopt);
    auto config = holding();
    change(config);
    EXPECT_TRUE(lma->reconfigure(now, config));
    advance(2s);
    timeout();
    const auto pba = acknowledgement();
    return pba ? std::optional(pba->status) : std::nullopt;
  };
  const auto mn1 = [](LmaConfig& c) -> PolicyProfile& { return c.mobile_nodes[0]; };
  EXPECT_EQ(outcome_after([](auto&) {}), Status::Accepted) << "its timestamp is as old as it may be";
  EXPECT_EQ(outcome_after([&](auto& c) { mn1(c).enabled = false; }), Status::ProxyRegNotEnabled);
  EXPECT_EQ(outcome_after([&](auto& c) {
              mn1(c).link_layer = {MacAddress{{2, 0, 0, 0, 0, 1}}};
            }),
            Status::ProxyRegNotEnabled);
  EXPECT_EQ(outcome_after([&](auto& c) { mn1(c).mags = {"mag1"}; }), Status::MagNotAuthorizedForProxyReg);
  EXPECT_EQ(outcome_after([&](auto& c) { c.mags.pop_back(); }), Status::MagNotAuthorizedForProxyReg);
  EXPECT_EQ(outcome_after([&](auto& c) { mn1(c).services.clear(); }), Status::ServiceAuthorizationFailed);
}

TEST_F(HoldTest, AFirstSessionAndOneThatIsLeavingNeedNoWait) {
  EXPECT_EQ(status(unknown()), Status::Accepted);
  auto away = leave(second());
  EXPECT_EQ(status(away), Status::Accepted);
  Pbu p = first();
  p.handoff = HI::Unknown;
  EXPECT_EQ(status(p), Status::Accepted);
  EXPECT_EQ(show("sessions").size(), 1U);
}

}  // namespace
}  // namespace flowmob::core
