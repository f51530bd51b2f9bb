// SPDX-License-Identifier: Apache-2.0
#include "core/lma/flow_wishes_fixture_for_test.h"

/// Some prefixes of a set, and sets that some interfaces share (RFC 7864 section 3).
namespace flowmob::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// RFC 7864's means for a partial handoff: of a set with two prefixes one goes.
class PartialHandoffTest : public FlowWishesTest {
 protected:
  static inline const Ipv6Prefix kOther = prefix("2001:db8:1001::/64");
  void SetUp() override {
    auto c = sets_apart();
    c.mobile_nodes[0].prefixes = {kOwn, kOther};
    ASSERT_TRUE(lma->reconfigure(now, c));
    FlowWishesTest::accepted(first());
    FlowWishesTest::accepted(second());
    clear();
  }
  static FlowRule part_of(const Ipv6Prefix& chosen) {
    auto rule = web_by({kByMag2, kByMag1});
    wire::TrafficSelector6 there;
    there.destination = {chosen.address, chosen.with_interface_id(~std::uint64_t{0})};
    rule.flow = FlowTemplate{"web", 0, there};
    return rule;
  }
};

TEST_F(PartialHandoffTest, TheGatewayIsToldTheChosenPrefixAlone) {
  apply({part_of(kOther)});
  EXPECT_THAT(off_link_in(notification_to(kMag2).options), ElementsAre(kOther));
  grant(kMag2);
  EXPECT_EQ(way_of("web", kOwn), "mag2");
  EXPECT_EQ(way_of("*", kOwn), "mag1");
  const auto paths = all<InstallSession>();
  ASSERT_EQ(paths.size(), 1U);
  EXPECT_THAT(paths[0].prefixes, ElementsAre(kOther)) << "from there comes nothing else";
}

TEST_F(PartialHandoffTest, WhatItDoesNotForwardDoesNotGoThere) {
  apply({part_of(kOther)});
  grant(kMag2);
  clear();
  auto away = leave(first());
  away.prefixes = {kOwn, kOther};
  send(away);
  EXPECT_EQ(way_of("web", kOwn), "mag2");
  EXPECT_EQ(way_of("*", kOwn), "") << "until it forwards all of it";
  EXPECT_THAT(off_link_in(notification_to(kMag2).options), UnorderedElementsAre(kOwn, kOther));
  grant(kMag2);
  EXPECT_EQ(way_of("*", kOwn), "mag2");
}

/// What is taken back is not gone by any more from when the MAG is told, whatever it answers.
TEST_F(PartialHandoffTest, WhatIsTakenBackIsNotLetThroughFromThenOn) {
  auto other = part_of(kOwn);
  FlowTemplate renamed = *other.flow;
  renamed.name = other.name = "rest";
  other.flow = renamed;
  other.position = 1;
  apply({part_of(kOther), other});
  grant(kMag2);
  ASSERT_EQ(way_of("rest", kOwn), "mag2");
  other.prefer = {kByMag1};
  apply({part_of(kOther), other});
  EXPECT_EQ(way_of("rest", kOwn), "mag1");
  const auto asked = notification_to(kMag2);
  EXPECT_THAT(off_link_in(asked.options), ElementsAre(kOther));
  const auto paths = all<InstallSession>();
  ASSERT_FALSE(paths.empty());
  EXPECT_THAT(paths.back().prefixes, ElementsAre(kOther));
  other.prefer = {kByMag2, kByMag1};
  apply({part_of(kOther), other});
  EXPECT_EQ(way_of("rest", kOwn), "mag1") << "it may have it no more";
  receive(acknowledge(asked), kMag2);
  EXPECT_THAT(off_link_in(notification_to(kMag2).options), UnorderedElementsAre(kOwn, kOther));
  EXPECT_EQ(way_of("rest", kOwn), "mag1");
}

