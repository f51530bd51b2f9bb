// SPDX-License-Identifier: Apache-2.0
#include "core/lma/session_lookup.h"

#include "core/lma/anchor_fixture_for_test.h"

namespace flowmob::core {
namespace {

using Kind = LookupResult::Kind;

/// A cache with one node "mn1" and the sessions a test gives it.
class SessionLookupTest : public testing::Test {
 protected:
  MobileNode node;
  BindingCache cache;
  Ipv6Address source = kMag1;
  HI handoff = HI::Unknown;
  ATT technology = ATT::Wlan;
  Bytes link_layer_id;
  std::vector<Ipv6Prefix> prefixes;
  std::string mn = "mn1";

  Session& add(std::uint32_t id, Ipv6Address mag, ATT att, Bytes ll) {
    Session s;
    s.id = SessionId{id};
    s.mag = mag;
    s.technology = att;
    s.link_layer_id = std::move(ll);
    node.sessions.push_back(s);
    return node.sessions.back();
  }
  LookupResult find() {
    node.mn_id = "mn1";
    node.index = NodeIndex{1};
    node.prefixes = {kOwn};
    node.flows = FlowTable::with_default(FlowIndex{1});
    cache.put(node);
    wire::ProxyBindingUpdate u;
    u.options = {wire::MobileNodeIdentifier{1, to_bytes(mn)}, wire::HandoffIndicatorOption{handoff},
                 wire::AccessTechnologyTypeOption{technology}};
    for (const auto& p : prefixes) u.options.push_back(wire::HomeNetworkPrefixOption::of(p));
    if (prefixes.empty()) u.options.push_back(wire::HomeNetworkPrefixOption{});
    if (!link_layer_id.empty()) u.options.push_back(wire::MnLinkLayerIdentifier{link_layer_id});
    return look_up(cache, PbuRequest({source, kLma, {}, {}, 64}, u));
  }
  void expect_update(std::uint32_t id) {
    const auto found = find();
    EXPECT_EQ(found.kind, Kind::Update);
    EXPECT_EQ(found.session, SessionId{id});
  }
  void expect(Kind kind) { EXPECT_EQ(find().kind, kind); }
};

class ByPrefix : public SessionLookupTest {
 protected:
  ByPrefix() { prefixes = {kOwn}; }
};

TEST_F(ByPrefix, NobodysPrefixIsANewSession) {
  prefixes = {prefix("2001:db8:5::/64")};
  expect(Kind::New);
}

TEST_F(ByPrefix, AnotherNodesPrefixIs155AndAnotherSet159) {
  add(1, kMag1, ATT::Wlan, kIf1);
  mn = "mn2";
  EXPECT_EQ(find().status, Status::NotAuthorizedForHomeNetworkPrefix);
  mn = "mn1";
  prefixes.push_back(prefix("2001:db8:5::/64"));
  EXPECT_EQ(find().status, Status::BcePbuPrefixSetDoNotMatch);
}

TEST_F(ByPrefix, SomebodyElsesPrefixCountsBeforeASetThatDoesNotFit) {
  MobileNode other;
  other.mn_id = "mn2";
  other.index = NodeIndex{2};
  other.prefixes = {prefix("2001:db8:5::/64")};
  cache.put(other);
  add(1, kMag1, ATT::Wlan, kIf1);
  prefixes.push_back(other.prefixes[0]);
  EXPECT_EQ(find().status, Status::NotAuthorizedForHomeNetworkPrefix);
}

TEST_F(ByPrefix, AllElseIsNew) {
  add(1, kMag1, ATT::Wlan, kIf1);
  link_layer_id = kIf2;
  technology = ATT::Wimax;
  for (const auto hi : {HI::NewInterface, HI::HandoffBetweenMags, HI::Unknown, HI::NoChange,
                        HI::NewInterfaceSharingPrefixes}) {
    handoff = hi;
    expect(Kind::New);
  }
}

TEST_F(ByPrefix, TheSameInterfaceCountsBeforeTheSameLink) {
  add(1, kMag1, ATT::Wlan, kIf1);
  add(2, kMag1, ATT::Wlan, kIf2);
  link_layer_id = kIf2;
  expect_update(2);
}

TEST_F(ByPrefix, TheSameLinkIsEnough) {
  add(1, kMag2, ATT::Wlan, kIf1);
  add(2, kMag1, ATT::Wlan, kIf2);
  expect_update(2);
  technology = ATT::Wimax;
  expect(Kind::New);
}

TEST_F(ByPrefix, AHandoffBetweenInterfacesTakesTheOnlySessionOrTheOneThatWaits) {
  handoff = HI::HandoffBetweenInterfaces;
  link_layer_id = Bytes{9};
  source = kStranger;
  add(1, kMag1, ATT::Wlan, kIf1);
  expect_update(1);
  add(2, kMag2, ATT::Wimax, kIf2);
  EXPECT_EQ(find().kind, Kind::Reject);
  node.sessions[1].in_delete_wait = true;
  expect_update(2);
}

TEST_F(ByPrefix, AnInterfaceWithoutIdentifierIsHandedOffBetweenMags) {
  handoff = HI::HandoffBetweenMags;
  source = kMag2;
  add(1, kMag1, ATT::Wlan, {});
  expect_update(1);
  add(2, kMag1, ATT::Wlan, {}).in_delete_wait = true;
  expect_update(2);
  handoff = HI::NoChange;
  expect(Kind::New);
}

TEST_F(ByPrefix, AnInterfaceThatSharesIsNewUnlessItIsKnown) {
  handoff = HI::NewInterfaceSharingPrefixes;
  add(1, kMag1, ATT::Wlan, kIf1);
  link_layer_id = kIf2;
  expect(Kind::New);
  link_layer_id = kIf1;
  expect_update(1);
  link_layer_id = {};
  expect(Kind::New);
  node.sessions[0].link_layer_id = {};
  node.sessions[0].handoff = HI::NewInterfaceSharingPrefixes;
  expect_update(1);  // a retransmission
}

class ByLinkLayer : public SessionLookupTest {
 protected:
  ByLinkLayer() { link_layer_id = kIf1; }
};

TEST_F(ByLinkLayer, AKnownInterfaceIsUpdatedWhateverTheIndicator) {
  add(1, kMag2, ATT::Wlan, kIf1);
  add(2, kMag2, ATT::Wimax, kIf1);
  for (int hi = 1; hi <= 6; ++hi) {
    handoff = static_cast<HI>(hi);
    expect_update(1);
  }
}

TEST_F(ByLinkLayer, AHandoffBetweenInterfaces) {
  handoff = HI::HandoffBetweenInterfaces;
  add(1, kMag2, ATT::Wimax, kIf2);
  expect_update(1);
  add(2, kMag2, ATT::Ethernet, Bytes{7});
  expect(Kind::New);
  node.sessions[0].in_delete_wait = true;
  expect_update(1);
}

TEST_F(ByLinkLayer, AnUnknownHandoffIsHeldOverTheOnlySession) {
  add(1, kMag2, ATT::Wimax, kIf2);
  expect(Kind::Hold);
  node.sessions[0].in_delete_wait = true;
  expect_update(1);
  add(2, kMag2, ATT::Ethernet, Bytes{7});
  expect(Kind::New);
}

TEST_F(ByLinkLayer, AllElseIsNew) {
  add(1, kMag2, ATT::Wimax, kIf2);
  for (const auto hi : {HI::NewInterface, HI::HandoffBetweenMags, HI::NoChange}) {
    handoff = hi;
    expect(Kind::New);
  }
}

using ByIdentifier = SessionLookupTest;

TEST_F(ByIdentifier, AHandoffTakesTheOnlySession) {
  add(1, kMag2, ATT::Wimax, kIf2);
  for (const auto hi : {HI::HandoffBetweenInterfaces, HI::HandoffBetweenMags}) {
    handoff = hi;
    expect_update(1);
  }
  handoff = HI::Unknown;
  expect(Kind::Hold);
  for (const auto hi : {HI::NewInterface, HI::NoChange}) {
    handoff = hi;
    expect(Kind::New);
  }
}

TEST_F(ByIdentifier, SeveralSessionsMakeItNew) {
  add(1, kMag2, ATT::Wimax, kIf2);
  add(2, kMag2, ATT::Ethernet, kIf1);
  for (const auto hi : {HI::HandoffBetweenInterfaces, HI::HandoffBetweenMags, HI::Unknown}) {
    handoff = hi;
    expect(Kind::New);
  }
}

TEST_F(ByIdentifier, ARetransmissionIsNoSecondInterface) {
  add(1, kMag1, ATT::Wlan, {}).handoff = HI::NewInterface;
  handoff = HI::NewInterface;
  expect_update(1);
  node.sessions[0].handoff = HI::NoChange;  // its MAG has had the answer
  expect(Kind::New);
  node.sessions[0].handoff = HI::NewInterface;
  technology = ATT::Wimax;
  expect(Kind::New);
}

TEST_F(ByIdentifier, AnAllZeroLinkLayerIdentifierIsNone) {
  add(1, kMag1, ATT::Wlan, {}).handoff = HI::NewInterface;
  handoff = HI::NewInterface;
  link_layer_id = Bytes(6);
  expect_update(1);
}

/// A node whose interfaces have prefixes of their own has several binding cache entries.
class AmongSets : public SessionLookupTest {
 protected:
  AmongSets() {
    MobileNode other;
    other.mn_id = "mn1";
    other.index = NodeIndex{2};
    other.prefixes = {prefix("2001:db8:5::/64")};
    other.sessions.emplace_back().id = SessionId{20};
    other.sessions[0].mag = kMag2;
    other.sessions[0].technology = ATT::Wimax;
    other.sessions[0].link_layer_id = kIf2;
    cache.put(other);
    add(1, kMag1, ATT::Wlan, kIf1);
  }
};

TEST_F(AmongSets, AnInterfaceIsFoundInEachOfThem) {
  link_layer_id = kIf2;
  technology = ATT::Wimax;
  expect_update(20);
  EXPECT_EQ(find().node, NodeIndex{2});
  prefixes = {prefix("2001:db8:5::/64")};
  expect_update(20);
  prefixes = {kOwn};
  expect(Kind::New);
}

TEST_F(AmongSets, SeveralEntriesMakeItNew) {
  link_layer_id = Bytes{9};
  for (const auto hi : {HI::HandoffBetweenInterfaces, HI::HandoffBetweenMags, HI::Unknown}) {
    handoff = hi;
    expect(Kind::New);
    link_layer_id = {};
    expect(Kind::New);
    link_layer_id = Bytes{9};
  }
  node.sessions[0].in_delete_wait = true;
  handoff = HI::HandoffBetweenInterfaces;
  expect(Kind::New);
}

}  // namespace
}  // namespace flowmob::core
