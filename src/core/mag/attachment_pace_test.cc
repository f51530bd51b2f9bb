// SPDX-License-Identifier: Apache-2.0
#include "core/mag/attachment_pacer.h"
#include "core/mag/mag_fixture.h"

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Links that flap and solicitations that are forged cost a bounded number of messages, events and writes.
namespace flowmob::core {
namespace {

class AttachmentPace : public MagFixture {
 protected:
  static MagConfig on_carrier(std::vector<MacAddress> link_layer = {kNode}) {
    auto config = default_config();
    config.accesses[0].attach_on_carrier = true;
    config.mobile_nodes[0].access = "wlan";
    config.mobile_nodes[0].link_layer = std::move(link_layer);
    return config;
  }
};

TEST_F(AttachmentPace, FlappingCarrierIsNoFlood) {
  start(on_carrier());
  link(true);
  accept();
  clear();
  link(false);
  ASSERT_THAT(updates, SizeIs(1));  // at once
  EXPECT_EQ(updates[0].lifetime, 0);
  for (int i = 0; i < 200; ++i) {
    link(true);
    link(false);
  }
  EXPECT_THAT(updates, SizeIs(5));  // two more registrations, and what ends them
  EXPECT_LT(notices.size(), 20U);
  link(true);
  EXPECT_THAT(updates, SizeIs(5));
  advance(1s);
  EXPECT_THAT(updates, SizeIs(6));
  accept();
  EXPECT_EQ(only_binding().at("state"), "registered");
}

TEST_F(AttachmentPace, DeregistrationLeavesAtOnceHoweverOftenTheLinkCame) {
  start(on_carrier());
  for (int i = 0; i < 5; ++i) {
    link(true);
    advance(1s);
    accept();
    ASSERT_EQ(only_binding().at("state"), "registered") << i;
    clear();
    link(false);
    EXPECT_THAT(updates, SizeIs(1));
    accept();
  }
}

TEST_F(AttachmentPace, LinkThatGoesWhileANodeWaitsEndsTheWaiting) {
  start(on_carrier());
  for (int i = 0; i < 10; ++i) {
    link(true);
    link(false);
  }
  clear();
  link(true);
  link(false);
  advance(2s);
  EXPECT_EQ(notified("node-attached"), 0U);
}

TEST_F(AttachmentPace, SolicitationsForgedOnTwoLinksAreNoFlood) {
  auto config = default_config();
  config.accesses[1].technology = config.accesses[0].technology;
  start(config);
  for (int i = 0; i < 200; ++i) {
    solicit(kNode, kNodeAddress, kWlan);
    solicit(kNode, kNodeAddress, kWimax);
  }
  EXPECT_LE(updates.size(), 6U);
  EXPECT_LE(notices.size(), 12U);
  EXPECT_GT(counter("drops", "attachment-rate"), 150U);
  clear();
  for (int second = 0; second < 10; ++second) {
    advance(1s);
    solicit(kNode, kNodeAddress, kWlan);
    solicit(kNode, kNodeAddress, kWimax);
  }
  EXPECT_LE(notified("node-attached"), 22U);
  advance(5s);
  EXPECT_EQ(only_binding().at("access"), "wimax");  // where it was seen last
}

TEST_F(AttachmentPace, AddressThatChangesWithEveryPacketIsWrittenOnceASecond) {
  register_node();
  clear();
  const auto at = [](int i) { return address("fe80::1:" + std::to_string(1 + i)); };
  for (int i = 0; i < 1000; ++i) neighbor_solicit(kNode, at(i));
  EXPECT_THAT(records, IsEmpty());
  advance(1s);
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0].node_link_local, at(999));
  advance(30s);
  EXPECT_THAT(records, SizeIs(1));
}

TEST_F(AttachmentPace, AddressLearntJustBeforeTheNodeLeavesIsNotWritten) {
  register_node();
  neighbor_solicit(kNode, address("fe80::5"));
  clear();
  link(false);
  accept();
  advance(10s);
  EXPECT_THAT(records, IsEmpty());
  EXPECT_THAT(forgotten, SizeIs(1));
}

TEST_F(AttachmentPace, FirstStationOnALinkOfOneNodeIsThatNode) {
  const auto station = mac("02:00:00:00:00:77");
  start(on_carrier({}));
  link(true);
  EXPECT_THAT(updates, IsEmpty());
  solicit(station);
  accept();
  EXPECT_EQ(only_binding().at("mn"), "mn1@example.com");
  EXPECT_EQ(only_binding().at("link_layer"), station.to_string());
  solicit(mac("02:00:00:00:00:78"), address("fe80::78"));
  EXPECT_EQ(counter("drops", "unknown-node"), 1U);
  solicit(mac("02:00:00:00:00:78"), address("fe80::78"), kWimax);  // no carrier stands for it there
  EXPECT_EQ(counter("drops", "unknown-node"), 2U);
  link(false);
  accept();
  clear();
  link(true);
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(option<wire::MnLinkLayerIdentifier>(updates[0]).identifier.back(), 0x77);
}

/// Ten thousand nodes that came through once are not remembered for ever.
TEST(AttachmentPacer, ForgetsWhomItNeedNotHoldBack) {
  AttachmentPacer pacer;
  TimePoint now{100s};
  for (int node = 0; node < 10000; ++node, now += 10ms)
    EXPECT_TRUE(pacer.allow(now, "mn" + std::to_string(node), "wlan"));
  EXPECT_LT(pacer.remembered(), 1000U);
  for (int turn = 0; turn < 3; ++turn) pacer.allow(now, "hasty", "wlan");
  for (int node = 0; node < 1000; ++node) pacer.allow(now, "mn" + std::to_string(node), "lte");
  EXPECT_FALSE(pacer.allow(now, "hasty", "wlan"))
      << "who has just been is held back, however many others came";
}

}  // namespace
}  // namespace flowmob::core