/// Not those that went before it.
TEST_F(PartialHandoffTest, ARecordHasTheMessagesOfItsMoveAlone) {
  auto config = lma->config();
  config.handover_history = 10;
  ASSERT_TRUE(lma->reconfigure(now, config));
  auto other = part_of(kOwn);
  FlowTemplate renamed = *other.flow;
  renamed.name = other.name = "rest";
  other.flow = renamed;
  other.position = 1;
  for (int turn = 0; turn < 3; ++turn) {
    for (const auto& by : {kByMag1, kByMag2}) {
      other.prefer = {by, kByMag1};
      apply({part_of(kOther), other});
      for (const auto& [mag, asked] : sent<Fmi>()) receive(acknowledge(asked), mag);
    }
    ASSERT_EQ(way_of("rest", kOwn), "mag2");
    Json last;
    const auto records_shown = lma->handle_command(now, "show handovers", Json::object()).value();
    for (const auto& row : records_shown["handovers"])
      if (row["flow"] == "rest" && row["to"] == "mag2") last = row["handover"];
    const auto whole = lma->handle_command(now, "show handovers", {{"id", last}}).value();
    std::vector<std::string> steps;
    for (const auto& step : whole["handovers"][0]["timeline"]) steps.push_back(step["step"]);
    EXPECT_EQ(std::ranges::count(steps, "upn-sent"), 1);
    EXPECT_EQ(std::ranges::count(steps, "upa-received"), 1);
  }
}

TEST_F(PartialHandoffTest, ACommandTellsNoMoreThanItsFlowNeeds) {
  auto rule = part_of(kOther);
  rule.prefer = {kByMag1};
  apply({rule});
  begin_move("web", "mag2", {{"prefix", kOwn.to_string()}});
  EXPECT_THAT(off_link_in(notification_to(kMag2).options), ElementsAre(kOther));
  grant(kMag2);
  EXPECT_EQ(code(), "done");
  clear();
  begin_move("*", "mag2", {{"prefix", kOwn.to_string()}});
  EXPECT_THAT(off_link_in(notification_to(kMag2).options), UnorderedElementsAre(kOwn, kOther));
  EXPECT_EQ(way_of("*", kOwn), "mag1");
  grant(kMag2);
  EXPECT_EQ(code(), "done");
  EXPECT_EQ(way_of("*", kOwn), "mag2");
}

/// What a flow has sent by another set's gateway before it went home is on its way (docs/adr/0064).
class RestingPrefixTest : public PartialHandoffTest {
 protected:
  void SetUp() override {
    PartialHandoffTest::SetUp();
    auto c = lma->config();
    c.former_gateway_grace = 500ms;
    ASSERT_TRUE(lma->reconfigure(now, c));
    rest = part_of(kOwn);
    FlowTemplate renamed = *rest.flow;
    renamed.name = rest.name = "rest";
    rest.flow = renamed;
    rest.position = 1;
  }
  void go_home() {
    rest.prefer = {kByMag1};
    apply({rest});
    ASSERT_EQ(way_of("rest", kOwn), "mag1");
  }
  /// The second gateway: the first is asked for flows of its set.
  std::vector<Fmi> told() const {
    std::vector<Fmi> messages;
    for (const auto& [mag, message] : sent<Fmi>())
      if (mag == kMag2) messages.push_back(message);
    return messages;
  }
  FlowRule rest;
};

TEST_F(RestingPrefixTest, ItsWayIsLetThroughForTheGraceAndThenTakenBack) {
  apply({rest});
  grant(kMag2);
  ASSERT_EQ(way_of("rest", kOwn), "mag2");
  go_home();
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_THAT(all<RemoveSession>(), IsEmpty());
  pass(499ms);
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_THAT(all<RemoveSession>(), IsEmpty());
  pass(1ms);
  EXPECT_EQ(notification_to(kMag2).reason, Reason::ForceReregistration);
  EXPECT_THAT(all<RemoveSession>(), testing::SizeIs(1));
}

