// SPDX-License-Identifier: Apache-2.0
#include "core/lma/anchor_fixture_for_test.h"

/// RFC 5213 section 5.4: interfaces with prefixes of their own, each a mobility session of its own.
namespace flowmob::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Ipv6Prefix kPool0 = prefix("2001:db8:100::/64"), kPool1 = prefix("2001:db8:100:1::/64");

LmaConfig not_sharing() {
  auto c = test_config();
  c.share_prefixes = false;
  return c;
}

class MultihomingTest : public AnchorFixture {
 protected:
  MultihomingTest() : AnchorFixture(not_sharing()) {}

  Pbu of(const char* mn, Pbu p) const {
    p.mn = mn;
    return p;
  }
  Json session_with(const Ipv6Prefix& hnp) {
    for (const auto& row : show("sessions"))
      if (row["prefixes"] == Json::array({hnp.to_string()})) return row;
    return {};
  }
};

TEST_F(MultihomingTest, EachInterfaceHasASessionWithPrefixesOfItsOwn) {
  EXPECT_THAT(prefixes_in(accepted(of("mn2", first()))), ElementsAre(kPool0));
  EXPECT_THAT(prefixes_in(accepted(of("mn2", second()))), ElementsAre(kPool1));
  EXPECT_THAT(rows(), ElementsAre("ensure-tunnel", "install-session", "install-flow", "install-node",
                                  "ensure-route", "persist-node"));
  EXPECT_EQ(show("sessions").size(), 2U);
  EXPECT_EQ(session_with(kPool0)["mag"], "mag1");
  EXPECT_EQ(session_with(kPool1)["mag"], "mag2");
}

TEST_F(MultihomingTest, TheFirstInterfaceHasTheNodesOwnPrefixesAFurtherOneAPrefixFromThePools) {
  EXPECT_THAT(prefixes_in(accepted(first())), ElementsAre(kOwn));
  EXPECT_THAT(prefixes_in(accepted(second())), ElementsAre(kPool0));
  Pbu again = second();
  again.handoff = HI::NoChange;
  again.prefixes = {kPool0};
  EXPECT_THAT(prefixes_in(accepted(again)), ElementsAre(kPool0));
}

TEST_F(MultihomingTest, TwoInterfacesAtOneMagDoNotMeet) {
  accepted(first());
  Pbu two = second();
  two.source = kMag1;
  accepted(two);
  const auto nodes = all<InstallNode>();
  ASSERT_EQ(nodes.size(), 1U);
  EXPECT_THAT(nodes[0].prefixes, ElementsAre(kPool0));
  EXPECT_EQ(all<InstallSession>().at(0).node, nodes[0].node);
  EXPECT_THAT(all<EnsureTunnel>(), IsEmpty());
  auto away = leave(two);
  away.prefixes = {kPool0};
  accepted(away);
  EXPECT_THAT(all<RemoveTunnel>(), IsEmpty());
  EXPECT_EQ(session_with(kOwn)["state"], "active");
  EXPECT_EQ(session_with(kPool0)["state"], "delete-wait");
}

TEST_F(MultihomingTest, EachSessionHasALifetimeOfItsOwn) {
  accepted(first());
  Pbu two = second();
  two.lifetime = 150;
  accepted(two);
  advance(301s);
  timeout();
  EXPECT_THAT(events(), ElementsAre("binding-expired"));
  EXPECT_THAT(all<RemoveRoute>().at(0).prefix, kOwn);
  EXPECT_EQ(show("sessions").size(), 1U);
  EXPECT_EQ(show("sessions")[0]["mag"], "mag2");
  EXPECT_THAT(prefixes_in(accepted(first())), ElementsAre(kOwn)) << "it is free again";
}

TEST_F(MultihomingTest, AHandoffTakesTheSessionsPrefixesAndTouchesNoOther) {
  accepted(first());
  accepted(second());
  Pbu moved = first();
  moved.source = kMag2;
  moved.handoff = HI::HandoffBetweenMags;
  EXPECT_THAT(prefixes_in(accepted(moved)), ElementsAre(kOwn));
  EXPECT_EQ(session_with(kOwn)["mag"], "mag2");
  EXPECT_EQ(session_with(kPool0)["mag"], "mag2");
}

TEST_F(MultihomingTest, AHandoffBetweenInterfacesTakesTheOnlySessionAlong) {
  accepted(first());
  Pbu other = second();
  other.handoff = HI::HandoffBetweenInterfaces;
  EXPECT_THAT(prefixes_in(accepted(other)), ElementsAre(kOwn));
  EXPECT_EQ(show("sessions").size(), 1U);
  EXPECT_EQ(session_with(kOwn)["link_layer_id"], to_hex(kIf2));
}

