// SPDX-License-Identifier: Apache-2.0
#include "core/mag/mag_fixture.h"

/// What RFC 6275 asks of a sender of Binding Updates and a receiver of Binding Acknowledgements, and RFC 5213
/// leaves as it is.
namespace flowmob::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class MobileIpv6Rules : public MagFixture {};

/// Where an option stands among the others.
template <class Option>
std::size_t place_of(const wire::ProxyBindingUpdate& update) {
  const auto holds = [](const auto& o) { return std::holds_alternative<Option>(o); };
  return static_cast<std::size_t>(std::ranges::find_if(update.options, holds) - update.options.begin());
}

TEST_F(MobileIpv6Rules, OnlyTheFlagsOfAProxyAreSet) {  // section 6.1.7
  register_node();
  advance(300s);
  link(false);
  ASSERT_THAT(updates, SizeIs(3));
  for (const auto& update : updates) {
    EXPECT_TRUE(update.acknowledge && update.proxy);
    EXPECT_FALSE(update.home || update.link_local_compat || update.key_management || update.map ||
                 update.mobile_router || update.force_udp || update.tlv_header || update.bulk);
    EXPECT_EQ(update.other_flags, 0);
  }
}

TEST_F(MobileIpv6Rules, TheIdentifierComesFirstAndThenTheService) {  // RFC 4283 section 3.2, RFC 5149
  solicit();
  EXPECT_EQ(place_of<wire::MobileNodeIdentifier>(updates[0]), 0U);
  EXPECT_LT(place_of<wire::ServiceSelection>(updates[0]), updates[0].options.size());
  EXPECT_EQ(place_of<wire::UnknownOption>(updates[0]), updates[0].options.size())
      << "none that authenticates stands in front of it";
}

TEST_F(MobileIpv6Rules, ReservedFlagsOfAnAnswerAreIgnored) {  // section 6.1.8
  solicit();
  answer([](auto& ack) {
    ack.other_flags = 0x07;
    ack.key_management = ack.mobile_router = true;
  });
  EXPECT_EQ(only_binding().at("state"), "registered");
}

TEST_F(MobileIpv6Rules, OptionsThatNobodyKnowsAreSkippedWhereverTheyStand) {  // section 6.2.1
  solicit();
  answer([](auto& ack) {
    const wire::UnknownOption unknown{251, Bytes{1, 2, 3}};
    ack.options.insert(ack.options.begin(), unknown);
    ack.options.insert(ack.options.begin() + 2, unknown);
    ack.options.push_back(unknown);
  });
  EXPECT_EQ(only_binding().at("state"), "registered");
  EXPECT_THAT(hosts, SizeIs(1));
}

TEST_F(MobileIpv6Rules, WhatIsAcknowledgedIsNotSentAgain) {  // section 11.7.3
  solicit();
  advance(1s);
  ASSERT_THAT(updates, SizeIs(2));
  accept();
  advance(299s);
  EXPECT_THAT(updates, SizeIs(2));
}

TEST_F(MobileIpv6Rules, TheAdvisedRefreshIsSooner) {  // sections 6.2.4 and 11.7.3
  const auto refreshed_after = [&](std::uint16_t advised) {
    start(default_config());
    solicit();
    const Now registered = now;
    answer([&](auto& ack) { ack.options.emplace_back(wire::BindingRefreshAdvice{advised}); });
    while (updates.size() < 2) advance(1s);
    return now.monotonic - registered.monotonic;
  };
  EXPECT_EQ(refreshed_after(25), 100s);
  EXPECT_EQ(refreshed_after(100), 300s) << "never later";
  EXPECT_EQ(refreshed_after(0), 300s) << "which is no advice";
}

TEST_F(MobileIpv6Rules, EachNodeHasItsOwnBackOff) {  // section 11.8
  solicit();
  advance(3500ms);
  ASSERT_THAT(update_times, ElementsAre(0s, 1s, 3s));
  clear();
  solicit(kSecondNode, address("fe80::11"));
  advance(4s);
  EXPECT_THAT(update_times, ElementsAre(3500ms, 4500ms, 6500ms, 7s));
}

TEST_F(MobileIpv6Rules, AnAnswerToNothingIsIgnored) {  // section 11.7.3
  solicit();
  auto other = answer_to(last_update);
  ++other.sequence;
  clear();
  deliver(other);
  EXPECT_EQ(counter("drops", "unmatched-acknowledgement"), 1U);
  EXPECT_THAT(order, IsEmpty());
  EXPECT_EQ(only_binding().at("state"), "registering");
}

}  // namespace
}  // namespace flowmob::core