TEST_F(RestingPrefixTest, OfALinkThatIsInUseThePrefixThatIsNot) {
  auto both = std::vector{part_of(kOther), rest};
  apply(both);
  grant(kMag2);
  ASSERT_EQ(way_of("rest", kOwn), "mag2");
  both[1].prefer = {kByMag1};
  apply(both);
  EXPECT_EQ(way_of("rest", kOwn), "mag1");
  EXPECT_THAT(told(), IsEmpty());
  pass(500ms);
  EXPECT_THAT(off_link_in(notification_to(kMag2).options), ElementsAre(kOther));
  ASSERT_FALSE(all<InstallSession>().empty());
  EXPECT_THAT(all<InstallSession>().back().prefixes, ElementsAre(kOther));
}

TEST_F(RestingPrefixTest, MeanwhileTheFlowMayGoThereUnasked) {
  apply({rest});
  grant(kMag2);
  go_home();
  rest.prefer = {kByMag2, kByMag1};
  apply({rest});
  EXPECT_THAT(told(), IsEmpty()) << "its gateway forwards it";
  EXPECT_EQ(way_of("rest", kOwn), "mag2");
  pass(1s);
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_EQ(way_of("rest", kOwn), "mag2") << "it rests no more";
  go_home();
  pass(499ms);
  EXPECT_THAT(told(), IsEmpty()) << "a grace of its own";
  pass(1ms);
  EXPECT_EQ(notification_to(kMag2).reason, Reason::ForceReregistration);
}

TEST_F(RestingPrefixTest, ASessionThatEndsEndsIt) {
  apply({rest});
  grant(kMag2);
  go_home();
  auto away = second();
  away.lifetime = 0;
  away.handoff = HI::Unknown;
  away.prefixes = {kSecondSet};
  accepted(away);
  for (const auto& path : all<InstallSession>())
    EXPECT_THAT(path.prefixes, IsEmpty()) << "from there comes nothing";
  pass(500ms);
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(RestingPrefixTest, ARestartGivesItAnotherGrace) {
  apply({rest});
  grant(kMag2);
  go_home();
  keep();
  restart();
  EXPECT_THAT(told(), IsEmpty());
  pass(500ms);
  EXPECT_EQ(notification_to(kMag2).reason, Reason::ForceReregistration);
}

/// RFC 7864 section 3.1, the hybrid: two interfaces share a set, and a third has its own.
class HybridTest : public FlowWishesTest {
 protected:
  void SetUp() override {
    FlowWishesTest::SetUp();
    Pbu shares;
    shares.source = kMag3;
    shares.technology = ATT::Utran;
    shares.link_layer_id = Bytes{3};
    shares.handoff = HI::NewInterfaceSharingPrefixes;
    shares.prefixes = {kOwn};
    ASSERT_THAT(prefixes_in(accepted(shares)), ElementsAre(kOwn));
    clear();
  }
};

TEST_F(HybridTest, WithinTheSetByRepointingAndToTheOtherByAsking) {
  begin_move("voice", "mag3");
  EXPECT_EQ(code(), "done");
  EXPECT_EQ(mag_of("voice"), "mag3");
  EXPECT_THAT(all<SendMessage>(), IsEmpty()) << "no signalling";
  begin_move("voice", "mag2");
  EXPECT_EQ(mag_of("voice"), "mag3");
  EXPECT_THAT(off_link_in(notification_to(kMag2).options), ElementsAre(kOwn));
  grant(kMag2);
  EXPECT_EQ(code(), "done");
  EXPECT_EQ(mag_of("voice"), "mag2");
}

TEST_F(HybridTest, ARuleMayNameGatewaysOfBoth) {
  apply({web_by({kByMag2, {"mag3", {}}, kByMag1})});
  EXPECT_EQ(way_of("web", kOwn), "mag3") << "until the best has said 0";
  grant(kMag2);
  EXPECT_EQ(way_of("web", kOwn), "mag2");
}

TEST_F(HybridTest, WhatShareItsPrefixesComesFirstWhenALinkIsLost) {
  lose_first();
  EXPECT_EQ(mag_of("voice"), "mag3");
  EXPECT_THAT(sent<Fmi>(), IsEmpty());
}

}  // namespace
}  // namespace flowmob::core
