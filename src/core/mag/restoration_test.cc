// SPDX-License-Identifier: Apache-2.0
#include "core/mag/mag_fixture.h"

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace flowmob::core {
namespace {

using wire::HandoffIndicator;

class Restoration : public MagFixture {
 protected:
  AttachmentRecord record(std::uint32_t id, const MacAddress& node) const {
    return {SessionId{id},  node == kSecondNode ? "mn2@example.com" : "mn1@example.com",
            "wlan",         wire::AccessTechnology::Wlan,
            node,           kNodeAddress,
            {"video"},      1,
            {kHomePrefix},  static_cast<std::uint16_t>(100 + id),
            now.wall + 200s};
  }
  void restore(std::vector<AttachmentRecord> records_of_predecessor) {
    gateway->restore(now, std::move(records_of_predecessor));
    drain();
  }
};

TEST_F(Restoration, RowsComeFirstThenEachNodeRegistersAgain) {
  answer_installs = false;
  restore({record(7, kNode), record(9, kSecondNode)});
  EXPECT_THAT(order, ElementsAre("ensure-tunnel", "install-host", "install-host", "message", "message"));
  EXPECT_EQ(hosts[0], (InstallHost{SessionId{7}, kWlan, kNode, kRouterMac, {kHomePrefix}, kMag, kLma, 1460}));
  EXPECT_EQ(option<wire::HandoffIndicatorOption>(updates[0]).indicator, HandoffIndicator::NoChange);
  EXPECT_EQ(option<wire::HomeNetworkPrefixOption>(updates[0]).to_prefix(), kHomePrefix);
  EXPECT_EQ(service_of(updates[0]), "");
  EXPECT_GT(updates[0].sequence, 109);
  EXPECT_EQ(bindings()[0].at("state"), "registered");
  EXPECT_EQ(bindings()[0].at("remaining_seconds"), 200);
  EXPECT_THAT(removed_hosts, IsEmpty());
}

TEST_F(Restoration, NumbersOfMessagesThatMayBeUnderWayAreNotUsedAgain) {
  restore({record(7, kNode)});
  EXPECT_GT(updates.at(0).sequence, 1000) << "the record said 107";
}

/// Nor where the predecessor has left nothing: the clock went on.
TEST_F(Restoration, NumbersDifferFromThoseOfAPredecessorWithoutRecords) {
  restore({});
  solicit();
  const auto before = updates.at(0).sequence;
  now = now + 10s;
  start(default_config());
  restore({});
  solicit();
  EXPECT_EQ(static_cast<std::uint16_t>(updates.at(0).sequence - before), 2000U);
}

TEST_F(Restoration, AdvertisesAndStaysRegistered) {
  restore({record(7, kNode)});
  EXPECT_THAT(advertisements, SizeIs(1));
  EXPECT_EQ(advertisements[0].destination, kNodeAddress);
  accept();
  EXPECT_EQ(only_binding().at("remaining_seconds"), 600);
  EXPECT_EQ(only_binding().at("session"), 7);
  EXPECT_EQ(notified("reregistered"), 1U);
  solicit(kSecondNode, address("fe80::11"));
  EXPECT_EQ(bindings()[1].at("session"), 8);
}

TEST_F(Restoration, CarrierThatIsGoneDetachesTheRestored) {
  restore({record(7, kNode)});
  clear();
  link(false);
  EXPECT_EQ(updates.at(0).lifetime, 0);
  EXPECT_THAT(removed_hosts, SizeIs(1));
  EXPECT_THAT(forgotten, IsEmpty()) << "a successor has to know what the LMA may believe";
  accept();
  EXPECT_THAT(forgotten, ElementsAre(SessionId{7}));
}

TEST_F(Restoration, ExpiredWhileNobodyLookedRegistersAnew) {
  auto expired = record(1, kNode);
  expired.expires = now.wall;
  restore({expired});
  EXPECT_THAT(hosts, IsEmpty());
  EXPECT_EQ(notified("binding-expired"), 1U);
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(option<wire::HandoffIndicatorOption>(updates[0]).indicator,
            HandoffIndicator::NewInterfaceSharingPrefixes);
  EXPECT_TRUE(option<wire::HomeNetworkPrefixOption>(updates[0]).is_all_zero());
  EXPECT_EQ(service_of(updates[0]), "video");
  accept();
  EXPECT_EQ(only_binding().at("state"), "registered");
  EXPECT_EQ(only_binding().at("session"), 1);
  EXPECT_THAT(advertisements, SizeIs(1));
}

TEST_F(Restoration, ClockThatWasSetBackMakesNoBindingLast) {
  auto early = record(7, kNode);
  early.expires = now.wall + 10h;
  restore({early});
  EXPECT_EQ(only_binding().at("remaining_seconds"), 600);
  clear();
  advance(600s);
  EXPECT_THAT(removed_hosts, SizeIs(1));
}

TEST_F(Restoration, NodeWithoutProfileIsDeregisteredAndLosesItsRouter) {
  auto stranger = record(3, kNode);
  stranger.mn_id = "gone@example.com";
  restore({stranger});
  EXPECT_EQ(last_notice("record-dropped").at("why"), "profile-gone");
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(updates[0].lifetime, 0);
  EXPECT_EQ(option<wire::HomeNetworkPrefixOption>(updates[0]).to_prefix(), kHomePrefix);
  ASSERT_THAT(advertisements, SizeIs(1));
  EXPECT_EQ(decode(advertisements[0]).router_lifetime, 0);
  EXPECT_EQ(advertisements[0].destination, kNodeAddress);
  // Packets under way reach the node until the LMA has answered.
  EXPECT_THAT(hosts, SizeIs(1));
  EXPECT_THAT(removed_hosts, IsEmpty());
  EXPECT_THAT(forgotten, IsEmpty());
  accept();
  EXPECT_THAT(removed_hosts, ElementsAre(SessionId{3}));
  EXPECT_THAT(forgotten, ElementsAre(SessionId{3}));
  EXPECT_THAT(bindings(), IsEmpty());
}

TEST_F(Restoration, LinkLayerAddressThatIsAnothersNowIsNoLongerServed) {
  auto before = record(3, kSecondNode);
  before.mn_id = "mn1@example.com";
  restore({before});
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(updates[0].lifetime, 0);
}

TEST_F(Restoration, NodeOfAnAccessThatIsNoMoreIsDeregisteredUntilAnswered) {
  auto elsewhere = record(2, kNode);
  elsewhere.access = "dismantled";
  elsewhere.technology = wire::AccessTechnology::Geran;
  restore({elsewhere});
  EXPECT_EQ(last_notice("record-dropped").at("why"), "access-gone");
  EXPECT_THAT(order, ElementsAre("message"));
  EXPECT_EQ(updates[0].lifetime, 0);
  EXPECT_EQ(option<wire::AccessTechnologyTypeOption>(updates[0]).type, wire::AccessTechnology::Geran);
  EXPECT_THAT(bindings(), IsEmpty());
  advance(1s);
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_THAT(forgotten, IsEmpty());
  accept();
  EXPECT_THAT(forgotten, ElementsAre(SessionId{2}));
  advance(1h);
  EXPECT_THAT(updates, SizeIs(2));
}

TEST_F(Restoration, UnansweredDeregistrationForgetsTheRecord) {
  auto elsewhere = record(2, kNode);
  elsewhere.access = "dismantled";
  restore({elsewhere});
  advance(1h);
  EXPECT_EQ(notified("deregistration-unanswered"), 1U);
  EXPECT_THAT(forgotten, ElementsAre(SessionId{2}));
}

TEST_F(Restoration, ExpiredAndNotPermittedIsForgottenAtOnce) {
  auto expired = record(1, kNode);
  expired.mn_id = "gone@example.com";
  expired.expires = now.wall - 1s;
  restore({expired});
  EXPECT_THAT(order, ElementsAre("advertisement", "forget"));
  EXPECT_THAT(bindings(), IsEmpty());
}

TEST_F(Restoration, ServicesNotYetRegisteredAreRegisteredByTheSuccessor) {
  auto config = default_config();
  config.accesses[0].services = {"video", "voice"};
  start(config);
  solicit();
  accept();  // of the first; the second is under way
  ASSERT_THAT(updates, SizeIs(2));
  ASSERT_FALSE(records.empty());
  const auto left_behind = records.back();
  EXPECT_EQ(left_behind.services_registered, 1U);
  start(config);
  restore({left_behind});
  accept();
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_EQ(service_of(updates[1]), "voice");
  accept();
  EXPECT_EQ(records.back().services_registered, 2U);
}

TEST_F(Restoration, NothingIsAdvertisedThatIsNotRecorded) {
  solicit();
  accept();
  EXPECT_THAT(order, ElementsAre("message", "ensure-tunnel", "install-host", "persist", "advertisement"));
}

TEST_F(Restoration, FailedRowOfANodeThatIsGivenUpChangesNothing) {
  install_outcome = fail("no-space", "map is full");
  auto stranger = record(3, kNode);
  stranger.mn_id = "gone@example.com";
  restore({stranger});
  ASSERT_THAT(updates, SizeIs(1));
  accept();
  EXPECT_THAT(bindings(), IsEmpty());
  advance(2s);  // it says that it goes
  EXPECT_FALSE(gateway->poll_timeout());
}

TEST_F(Restoration, FailedRowOfARestoredNodeGivesTheBindingBack) {
  install_outcome = fail("no-space", "map is full");
  restore({record(7, kNode)});
  EXPECT_EQ(only_binding().at("state"), "refused");
  EXPECT_EQ(updates.back().lifetime, 0);
}

TEST_F(Restoration, RecordsSurviveJson) {
  const auto before = record(7, kNode);
  EXPECT_EQ(AttachmentRecord::from_json(before.to_json()).value(), before);
  const Json whole = before.to_json();
  for (const auto& entry : whole.items()) {
    Json broken = whole;
    broken.erase(entry.key());
    const bool is_new = entry.key() == "delegated_prefixes";  // which older records do not have
    EXPECT_EQ(AttachmentRecord::from_json(broken).has_value(), is_new) << entry.key();
    broken[entry.key()] = Json::object();
    EXPECT_EQ(AttachmentRecord::from_json(broken).error().code, "bad-record") << entry.key();
  }
  Json broken = whole;
  broken["prefixes"] = {"2001:db8::1/64"};
  EXPECT_EQ(AttachmentRecord::from_json(broken).error().code, "bad-record");
  EXPECT_EQ(AttachmentRecord::from_json(Json::array()).error().code, "bad-record");
}

class Reconfiguration : public MagFixture {};

TEST_F(Reconfiguration, NewPolicyLeavesTheAttachedAlone) {
  register_node();
  clear();
  auto config = default_config();
  config.mobile_nodes.clear();
  config.accesses[0].services = {"other"};
  ASSERT_TRUE(gateway->reconfigure(now, config));
  drain();
  EXPECT_THAT(order, IsEmpty());
  EXPECT_EQ(only_binding().at("state"), "registered");
  advance(300s);
  accept();
  EXPECT_EQ(only_binding().at("state"), "registered");
  solicit(kSecondNode, address("fe80::11"));
  EXPECT_EQ(counter("drops", "unknown-node"), 1U);
}

TEST_F(Reconfiguration, NewNodesAndServicesHoldFromNowOn) {
  auto config = default_config();
  config.mobile_nodes.push_back({"mn3@example.com", {mac("02:00:00:00:00:33")}, {}, ""});
  config.accesses[0].services = {"other"};
  config.lifetime = 100s;
  ASSERT_TRUE(gateway->reconfigure(now, config));
  solicit(mac("02:00:00:00:00:33"));
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(service_of(updates[0]), "other");
  EXPECT_EQ(updates[0].lifetime, 25);
}

TEST_F(Reconfiguration, AccessLinksKeepWhatTheSystemKnows) {
  auto config = default_config();
  for (auto& access : config.accesses) {
    access.index = {};
    access.link_address = {};
  }
  ASSERT_TRUE(gateway->reconfigure(now, config));
  EXPECT_EQ(gateway->config(), default_config());
}

TEST_F(Reconfiguration, AddressesAndLinksNeedARestart) {
  const auto refused = [&](auto change) {
    auto config = default_config();
    change(config);
    const auto result = gateway->reconfigure(now, config);
    EXPECT_EQ(gateway->config(), default_config());
    return !result && result.error().code == "needs-restart";
  };
  EXPECT_TRUE(refused([](auto& c) { c.address = address("2001:db8:a::9"); }));
  EXPECT_TRUE(refused([](auto& c) { c.lma = address("2001:db8:1::9"); }));
  EXPECT_TRUE(refused([](auto& c) { c.router_link_local = address("fe80::9"); }));
  EXPECT_TRUE(refused([](auto& c) { c.accesses.pop_back(); }));
  EXPECT_TRUE(refused([](auto& c) { c.accesses[0].name = "renamed"; }));
  EXPECT_TRUE(refused([](auto& c) { c.accesses[0].interface = "eth9"; }));
}

TEST_F(Reconfiguration, InterfaceThatCameBackIsServedUnderItsNewIndex) {
  auto config = default_config();
  config.accesses[0].index = InterfaceIndex{9};
  ASSERT_TRUE(gateway->reconfigure(now, config));
  EXPECT_EQ(gateway->config(), config);
  solicit(kNode, kNodeAddress, kWlan);
  EXPECT_EQ(counter("drops", "no-access-link"), 1U);
  solicit(kNode, kNodeAddress, InterfaceIndex{9});
  accept();
  ASSERT_THAT(hosts, SizeIs(1));
  EXPECT_EQ(hosts[0].interface, InterfaceIndex{9});
}

TEST_F(Reconfiguration, LiveBindingKeepsTheTechnologyItWasRegisteredWith) {
  register_node();
  auto config = default_config();
  config.accesses[0].technology = wire::AccessTechnology::Geran;
  ASSERT_TRUE(gateway->reconfigure(now, config));
  advance(300s);
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_EQ(option<wire::AccessTechnologyTypeOption>(updates[1]).type, wire::AccessTechnology::Wlan);
  accept();
  EXPECT_EQ(records.back().technology, wire::AccessTechnology::Wlan);
  link(false);
  EXPECT_EQ(option<wire::AccessTechnologyTypeOption>(last_update).type, wire::AccessTechnology::Wlan);
  accept();
  link(true);
  solicit();
  EXPECT_EQ(option<wire::AccessTechnologyTypeOption>(last_update).type, wire::AccessTechnology::Geran);
}

/// RFC 5213 section 6.9.5: what the path carries has changed.
TEST_F(Reconfiguration, NewTunnelMtuIsInTheRowsAndToldTheNodesAtOnceAndFromThenOn) {
  register_node();
  solicit(kSecondNode, {});
  reject(wire::BindingStatus::ProxyRegNotEnabled);
  clear();
  auto config = default_config();
  config.tunnel_mtu = 1340;
  ASSERT_TRUE(gateway->reconfigure(now, config));
  drain();
  EXPECT_THAT(updates, IsEmpty()) << "nobody registers again for it";
  ASSERT_THAT(hosts, SizeIs(1));
  EXPECT_EQ(hosts[0].mtu, 1340);
  ASSERT_THAT(advertisements, SizeIs(1));
  EXPECT_EQ(wire::find<wire::Mtu>(decode(advertisements[0]).options)->mtu, 1340U);
  EXPECT_EQ(last_notice("tunnel-mtu").at("mtu"), 1340);
  clear();
  advance(61s);
  ASSERT_THAT(advertisements, testing::Not(IsEmpty()));
  for (const auto& sent : advertisements) EXPECT_EQ(wire::find<wire::Mtu>(decode(sent).options)->mtu, 1340U);
}

TEST_F(Reconfiguration, AnotherInterfaceOrRouterAddressIsInTheRowsAndToldTheNodesAtOnce) {
  register_node();
  for (const auto& [index, link_address] :
       {std::pair(InterfaceIndex{9}, kRouterMac), std::pair(InterfaceIndex{9}, mac("02:00:00:00:00:99"))}) {
    clear();
    auto config = default_config();
    config.accesses[0].index = index;
    config.accesses[0].link_address = link_address;
    ASSERT_TRUE(gateway->reconfigure(now, config));
    drain();
    ASSERT_THAT(hosts, SizeIs(1));
    EXPECT_EQ(hosts[0].interface, index);
    EXPECT_EQ(hosts[0].router, link_address);
    ASSERT_THAT(advertisements, SizeIs(1));
    EXPECT_EQ(advertisements[0].interface, index);
    EXPECT_EQ(advertisements[0].link_source, link_address);
    EXPECT_EQ(wire::find<wire::SourceLinkLayerAddress>(decode(advertisements[0]).options)->address,
              Bytes(link_address.octets.begin(), link_address.octets.end()));
    EXPECT_THAT(updates, IsEmpty());
  }
}

TEST_F(Reconfiguration, RowsOfOtherLinksStayAsTheyAre) {
  register_node();
  clear();
  auto config = default_config();
  config.accesses[1].index = InterfaceIndex{9};
  ASSERT_TRUE(gateway->reconfigure(now, config));
  drain();
  EXPECT_THAT(hosts, IsEmpty());
}

TEST_F(Reconfiguration, RefusedNodesTryAgain) {
  solicit();
  reject(wire::BindingStatus::NotLmaForThisMobileNode);
  ASSERT_TRUE(gateway->reconfigure(now, default_config()));
  drain();
  EXPECT_THAT(updates, SizeIs(2));
}

}  // namespace
}  // namespace flowmob::core
