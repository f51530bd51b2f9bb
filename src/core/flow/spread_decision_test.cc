// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "core/flow/flow_decider.h"

/// Which links take part in a flow of copies or shares.
namespace flowmob::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using ATT = wire::AccessTechnology;

constexpr SessionId kWlanLink{1}, kLteLink{2}, kWireLink{3};

class SpreadDecision : public testing::Test {
 protected:
  LinkState wifi{kWlanLink, "wifi", {}, ATT::Wlan}, lte{kLteLink, "lte", {}, ATT::Eutran},
      wire{kWireLink, "wire", {}, ATT::Ethernet};
  FlowRule rule;
  FlowBinding flow;

  SpreadDecision() {
    rule.name = "voice";
    rule.prefer = {{"", ATT::Wlan}, {"lte", {}}};
    flow.flow = FlowTemplate{"voice", 1, {}};
  }
  Decision decision() {
    flow.rule = rule;
    const std::vector<LinkState> links{wifi, lte, wire};
    return decide(flow, {links});
  }
  std::vector<SessionId> taken() {
    std::vector<SessionId> sessions;
    for (const auto& link : decision().spread.links) sessions.push_back(link.session);
    return sessions;
  }
  void copy() { rule.spread = SpreadKind::Copies; }
  void share(std::vector<std::uint16_t> shares) {
    rule.spread = SpreadKind::Shares;
    rule.shares = std::move(shares);
  }
};

TEST_F(SpreadDecision, AnOrdinaryRuleTakesOneLink) { EXPECT_EQ(decision().spread, Spread{}); }

TEST_F(SpreadDecision, CopiesGoByAllThatAreListed) {
  copy();
  EXPECT_THAT(taken(), ElementsAre(kWlanLink, kLteLink));
  EXPECT_EQ(decision().spread.kind, SpreadKind::Copies);
  EXPECT_EQ(decision().session, kWlanLink);
}

TEST_F(SpreadDecision, CopiesGoAlsoWhereTheyMayNotArriveYet) {
  copy();
  wifi.is_opening = true;
  EXPECT_THAT(taken(), ElementsAre(kLteLink, kWlanLink));
}

TEST_F(SpreadDecision, OneCopyIsLeftWhenOneLinkIs) {
  copy();
  wifi.is_live = false;
  EXPECT_THAT(taken(), ElementsAre(kLteLink));
  EXPECT_EQ(decision().spread.kind, SpreadKind::Copies) << "what comes twice all the same is told";
}

TEST_F(SpreadDecision, AnUnlistedLinkCarriesItAloneWhenNoOtherCan) {
  copy();
  wifi.is_live = lte.is_registered = false;
  EXPECT_THAT(taken(), ElementsAre(kWireLink));
  rule.others = false;
  EXPECT_EQ(decision().spread, Spread{});
  EXPECT_FALSE(decision().session);
}

TEST_F(SpreadDecision, ACommandMakesItOne) {
  copy();
  flow.is_pinned = true;
  flow.wanted = kWireLink;
  EXPECT_THAT(taken(), ElementsAre(kWireLink));
  share({1, 1});
  EXPECT_EQ(decision().spread, Spread{});
}

TEST_F(SpreadDecision, AtMostFour) {
  copy();
  rule.prefer = {{"", ATT::Wlan}};
  const std::vector<LinkState> links{{SessionId{9}, "w", {}, ATT::Wlan},
                                     {SessionId{8}, "w", {}, ATT::Wlan},
                                     {SessionId{7}, "w", {}, ATT::Wlan},
                                     {SessionId{6}, "w", {}, ATT::Wlan},
                                     {SessionId{5}, "w", {}, ATT::Wlan}};
  flow.rule = rule;
  EXPECT_EQ(decide(flow, {links}).spread.links.size(), Spread::kMostLinks);
}

TEST_F(SpreadDecision, SharesHaveTheirWeights) {
  share({3, 1});
  EXPECT_THAT(decision().spread.links, ElementsAre(SpreadLink{kWlanLink, 3}, SpreadLink{kLteLink, 1}));
}

TEST_F(SpreadDecision, ALinkWithoutAShareOrThatIsNotWellKeepsWhatItHas) {
  share({0, 1});
  EXPECT_THAT(decision().spread.links, ElementsAre(SpreadLink{kWlanLink, 0}, SpreadLink{kLteLink, 1}));
}

