// SPDX-License-Identifier: Apache-2.0
#include "core/lma/anchor_fixture_for_test.h"

namespace flowmob::core {
namespace {

class AcknowledgementTest : public AnchorFixture {};

TEST_F(AcknowledgementTest, EchoesWhatWasAsked) {
  Pbu p = first();
  p.sequence = 77;
  const auto pba = accepted(p);
  EXPECT_TRUE(pba.proxy);
  EXPECT_EQ(pba.sequence, 77);
  EXPECT_EQ(wire::find<wire::HandoffIndicatorOption>(pba.options)->indicator, HI::NewInterface);
  EXPECT_EQ(wire::find<wire::AccessTechnologyTypeOption>(pba.options)->type, ATT::Wlan);
  EXPECT_EQ(wire::find<wire::MnLinkLayerIdentifier>(pba.options)->identifier, kIf1);
  EXPECT_EQ(wire::find<wire::TimestampOption>(pba.options)->value,
            wire::TimestampOption::from_wall(now.wall).value);
  EXPECT_FALSE(wire::find<wire::LinkLocalAddressOption>(pba.options));
}

TEST_F(AcknowledgementTest, EveryAcceptedUpdateEchoesItsRequest) {
  Pbu moved = first(), again = first();
  moved.source = kMag2;
  moved.handoff = HI::HandoffBetweenMags;
  again.handoff = HI::NoChange;
  again.prefixes = {kOwn};
  for (const Pbu& p : {first(), again, moved, first(), leave(first())}) {
    const auto pba = accepted(p);
    EXPECT_TRUE(pba.proxy);
    EXPECT_EQ(pba.sequence, sequence);
    EXPECT_EQ(pba.lifetime, p.lifetime);
    EXPECT_EQ(wire::find<wire::MobileNodeIdentifier>(pba.options)->identifier, to_bytes(*p.mn));
    EXPECT_EQ(prefixes_in(pba), std::vector{kOwn});
    EXPECT_EQ(wire::find<wire::HandoffIndicatorOption>(pba.options)->indicator, p.handoff);
    EXPECT_EQ(wire::find<wire::AccessTechnologyTypeOption>(pba.options)->type, p.technology);
    EXPECT_EQ(wire::find<wire::MnLinkLayerIdentifier>(pba.options)->identifier, p.link_layer_id);
    EXPECT_EQ(all<SendMessage>().back().destination, p.source);
  }
}

TEST_F(AcknowledgementTest, ARefusalEchoesTheRequest) {
  Pbu p = first();
  p.service = "gold";
  p.prefixes = {kOwn, prefix("2001:db8:9999::/64")};
  p.sequence = 4711;
  p.more = {wire::LinkLocalAddressOption{address("fe80::77")}};
  const auto pba = ask(p);
  ASSERT_TRUE(pba);
  EXPECT_EQ(pba->status, Status::ServiceAuthorizationFailed);
  EXPECT_TRUE(pba->proxy);
  EXPECT_EQ(pba->sequence, 4711);
  EXPECT_EQ(pba->lifetime, 0);
  EXPECT_EQ(wire::find<wire::MobileNodeIdentifier>(pba->options)->identifier, to_bytes("mn1"));
  EXPECT_EQ(prefixes_in(*pba), p.prefixes);
  EXPECT_EQ(wire::find<wire::HandoffIndicatorOption>(pba->options)->indicator, p.handoff);
  EXPECT_EQ(wire::find<wire::AccessTechnologyTypeOption>(pba->options)->type, p.technology);
  EXPECT_EQ(wire::find<wire::MnLinkLayerIdentifier>(pba->options)->identifier, p.link_layer_id);
  EXPECT_EQ(wire::find<wire::LinkLocalAddressOption>(pba->options)->address, address("fe80::77"));
  EXPECT_EQ(wire::find<wire::TimestampOption>(pba->options)->value,
            wire::TimestampOption::from_wall(now.wall).value);
}

TEST_F(AcknowledgementTest, HasOnlyTheOptionsThatWereAskedFor) {
  Pbu p = first();
  p.link_layer_id = std::nullopt;
  p.stamped = false;
  const auto pba = accepted(p);
  EXPECT_FALSE(wire::find<wire::MnLinkLayerIdentifier>(pba.options));
  EXPECT_FALSE(wire::find<wire::TimestampOption>(pba.options));
}

TEST_F(AcknowledgementTest, GrantsNoMoreThanTheMaximum) {
  Pbu p = first();
  p.lifetime = 0xffff;
  EXPECT_EQ(accepted(p).lifetime, 900);
  EXPECT_EQ(show("sessions")[0]["lifetime_seconds"], 3600);
}

TEST_F(AcknowledgementTest, TellsTheLinkLocalAddressAndKeepsTheOneItIsTold) {
  const auto link_local = [](const wire::ProxyBindingAcknowledgement& pba) {
    return wire::find<wire::LinkLocalAddressOption>(pba.options)->address;
  };
  Pbu p = first();
  p.more = {wire::LinkLocalAddressOption{}};
  EXPECT_EQ(link_local(accepted(p)), address("fe80::200:5eff:fe00:5213"));
  p.more = {wire::LinkLocalAddressOption{address("fe80::7")}};
  EXPECT_EQ(link_local(accepted(p)), address("fe80::7"));
  p.more = {wire::LinkLocalAddressOption{}};
  EXPECT_EQ(link_local(accepted(p)), address("fe80::7"));
}

TEST_F(AcknowledgementTest, ALinkLocalAddressIsItsSessionsAlone) {
  Pbu one = first(), two = second();
  one.more = {wire::LinkLocalAddressOption{address("fe80::7")}};
  two.more = {wire::LinkLocalAddressOption{}};
  const auto link_local = [&](const Pbu& p) {
    return wire::find<wire::LinkLocalAddressOption>(accepted(p).options)->address;
  };
  EXPECT_EQ(link_local(one), address("fe80::7"));
  EXPECT_EQ(link_local(two), address("fe80::200:5eff:fe00:5213"));
  auto away = leave(first());
  away.more = {wire::LinkLocalAddressOption{}};
  EXPECT_EQ(link_local(away), address("fe80::7"));
  away = leave(second());
  away.more = {wire::LinkLocalAddressOption{address("fe80::8")}};
  EXPECT_EQ(link_local(away), address("fe80::8"));
  two.more = {wire::LinkLocalAddressOption{}};
  EXPECT_EQ(link_local(two), address("fe80::8"));
}

TEST_F(AcknowledgementTest, RefusesFlowsOfAMag) {
  Pbu p = first();
  p.more = {wire::FlowIdentification{5, 1, 0, {}}, wire::FlowIdentification{6, 2, 0, {}}};
  const auto flows = wire::find_all<wire::FlowIdentification>(accepted(p).options);
  ASSERT_EQ(flows.size(), 2U);
  EXPECT_EQ(flows[0].flow_id, 5);
  EXPECT_EQ(flows[0].status, 128);
  EXPECT_EQ(flows[1].status, 128);
  EXPECT_EQ(show("flows").size(), 1U);
}

TEST_F(AcknowledgementTest, GivesAllOfANodesPrefixes) {
  auto c = test_config();
  c.mobile_nodes[0].prefixes = {prefix("2001:db8:1001::/64"), kOwn};
  ASSERT_TRUE(lma->reconfigure(now, c));
  EXPECT_THAT(prefixes_in(accepted(first())), testing::ElementsAre(kOwn, prefix("2001:db8:1001::/64")));
  EXPECT_EQ(all<EnsureRoute>().size(), 2U);
}

TEST_F(AcknowledgementTest, APrefixFromThePoolMayBeAskedForAgain) {
  Pbu p = first();
  p.mn = "mn2";
  p.handoff = HI::NoChange;
  p.prefixes = {prefix("2001:db8:100:2::/64")};
  EXPECT_THAT(prefixes_in(accepted(p)), testing::ElementsAre(p.prefixes[0]));
}

}  // namespace
}  // namespace flowmob::core
