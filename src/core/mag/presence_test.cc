// SPDX-License-Identifier: Apache-2.0
#include "core/mag/mag_fixture.h"

/// Detachment detection by Neighbor Unreachability Detection (RFC 5213 section 6.13).
namespace flowmob::core {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::SizeIs;

class PresenceTest : public MagFixture {
 protected:
  PresenceTest() { start(watching()); }

  static MagConfig watching() {
    auto config = default_config();
    config.neighbor_probe_interval = 30s;
    config.neighbor_probes = 3;
    return config;
  }
  /// The node's answer to a probe.
  void advertise(const Ipv6Address& source = kNodeAddress, const MacAddress& node = kNode) {
    neighbor_discovery(wire::NeighborAdvertisement{false, true, true, source, {}},
                       {source, kRouter, kWlan, node, 255});
  }
  /// Time passes, and the node answers whatever it is asked.
  void advance_answering(Duration duration) {
    for (Duration passed{}; passed < duration; passed += 1s) {
      const auto asked = probes.size();
      advance(1s);
      if (probes.size() != asked) advertise();
    }
  }
  std::size_t deregistrations() const {
    return static_cast<std::size_t>(std::ranges::count(updates, 0, &wire::ProxyBindingUpdate::lifetime));
  }
};

TEST_F(PresenceTest, SilentNodeIsAskedInOneFrameOfItsOwn) {
  register_node();
  advance(29s);
  EXPECT_THAT(probes, IsEmpty());
  advance(1s);
  ASSERT_THAT(probes, SizeIs(1));
  const auto& probe = probes[0];
  EXPECT_EQ(probe.interface, kWlan);
  EXPECT_EQ(probe.link_destination, kNode);
  EXPECT_EQ(probe.link_source, kRouterMac);
  EXPECT_EQ(probe.source, kRouter);
  EXPECT_EQ(probe.destination, kNodeAddress);
  const auto message = wire::decode_nd(probe.icmpv6, probe.source, probe.destination);
  ASSERT_TRUE(message);
  const auto& question = std::get<wire::NeighborSolicitation>(*message);
  EXPECT_EQ(question.target, kNodeAddress);
  const auto* ours = wire::find<wire::SourceLinkLayerAddress>(question.options);
  ASSERT_NE(ours, nullptr);
  EXPECT_EQ(ours->address, Bytes(kRouterMac.octets.begin(), kRouterMac.octets.end()));
}

TEST_F(PresenceTest, NodeThatAnswersStaysAttached) {
  register_node();
  for (int i = 0; i < 40; ++i) {
    advance_answering(2min);
    accept();
  }
  EXPECT_EQ(deregistrations(), 0U);
  EXPECT_EQ(only_binding().at("state"), "registered");
  EXPECT_EQ(notified("node-detached"), 0U);
}

TEST_F(PresenceTest, OneAnswerOfThreeIsEnough) {
  register_node();
  advance(32s);
  ASSERT_THAT(probes, SizeIs(3));
  advertise();
  advance(29s);
  EXPECT_THAT(probes, SizeIs(3));
  EXPECT_EQ(deregistrations(), 0U);
}

TEST_F(PresenceTest, NodeThatAnswersNoProbeIsDeregisteredAndItsStateRemoved) {
  register_node();
  clear();
  advance(32s);
  EXPECT_THAT(probes, SizeIs(3));
  EXPECT_EQ(deregistrations(), 0U);
  advance(1s);
  EXPECT_THAT(probes, SizeIs(3));
  ASSERT_EQ(deregistrations(), 1U);
  EXPECT_EQ(option<wire::HandoffIndicatorOption>(last_update).indicator, wire::HandoffIndicator::Unknown);
  EXPECT_EQ(option<wire::HomeNetworkPrefixOption>(last_update).to_prefix(), kHomePrefix);
  EXPECT_EQ(option<wire::AccessTechnologyTypeOption>(last_update).type, wire::AccessTechnology::Wlan);
  EXPECT_NE(wire::find<wire::MobileNodeIdentifier>(last_update.options), nullptr);
  EXPECT_NE(wire::find<wire::MnLinkLayerIdentifier>(last_update.options), nullptr);
  EXPECT_NE(wire::find<wire::TimestampOption>(last_update.options), nullptr);
  EXPECT_EQ(last_notice("node-detached").at("why"), "silent");
  accept();
  EXPECT_EQ(bindings(), Json::array());
  EXPECT_THAT(removed_hosts, SizeIs(1));
  EXPECT_EQ(tunnels, 0);
}

TEST_F(PresenceTest, SilenceIsNoticedWithinThreeIntervalsWhereTheTimeoutIsOneAndTwoQuestionsMayBeLost) {
  auto config = watching();
  config.neighbor_probe_interval = config.neighbor_probe_timeout = 200ms;
  config.neighbor_probes = 2;
  start(config);
  register_node();
  clear();
  advance(599ms);
  EXPECT_THAT(probes, SizeIs(2));
  EXPECT_EQ(deregistrations(), 0U);
  advance(1ms);
  EXPECT_EQ(deregistrations(), 1U);
  EXPECT_EQ(last_notice("node-detached").at("why"), "silent");
}

TEST_F(PresenceTest, WhateverANodeSaysIsAnAnswer) {
  register_node();
  advance(31s);
  neighbor_solicit(kNode, kNodeAddress);
  advance(29s);
  solicit();
  advance(29s);
  EXPECT_THAT(probes, SizeIs(2));
  EXPECT_EQ(deregistrations(), 0U);
}

TEST_F(PresenceTest, WhatAnotherNodeSaysIsNone) {
  register_node();
  for (int i = 0; i < 33; ++i) {
    advance(1s);
    advertise(kNodeAddress, kNodeOther);
  }
  EXPECT_EQ(deregistrations(), 1U);
}

TEST_F(PresenceTest, NodeHeardLatelyIsReregisteredWithoutAQuestion) {
  auto config = watching();
  config.neighbor_probe_interval = 10min;
  config.lifetime = 600s;
  start(config);
  register_node();
  advance(300s);
  EXPECT_THAT(updates, SizeIs(2));
  EXPECT_THAT(probes, IsEmpty());
}

TEST_F(PresenceTest, NodeThatIsGoneWhenItsBindingIsDueIsNotReregistered) {
  auto config = watching();
  config.lifetime = 64s;
  start(config);
  register_node();
  clear();
  advance(32s);
  EXPECT_THAT(updates, IsEmpty());
  advance(1s);
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(updates[0].lifetime, 0);
}

TEST_F(PresenceTest, AnswerLetsTheWaitingReregistrationGo) {
  auto config = watching();
  config.neighbor_probe_interval = 20s;
  config.lifetime = 44s;
  start(config);
  register_node();
  clear();
  advance(22s);
  EXPECT_THAT(probes, SizeIs(3));
  EXPECT_THAT(updates, IsEmpty());
  advertise();
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(option<wire::HandoffIndicatorOption>(updates[0]).indicator, wire::HandoffIndicator::NoChange);
}

TEST_F(PresenceTest, NothingIsRetransmittedForOneWhoDoesNotAnswer) {
  auto config = watching();
  config.neighbor_probe_interval = 5s;
  config.neighbor_probes = 20;
  start(config);
  solicit();
  advance(4s);
  ASSERT_THAT(updates, SizeIs(3)) << "after 1 s and 2 s more";
  advance(10s);
  EXPECT_THAT(updates, SizeIs(3));
  advertise();
  advance(1s);
  EXPECT_THAT(updates, SizeIs(4));
}

TEST_F(PresenceTest, NodeThatSleptIsBackWithItsFirstWord) {
  for (const auto word : {0, 1}) {
    start(watching());
    register_node();
    advance(33s);
    accept();
    ASSERT_EQ(bindings(), Json::array());
    clear();
    word == 0 ? advertise() : neighbor_solicit(kNode, kNodeAddress);
    ASSERT_THAT(updates, SizeIs(1));
    EXPECT_EQ(last_notice("node-attached").at("how"), "heard-again");
    accept();
    EXPECT_EQ(only_binding().at("state"), "registered");
    now = now + 1min;
  }
}

TEST_F(PresenceTest, SilentNodeIsNotTakenItsRouter) {
  register_node();
  clear();
  advance(33s);
  for (const auto& sent : advertisements) EXPECT_NE(decode(sent).router_lifetime, 0);
}

TEST_F(PresenceTest, NodeOfUnknownAddressIsNotJudgedUntilItHasAnswered) {
  solicit(kNode, {});
  accept();
  advance(5min);
  EXPECT_EQ(deregistrations(), 0U);
  ASSERT_THAT(probes, Not(IsEmpty()));
  EXPECT_EQ(probes[0].destination, kNodeAddress) << "the usual one of its link-layer address";
  advertise();
  advance(33s);
  EXPECT_EQ(deregistrations(), 1U);
}

TEST_F(PresenceTest, RefusedNodeThatLeavesIsForgotten) {
  solicit();
  reject(wire::BindingStatus::ProxyRegNotEnabled);
  advance(33s);
  EXPECT_EQ(bindings(), Json::array());
  EXPECT_EQ(deregistrations(), 0U);
}

TEST_F(PresenceTest, RestoredNodeIsAskedBeforeItIsReregistered) {
  register_node();
  const auto kept = records;
  start(watching());
  gateway->restore(now, kept);
  drain();
  EXPECT_THAT(hosts, SizeIs(1));
  EXPECT_THAT(updates, IsEmpty());
  advance(0s);
  ASSERT_THAT(probes, SizeIs(1));
  advertise();
  EXPECT_THAT(updates, SizeIs(1));
}

TEST_F(PresenceTest, ProbingBeginsAndEndsWithItsConfiguration) {
  start(default_config());
  register_node();
  advance(2min);
  EXPECT_THAT(probes, IsEmpty());
  ASSERT_TRUE(gateway->reconfigure(now, watching()));
  advance(0s);
  ASSERT_THAT(probes, SizeIs(1));
  ASSERT_TRUE(gateway->reconfigure(now, default_config()));
  advance(5min);
  EXPECT_THAT(probes, SizeIs(1));
  EXPECT_EQ(deregistrations(), 0U);
}

}  // namespace
}  // namespace flowmob::core