TEST_F(MultihomingTest, TheSetsOfTwoSessionsAreNoSet159) {
  accepted(first());
  accepted(second());
  Pbu both = first();
  both.prefixes = {kOwn, kPool0};
  EXPECT_EQ(status(both), Status::BcePbuPrefixSetDoNotMatch);
}

TEST_F(MultihomingTest, ASessionsPrefixIsNoOthers155UnlessItAsksToShare) {
  accepted(first());
  Pbu p = second();
  p.prefixes = {kOwn};
  EXPECT_EQ(status(p), Status::NotAuthorizedForHomeNetworkPrefix);
  p.handoff = HI::NewInterfaceSharingPrefixes;
  EXPECT_THAT(prefixes_in(accepted(p)), ElementsAre(kOwn));
  EXPECT_EQ(show("sessions").size(), 2U);
}

TEST_F(MultihomingTest, WhoAsksToShareWithoutAPrefixSharesTheOnlySet) {
  accepted(first());
  Pbu p = second();
  p.handoff = HI::NewInterfaceSharingPrefixes;
  EXPECT_THAT(prefixes_in(accepted(p)), ElementsAre(kOwn));
  Pbu third = second();
  third.link_layer_id = Bytes{3};
  EXPECT_THAT(prefixes_in(accepted(third)), ElementsAre(kPool0));
  Pbu fourth = p;
  fourth.link_layer_id = Bytes{4};
  EXPECT_THAT(prefixes_in(accepted(fourth)), ElementsAre(kPool1)) << "which of two sets nobody says";
}

TEST_F(MultihomingTest, AFlowMovesAmongSessionsThatShareItsPrefixes) {
  Pbu one = first();
  one.service = "video";
  accepted(one);
  Pbu two = second();
  two.service = "video";
  accepted(two);
  EXPECT_EQ(show("flows").size(), 4U);
  const auto move = [&](const char* to) {
    return lma->handle_command(now, "flow move", {{"flow", "video"}, {"to", to}, {"mn", "mn1"}});
  };
  const auto there = move("mag2");
  ASSERT_TRUE(there) << there.error().message;
  EXPECT_EQ((*there)["changed"], false);
  Pbu shares = second();
  shares.link_layer_id = Bytes{3};
  shares.handoff = HI::NewInterfaceSharingPrefixes;
  shares.prefixes = {kOwn};
  accepted(shares);
  EXPECT_EQ(move("mag2").error().code, "ambiguous-flow");
  EXPECT_EQ((*move("mag1"))["changed"], false);
}

TEST_F(MultihomingTest, OnlySoManyInterfacesAreOfOneNode130) {
  auto c = not_sharing();
  c.pools = {prefix("2001:db8:200::/56")};
  ASSERT_TRUE(lma->reconfigure(now, c));
  Pbu p = first();
  for (std::uint8_t i = 0; i < 16; ++i) {
    p.link_layer_id = Bytes{i, 1};
    accepted(p);
  }
  p.link_layer_id = Bytes{99};
  EXPECT_EQ(status(p), Status::InsufficientResources);
}

TEST_F(MultihomingTest, AllSetsAreKeptAcrossARestart) {
  std::vector<NodeRecord> records;
  for (const auto& p : {first(), second()}) {
    accepted(p);
    records.push_back(all<PersistNode>().back().record);
  }
  EXPECT_NE(records[0].index, records[1].index);
  lma = std::make_unique<LocalMobilityAnchor>(not_sharing());
  clear();
  lma->restore(now, records);
  drain();
  EXPECT_THAT(events(), IsEmpty());
  EXPECT_EQ(session_with(kOwn)["mag"], "mag1");
  EXPECT_EQ(session_with(kPool0)["mag"], "mag2");
  auto away = leave(second());
  away.prefixes = {kPool0};
  accepted(away);
  advance(10s);
  timeout();
  ASSERT_EQ(all<ForgetNode>().size(), 1U);
  EXPECT_EQ(all<ForgetNode>()[0].node, records[1].index);
  EXPECT_EQ(show("sessions").size(), 1U);
}

TEST_F(MultihomingTest, WhatFollowsWaitsForTheChangeOfAnotherSet) {
  accepted(first());
  answering = false;
  send(second());
  clear();
  Pbu again = first();
  again.handoff = HI::NoChange;
  again.prefixes = {kOwn};
  send(again);
  EXPECT_THAT(all<SendMessage>(), IsEmpty());
  answer_all();
  EXPECT_EQ(all<SendMessage>().size(), 2U);
}

}  // namespace
}  // namespace flowmob::core
