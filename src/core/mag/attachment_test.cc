// SPDX-License-Identifier: Apache-2.0
#include "core/mag/mag_fixture.h"

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Who comes and who goes.
namespace flowmob::core {
namespace {

using wire::BindingStatus;
using wire::HandoffIndicator;

class AttachmentBy : public MagFixture {
 protected:
  static MagConfig on_carrier() {
    auto config = default_config();
    config.accesses[0].attach_on_carrier = true;
    config.accesses[0].attach_on_router_solicitation = false;
    config.mobile_nodes[0].access = "wlan";
    return config;
  }
};

TEST_F(AttachmentBy, UnknownLinkLayerAddressIsCountedAndNotAnswered) {
  const auto stranger = mac("02:00:00:00:00:99");
  for (int i = 0; i < 50; ++i) solicit(stranger);
  EXPECT_THAT(order, IsEmpty());
  EXPECT_EQ(counter("drops", "unknown-node"), 50U);
  EXPECT_EQ(notified("unknown-node"), 1U);
  EXPECT_EQ(last_notice("unknown-node").at("link_layer"), stranger.to_string());
  now = now + 10s;
  neighbor_solicit(stranger, kNodeAddress);
  EXPECT_EQ(notified("unknown-node"), 2U);
}

TEST_F(AttachmentBy, SolicitationOnlyWhereConfigured) {
  auto config = default_config();
  config.accesses[0].attach_on_router_solicitation = false;
  start(config);
  solicit();
  EXPECT_THAT(updates, IsEmpty());
  EXPECT_EQ(counter("drops", "attachment-not-by-solicitation"), 1U);
}

TEST_F(AttachmentBy, NeighborSolicitationAloneIsNoAttachment) {
  neighbor_solicit(kNode, kNodeAddress);
  EXPECT_THAT(updates, IsEmpty());
}

TEST_F(AttachmentBy, CarrierWhenTheNodesAddressIsKnown) {
  auto config = on_carrier();
  config.mobile_nodes[0].link_layer = {kNode};
  start(config);
  link(true);
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(last_notice("node-attached").at("how"), "carrier");
  link(true);
  EXPECT_THAT(updates, SizeIs(1));
  accept();
  ASSERT_THAT(advertisements, SizeIs(1));
  EXPECT_EQ(advertisements[0].destination, address("ff02::1"));
  EXPECT_EQ(advertisements[0].link_destination, kNode);
}

TEST_F(AttachmentBy, CarrierOfTheSoleNodeOfAnyAccess) {
  auto config = on_carrier();
  config.mobile_nodes = {{"mn1@example.com", {kNode}, {}, ""}};
  start(config);
  link(true);
  EXPECT_THAT(updates, SizeIs(1));
}

TEST_F(AttachmentBy, CarrierNeverGuesses) {
  auto config = on_carrier();
  config.mobile_nodes[0].access = "";
  config.mobile_nodes[0].link_layer = {kNode};
  start(config);  // two nodes, neither named for the link
  link(true);
  EXPECT_THAT(updates, IsEmpty());
  config.mobile_nodes[0].access = config.mobile_nodes[1].access = "wlan";
  start(config);
  link(true);
  EXPECT_THAT(updates, IsEmpty());
  start(on_carrier());  // two link-layer addresses
  link(true);
  EXPECT_THAT(updates, IsEmpty());
}

TEST_F(AttachmentBy, CarrierWithOpenAddressWaitsForSolicitationOfRouterOrNeighbor) {
  start(on_carrier());
  link(true);
  neighbor_solicit(kNodeOther, {});
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(option<wire::MnLinkLayerIdentifier>(updates[0]).identifier.back(), 2);
  start(on_carrier());
  link(true);
  solicit(kNode);
  EXPECT_THAT(updates, SizeIs(1));
  neighbor_solicit(kSecondNode, kNodeAddress);  // another's link
  EXPECT_THAT(updates, SizeIs(1));
}

TEST_F(AttachmentBy, CarrierBackBringsBackWhoWasThere) {
  start(on_carrier());
  link(true);
  solicit(kNodeOther);
  accept();
  link(false);
  accept();
  EXPECT_THAT(bindings(), IsEmpty());
  advance(5s);
  clear();
  link(true);
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(option<wire::MnLinkLayerIdentifier>(updates[0]).identifier.back(), 2);
  EXPECT_TRUE(option<wire::HomeNetworkPrefixOption>(updates[0]).is_all_zero());
  EXPECT_EQ(service_of(updates[0]), "video");
}

TEST_F(AttachmentBy, WithoutCarrierAttachmentTheNodeHasToSolicitAgain) {
  link(true);
  register_node();
  link(false);
  accept();
  link(true);
  EXPECT_THAT(bindings(), IsEmpty());
  solicit();
  EXPECT_EQ(only_binding().at("state"), "registering");
}

TEST_F(AttachmentBy, LostCarrierDeregistersBeforeAnythingElse) {
  link(true);
  register_node();
  solicit(kSecondNode, address("fe80::11"));
  clear();
  link(false);
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_THAT(order, ElementsAre("message", "message", "remove-host", "remove-tunnel"))
      << "the record waits for the answer";
  const auto& update = updates[0];
  EXPECT_EQ(update.lifetime, 0);
  EXPECT_EQ(option<wire::HandoffIndicatorOption>(update).indicator, HandoffIndicator::Unknown);
  EXPECT_EQ(option<wire::HomeNetworkPrefixOption>(update).to_prefix(), kHomePrefix);
  EXPECT_EQ(service_of(update), "");
  EXPECT_TRUE(option<wire::HomeNetworkPrefixOption>(updates[1]).is_all_zero());
  EXPECT_THAT(advertisements, IsEmpty());
  EXPECT_EQ(last_notice("node-detached").at("why"), "link-down");
  EXPECT_EQ(bindings()[0].at("state"), "deregistering");
  deliver(answer_to(updates[0]));
  EXPECT_EQ(notified("deregistered"), 1U);
}

TEST_F(AttachmentBy, LostCarrierTouchesItsOwnAccessOnly) {
  register_node();
  solicit(kSecondNode, address("fe80::11"), kWimax);
  clear();
  link(false, kWimax);
  EXPECT_THAT(updates, SizeIs(1));
  link(false, InterfaceIndex{99});
  EXPECT_THAT(updates, SizeIs(1));
  EXPECT_EQ(bindings()[0].at("state"), "registered");
}

TEST_F(AttachmentBy, PacketReadAfterTheLinkWentDownAttachesNobody) {
  register_node();
  link(false);
  accept();
  clear();
  solicit();
  EXPECT_THAT(updates, IsEmpty());
  EXPECT_EQ(counter("drops", "link-down"), 1U);
}

TEST_F(AttachmentBy, SolicitationThatOvertookTheNewsOfTheCarrierCounts) {
  link(false);
  solicit();
  solicit(kSecondNode, address("fe80::11"));
  now = now + 900ms;
  link(true);
  EXPECT_THAT(updates, SizeIs(2));
  EXPECT_EQ(notified("node-attached"), 2U);
}

TEST_F(AttachmentBy, OldSolicitationDoesNotCountWhenTheCarrierComes) {
  link(false);
  solicit();
  now = now + 1100ms;
  link(true);
  EXPECT_THAT(updates, IsEmpty());
  link(false);
  link(true);
  EXPECT_THAT(updates, IsEmpty());
}

TEST_F(AttachmentBy, MovedNodeOfAnotherTechnologyIsDeregisteredThere) {
  register_node();
  clear();
  solicit(kNode, kNodeAddress, kWimax);
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_EQ(updates[0].lifetime, 0);
  EXPECT_EQ(option<wire::AccessTechnologyTypeOption>(updates[0]).type, wire::AccessTechnology::Wlan);
  EXPECT_EQ(updates[1].lifetime, 150);
  EXPECT_EQ(last_notice("node-detached").at("why"), "moved");
}

TEST_F(AttachmentBy, UnansweredDeregistrationEndsStateAfter1sAndIsRepeatedAFewTimes) {
  register_node();
  clear();
  const auto begin = now.monotonic - start_time.monotonic;
  link(false);
  advance(999ms);
  EXPECT_THAT(bindings(), SizeIs(1));
  advance(1ms);
  EXPECT_THAT(bindings(), IsEmpty());
  advance(1h);
  EXPECT_THAT(update_times, ElementsAre(begin, begin + 1s, begin + 3s, begin + 7s));
  for (const auto& update : updates) EXPECT_EQ(update.lifetime, 0);
  EXPECT_EQ(notified("deregistration-unanswered"), 1U);
  EXPECT_FALSE(gateway->poll_timeout());
}

TEST_F(AttachmentBy, ReturnDuringDeregistrationCancelsIt) {
  link(true);
  register_node();
  link(false);
  link(true);
  solicit();
  ASSERT_THAT(updates, SizeIs(3));
  EXPECT_EQ(updates[2].lifetime, 150);
  deliver(answer_to(updates[1]));  // the late answer to the de-registration
  EXPECT_EQ(only_binding().at("state"), "registering");
  accept();
  EXPECT_EQ(only_binding().at("state"), "registered");
  advance(60s);
  EXPECT_THAT(updates, SizeIs(3));
}

TEST_F(AttachmentBy, ReturnAfterUnansweredDeregistrationEndsItsRepetition) {
  link(true);
  register_node();
  link(false);
  advance(1s);
  link(true);
  solicit();
  accept();
  clear();
  advance(60s);
  EXPECT_THAT(updates, IsEmpty());
  EXPECT_EQ(only_binding().at("state"), "registered");
}

TEST_F(AttachmentBy, DetachCommandKeepsForwardingUntilTheAnswer) {
  link(true);
  register_node();
  clear();
  ASSERT_TRUE(command("detach", {{"access", "wlan"}, {"mn", "mn1@example.com"}}));
  EXPECT_THAT(order, ElementsAre("message", "advertisement"));
  EXPECT_EQ(decode(advertisements[0]).router_lifetime, 0);
  EXPECT_EQ(last_notice("node-detached").at("why"), "command");
  accept();
  EXPECT_THAT(order, ElementsAre("message", "advertisement", "remove-host", "remove-tunnel", "forget"));
  EXPECT_THAT(bindings(), IsEmpty());
}

TEST_F(AttachmentBy, DetachedByCommandStaysAwayUntilCarrierOrCommand) {
  link(true);
  register_node();
  ASSERT_TRUE(command("detach", {{"access", "wlan"}, {"mn", "mn1@example.com"}}));
  accept();
  clear();
  solicit();
  EXPECT_THAT(updates, IsEmpty());
  EXPECT_EQ(counter("drops", "detached-by-command"), 1U);
  link(false);
  link(true);
  solicit();
  EXPECT_THAT(updates, SizeIs(1));
}

TEST_F(AttachmentBy, RefusedDeregistrationWithOldTimestampIsRepeatedAtOnceElseItEnds) {
  register_node();
  clear();
  link(false);
  reject(BindingStatus::TimestampLowerThanPrevAccepted);
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_EQ(updates[1].lifetime, 0);
  reject(BindingStatus::ReasonUnspecified);
  EXPECT_EQ(last_notice("deregistered").at("accepted"), false);
  advance(1min);
  EXPECT_THAT(updates, SizeIs(2));
}

TEST_F(AttachmentBy, SameInterfaceOnAnotherAccessOfTheSameTechnologyReplacesTheSession) {
  auto config = default_config();
  config.accesses[1].technology = config.accesses[0].technology;
  start(config);
  register_node();
  clear();
  solicit(kNode, kNodeAddress, kWimax);
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(updates[0].lifetime, 150);
  EXPECT_THAT(removed_hosts, SizeIs(1));
  EXPECT_EQ(only_binding().at("access"), "wimax");
}

TEST_F(AttachmentBy, OtherInterfaceOfTheSameNodeIsASessionOfItsOwn) {
  register_node();
  solicit(kNodeOther, address("fe80::2"), kWimax);
  accept();
  EXPECT_THAT(bindings(), SizeIs(2));
  EXPECT_THAT(removed_hosts, IsEmpty());
  EXPECT_EQ(tunnels, 1);
}

TEST_F(AttachmentBy, CommandNamesServicesAndHandoff) {
  const auto attached = command("attach", {{"access", "wlan"},
                                           {"mac", kNode.to_string()},
                                           {"services", {"gold"}},
                                           {"handoff_indicator", "between-mags"}});
  ASSERT_TRUE(attached);
  EXPECT_EQ(attached->at("mn"), "mn1@example.com");
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(service_of(updates[0]), "gold");
  EXPECT_EQ(option<wire::HandoffIndicatorOption>(updates[0]).indicator, HandoffIndicator::HandoffBetweenMags);
}

TEST_F(AttachmentBy, CommandOnARegisteredNodeRegistersItsServicesAnew) {
  register_node();
  ASSERT_TRUE(command("attach", {{"access", "wlan"}, {"mac", kNode.to_string()}, {"services", {"a", "b"}}}));
  EXPECT_EQ(service_of(last_update), "a");
  EXPECT_EQ(option<wire::HandoffIndicatorOption>(last_update).indicator, HandoffIndicator::NoChange);
  accept();
  EXPECT_EQ(service_of(last_update), "b");
  accept();
  EXPECT_THAT(updates, SizeIs(3));
  EXPECT_THAT(removed_hosts, IsEmpty());
  EXPECT_EQ(only_binding().at("services"), Json::array({"a", "b"}));
}

TEST_F(AttachmentBy, CommandUsesTheOnlyAddressHeardOnTheLink) {
  auto config = default_config();
  config.accesses[0].attach_on_router_solicitation = false;
  start(config);
  const auto unclear = command("attach", {{"access", "wlan"}, {"mn", "mn1@example.com"}});
  ASSERT_FALSE(unclear);
  EXPECT_EQ(unclear.error().code, "unknown-link-layer-address");
  EXPECT_NE(unclear.error().message.find("say --mac"), std::string::npos);
  solicit(kNodeOther);
  const auto attached = command("attach", {{"access", "wlan"}, {"mn", "mn1@example.com"}});
  ASSERT_TRUE(attached);
  EXPECT_EQ(attached->at("link_layer"), kNodeOther.to_string());
}

TEST_F(AttachmentBy, CommandMistakesHaveCodes) {
  const auto code = [&](std::string_view name, const Json& arguments) {
    const auto result = command(name, arguments);
    return result ? std::string("ok") : result.error().code;
  };
  EXPECT_EQ(code("attach", {{"access", "lan"}, {"mn", "mn1@example.com"}}), "no-such-access");
  EXPECT_EQ(code("attach", {{"access", "wlan"}}), "bad-argument");
  EXPECT_EQ(code("attach", {{"mn", "mn1@example.com"}}), "bad-argument");
  EXPECT_EQ(code("attach", {{"access", "wlan"}, {"mn", "nobody"}}), "no-such-mobile-node");
  EXPECT_EQ(code("attach", {{"access", "wlan"}, {"mac", "02:00:00:00:00:99"}}), "unknown-link-layer-address");
  EXPECT_EQ(code("attach", {{"access", "wlan"}, {"mac", "nonsense"}}), "bad-argument");
  EXPECT_EQ(code("attach", {{"access", "wlan"}, {"mac", "00:00:00:00:00:00"}}), "bad-argument");
  EXPECT_EQ(code("attach", {{"access", "wlan"}, {"mac", "33:33:00:00:00:01"}}), "bad-argument");
  EXPECT_EQ(code("attach", {{"access", "wlan"}, {"mn", "mn1@example.com"}, {"mac", kSecondNode.to_string()}}),
            "bad-argument");
  EXPECT_EQ(code("attach", {{"access", "wlan"}, {"mac", kNode.to_string()}, {"services", {""}}}),
            "bad-argument");
  EXPECT_EQ(code("attach", {{"access", "wlan"},
                            {"mac", kNode.to_string()},
                            {"services", Json::array({std::string(256, 'x')})}}),
            "bad-argument");
  EXPECT_EQ(
      code("attach", {{"access", "wlan"}, {"mac", kNode.to_string()}, {"handoff_indicator", "sideways"}}),
      "bad-argument");
  EXPECT_EQ(code("detach", {{"access", "wlan"}, {"mn", "mn1@example.com"}}), "not-attached");
  EXPECT_EQ(code("detach", {{"access", "wlan"}}), "bad-argument");
  EXPECT_EQ(code("detach", {{"access", "lan"}, {"mn", "mn1@example.com"}}), "no-such-access");
  EXPECT_EQ(code("flow move", Json::object()), "no-such-command");
  link(false);
  EXPECT_EQ(code("attach", {{"access", "wlan"}, {"mac", kNode.to_string()}}), "link-down");
  EXPECT_THAT(updates, IsEmpty());
}

TEST_F(AttachmentBy, ShowBindingsOfOneNode) {
  register_node();
  solicit(kSecondNode, address("fe80::11"));
  EXPECT_THAT(command("show bindings", Json::object()).value().at("bindings"), SizeIs(2));
  const auto one = command("show bindings", {{"mn", "mn2@example.com"}}).value().at("bindings");
  ASSERT_THAT(one, SizeIs(1));
  EXPECT_EQ(one[0].at("state"), "registering");
  EXPECT_EQ(one[0].at("prefixes"), Json::array());
}

}  // namespace
}  // namespace flowmob::core
