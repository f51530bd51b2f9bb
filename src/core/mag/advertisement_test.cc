// SPDX-License-Identifier: Apache-2.0
#include "core/mag/mag_fixture.h"

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace flowmob::core {
namespace {

class Advertisement : public MagFixture {};

TEST_F(Advertisement, SaysPrefixMtuAndTheFixedRouterInOneFrameToTheNode) {
  register_node();
  ASSERT_THAT(advertisements, SizeIs(1));
  const auto& sent = advertisements[0];
  EXPECT_EQ(sent.interface, kWlan);
  EXPECT_EQ(sent.link_source, kRouterMac);
  EXPECT_EQ(sent.link_destination, kNode);
  EXPECT_EQ(sent.source, kRouter);
  EXPECT_EQ(sent.destination, kNodeAddress);
  const auto advertisement = decode(sent);
  EXPECT_EQ(advertisement.hop_limit, 64);
  EXPECT_EQ(advertisement.router_lifetime, 1800);
  EXPECT_FALSE(advertisement.managed || advertisement.other_config);
  const auto* home = wire::find<wire::PrefixInformation>(advertisement.options);
  ASSERT_NE(home, nullptr);
  EXPECT_EQ(home->prefix, kHomePrefix.address);
  EXPECT_EQ(home->prefix_length, 64);
  EXPECT_TRUE(home->on_link && home->autonomous);
  EXPECT_EQ(home->valid_lifetime, 7200U);
  EXPECT_EQ(home->preferred_lifetime, 3600U);
  EXPECT_EQ(wire::find<wire::Mtu>(advertisement.options)->mtu, 1460U);
  EXPECT_EQ(wire::find<wire::SourceLinkLayerAddress>(advertisement.options)->address,
            Bytes(kRouterMac.octets.begin(), kRouterMac.octets.end()));
}

TEST_F(Advertisement, SmallerMtuOfTheLinkWins) {
  auto config = default_config();
  config.accesses[0].link_mtu = 1400;
  start(config);
  register_node();
  EXPECT_EQ(wire::find<wire::Mtu>(decode(advertisements[0]).options)->mtu, 1400U);
}

TEST_F(Advertisement, AFewAtFirstThenAtTheInterval) {
  register_node();
  advance(130s);
  EXPECT_THAT(advertisement_times, ElementsAre(0s, 1s, 2s, 62s, 122s));
}

TEST_F(Advertisement, SolicitationIsAnsweredAtOnceAtABoundedRate) {
  register_node();
  advance(100ms);
  for (int i = 0; i < 20; ++i) solicit();
  EXPECT_THAT(advertisement_times, ElementsAre(0ms, 100ms));
  EXPECT_EQ(counter("drops", "solicitation-rate"), 18U) << "one is answered at once, one later";
  advance(500ms);
  EXPECT_THAT(advertisement_times, ElementsAre(0ms, 100ms, 400ms));
  solicit();
  EXPECT_THAT(advertisement_times, ElementsAre(0ms, 100ms, 400ms)) << "what was answered late counts";
  advance(130s);
  EXPECT_THAT(advertisement_times, ElementsAre(0ms, 100ms, 400ms, 700ms, 1s, 2s, 62s, 122s));
}

/// The kernel, to which a member is given back, solicits; the member is added again in that moment.
TEST_F(Advertisement, EarlySolicitationIsAnsweredByTheRegularOneThatComesFirst) {
  register_node();
  advance(850ms);
  solicit();
  advance(50ms);
  solicit();
  advance(100ms);
  solicit();
  advance(10s);
  EXPECT_THAT(advertisement_times, ElementsAre(0ms, 850ms, 1s, 1300ms, 2s));
}

TEST_F(Advertisement, GoesToAllNodesUntilTheAddressIsKnown) {
  solicit(kNode, {});
  accept();
  EXPECT_EQ(advertisements[0].destination, address("ff02::1"));
  EXPECT_EQ(advertisements[0].link_destination, kNode);
  neighbor_solicit(kNode, kNodeAddress);
  EXPECT_EQ(records.back().node_link_local, kNodeAddress);
  advance(1s);
  EXPECT_EQ(advertisements[1].destination, kNodeAddress);
  neighbor_solicit(kNode, address("2001:db8:100:1::5"));
  advance(1s);
  EXPECT_EQ(advertisements[2].destination, kNodeAddress);
}

TEST_F(Advertisement, StopsWithTheLink) {
  register_node();
  link(false);
  clear();
  advance(10min);
  EXPECT_THAT(advertisements, IsEmpty());
}

}  // namespace
}  // namespace flowmob::core
