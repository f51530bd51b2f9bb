// SPDX-License-Identifier: Apache-2.0
#include "core/mag/mag_fixture.h"

/// Plain IPv6 for nodes without mobility service (RFC 5213 section 6.14).
namespace flowmob::core {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::SizeIs;

const MacAddress kStranger = mac("02:00:00:00:00:99");
const Ipv6Address kStrangerAddress = address("fe80::ff:fe00:99");
const Ipv6Prefix kVisited = prefix("2001:db8:f::/64");

class VisitorsTest : public MagFixture {
 protected:
  VisitorsTest() { start(open_house()); }

  static MagConfig open_house() {
    auto config = default_config();
    config.accesses[0].visited_prefix = kVisited;
    return config;
  }
  /// The last advertisement, which names one prefix.
  wire::PrefixInformation advertised() const {
    if (advertisements.empty()) return {};
    const auto message = decode(advertisements.back());
    const auto* found = wire::find<wire::PrefixInformation>(message.options);
    return found ? *found : wire::PrefixInformation{};
  }
};

TEST_F(VisitorsTest, StrangerIsAdvertisedTheVisitedPrefixInAFrameOfItsOwn) {
  solicit(kStranger, kStrangerAddress);
  ASSERT_THAT(advertisements, SizeIs(1));
  EXPECT_EQ(advertisements[0].link_destination, kStranger);
  EXPECT_EQ(advertisements[0].destination, kStrangerAddress);
  EXPECT_EQ(advertisements[0].source, kRouter);
  const auto message = decode(advertisements[0]);
  EXPECT_EQ(message.router_lifetime, 1800);
  EXPECT_EQ(wire::find<wire::Mtu>(message.options)->mtu, 1500U) << "nothing is tunnelled";
  EXPECT_EQ(advertised().prefix, kVisited.address);
  EXPECT_TRUE(advertised().on_link && advertised().autonomous);
  EXPECT_EQ(advertised().valid_lifetime, 7200U);
  EXPECT_THAT(updates, IsEmpty());
  EXPECT_THAT(hosts, IsEmpty());
}

TEST_F(VisitorsTest, WithoutAVisitedPrefixStrangersGetNothing) {
  solicit(kStranger, kStrangerAddress, kWimax);
  EXPECT_THAT(advertisements, IsEmpty());
  EXPECT_EQ(counter("drops", "unknown-node"), 1U);
}

TEST_F(VisitorsTest, NodeWithServiceIsServedAsEver) {
  register_node();
  EXPECT_EQ(advertised().prefix, kHomePrefix.address);
}

class NoService : public VisitorsTest, public testing::WithParamInterface<wire::BindingStatus> {};

TEST_P(NoService, WhomTheAnchorDoesNotServeIsAVisitor) {
  solicit();
  reject(GetParam());
  ASSERT_THAT(advertisements, SizeIs(1));
  EXPECT_EQ(advertised().prefix, kVisited.address);
  advance(1s);
  clear();
  solicit();
  ASSERT_THAT(advertisements, SizeIs(1));
  EXPECT_EQ(advertised().prefix, kVisited.address);
  EXPECT_THAT(updates, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Visitors, NoService,
                         testing::Values(wire::BindingStatus::ProxyRegNotEnabled,
                                         wire::BindingStatus::NotLmaForThisMobileNode));

TEST_F(VisitorsTest, OtherRefusalsMakeNoVisitor) {
  solicit();
  reject(wire::BindingStatus::InsufficientResources);
  EXPECT_THAT(advertisements, IsEmpty());
}

TEST_F(VisitorsTest, VisitorThatGetsServiceLosesTheVisitedPrefixFirst) {
  solicit();
  reject(wire::BindingStatus::ProxyRegNotEnabled);
  clear();
  ASSERT_TRUE(gateway->reconfigure(now, open_house()));
  drain();
  ASSERT_THAT(updates, SizeIs(1));
  accept();
  ASSERT_THAT(advertisements, SizeIs(2));
  const auto farewell = decode(advertisements[0]);
  EXPECT_EQ(wire::find<wire::PrefixInformation>(farewell.options)->prefix, kVisited.address);
  EXPECT_EQ(wire::find<wire::PrefixInformation>(farewell.options)->preferred_lifetime, 0U);
  EXPECT_EQ(advertised().prefix, kHomePrefix.address);
  clear();
  advance(5min);
  for (const auto& sent : advertisements)
    EXPECT_EQ(wire::find<wire::PrefixInformation>(decode(sent).options)->prefix, kHomePrefix.address);
}

TEST_F(VisitorsTest, AdvertisementsGoOnAsLongAsItIsThere) {
  solicit(kStranger, kStrangerAddress);
  clear();
  advance(10min);
  EXPECT_THAT(advertisements, SizeIs(testing::AllOf(testing::Ge(10U), testing::Le(13U))));
  link(false);
  clear();
  advance(10min);
  EXPECT_THAT(advertisements, IsEmpty());
}

TEST_F(VisitorsTest, SolicitationsAreAnsweredAtABoundedRate) {
  solicit(kStranger, kStrangerAddress);
  advance(10s);
  clear();
  for (int i = 0; i < 20; ++i) solicit(kStranger, kStrangerAddress);
  EXPECT_THAT(advertisements, SizeIs(1));
  EXPECT_EQ(counter("drops", "solicitation-rate"), 18U);
  advance(299ms);
  EXPECT_THAT(advertisements, SizeIs(1));
  advance(1ms);
  EXPECT_THAT(advertisements, SizeIs(2)) << "the second one's";
  advance(10s);
  EXPECT_THAT(advertisements, SizeIs(2));
}

TEST_F(VisitorsTest, SilentVisitorIsForgottenWhenItsAddressesAreInvalid) {
  solicit(kStranger, kStrangerAddress);
  advance(119min);
  neighbor_solicit(kStranger, kStrangerAddress);
  advance(119min);
  clear();
  advance(2min);
  clear();
  advance(1h);
  EXPECT_THAT(advertisements, IsEmpty());
}

TEST_F(VisitorsTest, CrowdOfStrangersIsBoundedAndTheLastOneIsWelcome) {
  solicit(kStranger, kStrangerAddress);
  advance(1s);
  for (unsigned i = 0; i < 5000; ++i)
    solicit({{0x02, 1, 0, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}}, {});
  EXPECT_EQ(advertisements.back().link_destination, mac("02:01:00:00:13:87"));
  EXPECT_LT(notified("visitor"), 20U);
  advance(10s);
  clear();
  advance(60s);
  EXPECT_THAT(advertisements, SizeIs(4096));
  for (const auto& sent : advertisements)
    EXPECT_NE(sent.link_destination, kStranger) << "it was silent for longest";
  EXPECT_EQ(advertisements.back().link_destination, mac("02:01:00:00:13:87"));
}

TEST_F(VisitorsTest, AnotherPrefixTakesThePlaceOfTheFormer) {
  solicit(kStranger, kStrangerAddress);
  clear();
  auto config = open_house();
  config.accesses[0].visited_prefix = prefix("2001:db8:e::/64");
  ASSERT_TRUE(gateway->reconfigure(now, config));
  drain();
  ASSERT_THAT(advertisements, SizeIs(2));
  const auto farewell = decode(advertisements[0]);
  EXPECT_EQ(wire::find<wire::PrefixInformation>(farewell.options)->prefix, kVisited.address);
  EXPECT_EQ(wire::find<wire::PrefixInformation>(farewell.options)->preferred_lifetime, 0U);
  EXPECT_EQ(advertised().prefix, address("2001:db8:e::"));
  EXPECT_EQ(decode(advertisements[1]).router_lifetime, 1800);
}

TEST_F(VisitorsTest, APrefixThatIsOfferedNoMoreIsWithdrawn) {
  solicit(kStranger, kStrangerAddress);
  clear();
  ASSERT_TRUE(gateway->reconfigure(now, default_config()));
  drain();
  ASSERT_THAT(advertisements, SizeIs(1));
  EXPECT_EQ(advertised().prefix, kVisited.address);
  EXPECT_EQ(advertised().preferred_lifetime, 0U);
  EXPECT_EQ(decode(advertisements[0]).router_lifetime, 0);
  clear();
  advance(10min);
  EXPECT_THAT(advertisements, IsEmpty());
}

}  // namespace
}  // namespace flowmob::core