/// It may not deliver: what was there before its session went on by another gateway goes elsewhere.
TEST_F(SpreadDecision, ALinkThatOpensHasNoShare) {
  share({1, 1});
  lte.is_opening = true;
  EXPECT_THAT(decision().spread.links, ElementsAre(SpreadLink{kWlanLink, 1}));
  flow.current = kWlanLink;
  const std::vector<LinkState> links{{kWlanLink, "wifi", {}, ATT::Wlan, true, true, true}, lte};
  flow.rule = rule;
  EXPECT_THAT(decide(flow, {links, nullptr, {}, kWlanLink, {}}).spread.links, testing::SizeIs(1));
}

TEST_F(SpreadDecision, ALinkThatIsHeldDownGetsItsShareBackInTime) {
  share({1, 1});
  flow.current = kWlanLink;
  flow.seen = {{kLteLink, true, true, TimePoint{std::chrono::seconds(100)}}};
  flow.rule = rule;
  const std::vector<LinkState> links{wifi, lte};
  const auto held = decide(flow, {links, nullptr, TimePoint{std::chrono::seconds(105)}, {}, {}});
  EXPECT_THAT(held.spread.links, ElementsAre(SpreadLink{kWlanLink, 1}, SpreadLink{kLteLink, 0}));
  EXPECT_EQ(held.revisit, TimePoint{std::chrono::seconds(110)});
  const auto later = decide(flow, {links, nullptr, TimePoint{std::chrono::seconds(110)}, {}, {}});
  EXPECT_THAT(later.spread.links, ElementsAre(SpreadLink{kWlanLink, 1}, SpreadLink{kLteLink, 1}));
}

TEST_F(SpreadDecision, OfTwoLinksWithOneGatewayOneTakesCopies) {
  copy();
  wifi.mag_address = lte.mag_address = Ipv6Address::parse("2001:db8:a::1").value();
  EXPECT_THAT(taken(), ElementsAre(kWlanLink));
}

class AnnouncedCopies : public testing::Test {
 protected:
  std::vector<LinkState> links{{kWlanLink, "wifi"}, {kLteLink, "lte"}, {kWireLink, "wire"}};
  FlowBinding flow;

  AnnouncedCopies() {
    for (std::uint16_t id = 1; auto& link : links) link.binding_id = id++;
    flow.flow = FlowTemplate{"web", 1, {}};
    flow.announced = Announced{kLteLink, 1, {2, 3}, 1};
  }
  std::vector<SessionId> taken(SeveralBindings several = SeveralBindings::Copies) {
    std::vector<SessionId> sessions;
    const auto decision = decide(flow, {links, nullptr, {}, {}, {}, several});
    for (const auto& link : decision.spread.links) sessions.push_back(link.session);
    if (!sessions.empty()) {
      EXPECT_EQ(sessions.front(), decision.session);
    }
    return sessions;
  }
};

TEST_F(AnnouncedCopies, GoByAllThatAreReferredTo) {
  EXPECT_THAT(taken(), ElementsAre(kLteLink, kWireLink));
  EXPECT_THAT(taken(SeveralBindings::First), IsEmpty());
  flow.announced->binding_ids = {2};
  EXPECT_THAT(taken(), IsEmpty()) << "one is no copy";
}

TEST_F(AnnouncedCopies, GoByThoseThatAreThere) {
  links[1].is_live = false;
  EXPECT_THAT(taken(), ElementsAre(kWireLink));
  links[2].is_registered = links[2].is_live = false;
  EXPECT_THAT(taken(), IsEmpty()) << "it is not matched";
}

TEST_F(AnnouncedCopies, GoAlsoWhereTheyMayNotArriveYet) {
  links[1].is_opening = true;
  EXPECT_THAT(taken(), ElementsAre(kWireLink, kLteLink));
}

TEST_F(AnnouncedCopies, OfTwoLinksWithOneGatewayOneTakesThem) {
  links[1].mag_address = links[2].mag_address = Ipv6Address::parse("2001:db8:a::1").value();
  EXPECT_THAT(taken(), ElementsAre(kLteLink));
}

TEST_F(SpreadDecision, WithoutAnyLinkThatSharesItGoesByOne) {
  share({1, 1});
  wifi.is_live = lte.is_live = false;
  EXPECT_EQ(decision().spread, Spread{});
  EXPECT_EQ(decision().session, kWireLink);
}

}  // namespace
}  // namespace flowmob::core
