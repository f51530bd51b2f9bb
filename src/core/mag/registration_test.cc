// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "core/mag/mag_fixture.h"

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace flowmob::core {
namespace {

using wire::BindingStatus;
using wire::HandoffIndicator;

class Registration : public MagFixture {};

TEST_F(Registration, SolicitationOfKnownNodeRegistersIt) {
  solicit();
  ASSERT_THAT(updates, SizeIs(1));
  const auto& update = updates[0];
  EXPECT_TRUE(update.acknowledge && update.proxy);
  EXPECT_FALSE(update.home);
  EXPECT_EQ(update.lifetime, 150);
  const std::string mn = "mn1@example.com";
  EXPECT_EQ(option<wire::MobileNodeIdentifier>(update).identifier, Bytes(mn.begin(), mn.end()));
  const auto prefixes = wire::find_all<wire::HomeNetworkPrefixOption>(update.options);
  ASSERT_THAT(prefixes, SizeIs(1));
  EXPECT_TRUE(prefixes[0].is_all_zero());
  EXPECT_EQ(option<wire::HandoffIndicatorOption>(update).indicator,
            HandoffIndicator::NewInterfaceSharingPrefixes);
  EXPECT_EQ(option<wire::AccessTechnologyTypeOption>(update).type, wire::AccessTechnology::Wlan);
  EXPECT_EQ(option<wire::MnLinkLayerIdentifier>(update).identifier,
            Bytes(kNode.octets.begin(), kNode.octets.end()));
  EXPECT_EQ(option<wire::TimestampOption>(update), wire::TimestampOption::from_wall(now.wall));
  EXPECT_EQ(service_of(update), "video");
  EXPECT_EQ(wire::find<wire::LinkLocalAddressOption>(update.options), nullptr);
  EXPECT_EQ(only_binding().at("state"), "registering");
  EXPECT_THAT(advertisements, IsEmpty());
  EXPECT_EQ(last_notice("node-attached").at("how"), "router-solicitation");
}

/// RFC 5213 section 6.9.1.1: what the operator of the link knows; a MAG alone cannot tell that a node was
/// handed over.
TEST_F(Registration, HandoffIndicatorIsWhatIsKnownOfTheLink) {
  using enum HandoffIndicator;
  for (const auto indicator :
       {NewInterface, HandoffBetweenInterfaces, HandoffBetweenMags, Unknown, NewInterfaceSharingPrefixes}) {
    auto config = default_config();
    config.accesses[0].handoff_indicator = indicator;
    start(config);
    solicit();
    ASSERT_THAT(updates, SizeIs(1));
    EXPECT_EQ(option<wire::HandoffIndicatorOption>(updates[0]).indicator, indicator);
  }
  const auto unsaid = AccessConfig{}.handoff_indicator;
  EXPECT_TRUE(unsaid != HandoffBetweenInterfaces && unsaid != HandoffBetweenMags);
}

TEST_F(Registration, AcceptanceBringsTunnelRowAndThenAdvertisement) {
  register_node();
  EXPECT_THAT(order, ElementsAre("message", "ensure-tunnel", "install-host", "persist", "advertisement"));
  ASSERT_THAT(hosts, SizeIs(1));
  EXPECT_EQ(hosts[0], (InstallHost{SessionId{1}, kWlan, kNode, kRouterMac, {kHomePrefix}, kMag, kLma, 1460}));
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0].prefixes, std::vector{kHomePrefix});
  EXPECT_EQ(records[0].expires, now.wall + 600s);
  EXPECT_EQ(records[0].sequence, updates[0].sequence);
  EXPECT_EQ(records[0].node_link_local, kNodeAddress);
  const Json binding = only_binding();
  EXPECT_EQ(binding.at("lifetime_seconds"), 600);
  EXPECT_EQ(binding.at("prefixes"), Json::array({"2001:db8:100:1::/64"}));
  EXPECT_EQ(binding.at("status"), "ACCEPTED");
  EXPECT_EQ(binding.at("interface"), "acc0");
  EXPECT_EQ(binding.at("session"), 1);
}

TEST_F(Registration, NothingIsAdvertisedBeforeTheRowIsInPlace) {
  answer_installs = false;
  solicit();
  accept();
  solicit();
  EXPECT_THAT(advertisements, IsEmpty());
  EXPECT_EQ(only_binding().at("state"), "registering");
  ASSERT_THAT(unanswered, SizeIs(1));
  gateway->handle_effect_result(now, unanswered[0], {});
  drain();
  EXPECT_THAT(advertisements, SizeIs(1));
  EXPECT_EQ(only_binding().at("state"), "registered");
}

TEST_F(Registration, RetransmitsAfter1s2s4s8s16s32s32sWithFreshSequenceAndTimestamp) {
  solicit();
  advance(130s);
  EXPECT_THAT(update_times, ElementsAre(0s, 1s, 3s, 7s, 15s, 31s, 63s, 95s, 127s));
  for (std::size_t i = 1; i < updates.size(); ++i) {
    EXPECT_EQ(updates[i].sequence, updates[i - 1].sequence + 1);
    EXPECT_EQ(option<wire::TimestampOption>(updates[i]),
              wire::TimestampOption::from_wall(start_time.wall + update_times[i]));
    auto same = updates[i];
    EXPECT_EQ(service_of(same), "video");
  }
  EXPECT_EQ(notified("retransmitting"), 8U);
}

TEST_F(Registration, AnswerToAnEarlierTransmissionCountsAndLifetimeRunsFromItsSending) {
  solicit();
  advance(1500ms);
  ASSERT_THAT(updates, SizeIs(2));
  deliver(answer_to(updates[0]));
  EXPECT_EQ(only_binding().at("state"), "registered");
  EXPECT_EQ(only_binding().at("remaining_seconds"), 598);
  clear();
  advance(60s);
  EXPECT_THAT(updates, IsEmpty());
}

TEST_F(Registration, ReregistersHalfwayWithAssignedPrefixesAndNoService) {
  register_node();
  advance(299s);
  ASSERT_THAT(updates, SizeIs(1));
  advance(1s);
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_EQ(option<wire::HandoffIndicatorOption>(updates[1]).indicator, HandoffIndicator::NoChange);
  EXPECT_EQ(option<wire::HomeNetworkPrefixOption>(updates[1]).to_prefix(), kHomePrefix);
  EXPECT_EQ(service_of(updates[1]), "");
  accept();
  EXPECT_EQ(only_binding().at("remaining_seconds"), 600);
  EXPECT_EQ(notified("reregistered"), 1U);
  EXPECT_THAT(hosts, SizeIs(1));
  EXPECT_THAT(records, SizeIs(2));
}

TEST_F(Registration, ShorterGrantShortensTheBinding) {
  solicit();
  advance(500ms);
  answer([](auto& ack) { ack.lifetime = 25; });
  EXPECT_EQ(only_binding().at("lifetime_seconds"), 100);
  EXPECT_EQ(only_binding().at("remaining_seconds"), 99);
  advance(50s);
  EXPECT_THAT(updates, SizeIs(2));
}

TEST_F(Registration, LongerGrantThanAskedForIsNotBelieved) {
  solicit();
  answer([](auto& ack) { ack.lifetime = 60000; });
  EXPECT_EQ(only_binding().at("lifetime_seconds"), 600);
}

TEST_F(Registration, UnansweredReregistrationEndsServiceWhenTheBindingExpires) {
  register_node();
  clear();
  advance(599s);
  EXPECT_THAT(removed_hosts, IsEmpty());
  advance(1s);
  EXPECT_THAT(removed_hosts, SizeIs(1));
  EXPECT_EQ(tunnels, 0);
  EXPECT_EQ(decode(advertisements.back()).router_lifetime, 0);
  EXPECT_EQ(notified("binding-expired"), 1U);
  EXPECT_EQ(only_binding().at("state"), "registering");
  EXPECT_TRUE(option<wire::HomeNetworkPrefixOption>(updates.back()).is_all_zero());
  accept();
  EXPECT_EQ(only_binding().at("state"), "registered");
}

/// It may not have heard that its router is gone, and does not ask for one.
TEST_F(Registration, NodeWhoseBindingRanOutIsKnownToASuccessor) {
  register_node();
  const auto kept = records;
  clear();
  advance(601s);
  ASSERT_THAT(removed_hosts, SizeIs(1));
  EXPECT_THAT(forgotten, IsEmpty());
  start(default_config());
  gateway->restore(now, kept);
  drain();
  ASSERT_THAT(updates, SizeIs(1));
  accept();
  EXPECT_EQ(only_binding().at("state"), "registered");
  ASSERT_TRUE(command("detach", {{"access", "wlan"}, {"mac", kNode.to_string()}}));
  accept();
  EXPECT_THAT(forgotten, SizeIs(1));
}

TEST_F(Registration, RecordOfANodeThatIsRefusedInTheEndGoes) {
  register_node();
  clear();
  advance(601s);
  EXPECT_THAT(forgotten, IsEmpty());
  reject(wire::BindingStatus::NotLmaForThisMobileNode);
  EXPECT_THAT(forgotten, SizeIs(1));
}

/// It came back while it left, and nobody answers any more: the prefix may be somebody else's when its time
/// is over.
TEST_F(Registration, ServiceOfANodeThatCameBackEndsWithTheFormerBinding) {
  register_node();
  advance(60s);
  ASSERT_TRUE(command("detach", {{"access", "wlan"}, {"mac", kNode.to_string()}}));
  advance(500ms);
  ASSERT_TRUE(command("attach", {{"access", "wlan"}, {"mac", kNode.to_string()}}));
  EXPECT_THAT(removed_hosts, IsEmpty()) << "packets under way still reach it";
  advance(538s);
  EXPECT_THAT(removed_hosts, IsEmpty());
  advance(2s);
  EXPECT_THAT(removed_hosts, SizeIs(1));
  EXPECT_EQ(only_binding().at("state"), "registering");
}

TEST_F(Registration, BindingThatEndsDuringItsDeregistrationIsNotAskedForAgain) {
  register_node();
  for (int minute = 0; minute < 10; ++minute) advance(59950ms);
  ASSERT_TRUE(command("detach", {{"access", "wlan"}, {"mac", kNode.to_string()}}));
  advance(700ms);
  EXPECT_THAT(removed_hosts, SizeIs(1));
  EXPECT_EQ(only_binding().at("state"), "deregistering");
  EXPECT_EQ(last_update.lifetime, 0);
}

TEST_F(Registration, EachServiceHasItsOwnUpdate) {
  auto config = default_config();
  config.accesses[0].services = {"video", "voice", "web"};
  start(config);
  solicit();
  EXPECT_EQ(service_of(updates[0]), "video");
  accept();
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_EQ(service_of(updates[1]), "voice");
  EXPECT_EQ(option<wire::HandoffIndicatorOption>(updates[1]).indicator, HandoffIndicator::NoChange);
  EXPECT_EQ(option<wire::HomeNetworkPrefixOption>(updates[1]).to_prefix(), kHomePrefix);
  EXPECT_GT(option<wire::TimestampOption>(updates[1]).value, option<wire::TimestampOption>(updates[0]).value);
  advance(1s);
  EXPECT_EQ(service_of(updates[2]), "voice");
  accept();
  EXPECT_EQ(service_of(updates[3]), "web");
  accept();
  EXPECT_THAT(updates, SizeIs(4));
  EXPECT_THAT(hosts, SizeIs(1));
}

/// RFC 5149 section 4.1: the binding is deleted. What the node may have it gets by a new one.
TEST_F(Registration, RefusedFurtherServiceEndsTheBindingAndANewOneDoesWithout) {
  auto config = default_config();
  config.mobile_nodes[0].services = {"video", "voice", "web"};
  start(config);
  solicit();
  accept();
  clear();
  reject(BindingStatus::ServiceAuthorizationFailed);
  EXPECT_EQ(last_notice("registration-refused").at("status"), "SERVICE_AUTHORIZATION_FAILED");
  EXPECT_THAT(removed_hosts, SizeIs(1));
  EXPECT_EQ(decode(advertisements.back()).router_lifetime, 0);
  EXPECT_EQ(only_binding().at("prefixes"), Json::array());
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(service_of(updates[0]), "video");
  EXPECT_TRUE(option<wire::HomeNetworkPrefixOption>(updates[0]).is_all_zero());
  accept();
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_EQ(service_of(updates[1]), "web");
  accept();
  EXPECT_EQ(only_binding().at("state"), "registered");
  advance(300s);
  EXPECT_THAT(updates, SizeIs(3));
  EXPECT_EQ(service_of(updates[2]), "");
}

TEST_F(Registration, LastServiceRefusedStillReregisters) {
  auto config = default_config();
  config.mobile_nodes[0].services = {"video", "voice"};
  start(config);
  solicit();
  accept();
  reject(BindingStatus::ServiceAuthorizationFailed);
  accept();
  ASSERT_THAT(updates, SizeIs(3));
  advance(300s);
  EXPECT_THAT(updates, SizeIs(4));
}

TEST_F(Registration, ProfileWithoutServicesNamesNone) {
  auto config = default_config();
  config.mobile_nodes[0].services = std::vector<std::string>{};
  start(config);
  solicit();
  EXPECT_EQ(wire::find<wire::ServiceSelection>(updates[0].options), nullptr);
}

TEST_F(Registration, OtherPrefixesOnReregistrationReplaceTheRowAndWithdrawTheOld) {
  register_node();
  advance(300s);
  clear();
  const auto renumbered = prefix("2001:db8:100:2::/64");
  answer([&](auto& ack) {
    std::erase_if(ack.options,
                  [](auto& o) { return std::holds_alternative<wire::HomeNetworkPrefixOption>(o); });
    ack.options.emplace_back(wire::HomeNetworkPrefixOption::of(renumbered));
  });
  ASSERT_THAT(hosts, SizeIs(1));
  EXPECT_EQ(hosts[0].prefixes, std::vector{renumbered});
  ASSERT_THAT(advertisements, SizeIs(2));
  const auto old = decode(advertisements[0]);
  EXPECT_EQ(old.router_lifetime, 1800);
  EXPECT_EQ(wire::find<wire::PrefixInformation>(old.options)->prefix, kHomePrefix.address);
  EXPECT_EQ(wire::find<wire::PrefixInformation>(old.options)->valid_lifetime, 0U);
  EXPECT_EQ(wire::find<wire::PrefixInformation>(decode(advertisements[1]).options)->prefix,
            renumbered.address);
  EXPECT_EQ(tunnels, 1);
}

void renumber(wire::ProxyBindingAcknowledgement& ack, const Ipv6Prefix& to) {
  std::erase_if(ack.options,
                [](auto& o) { return std::holds_alternative<wire::HomeNetworkPrefixOption>(o); });
  ack.options.emplace_back(wire::HomeNetworkPrefixOption::of(to));
}

/// The valid lifetime that an advertisement gives a prefix; nothing if it does not name it.
std::optional<std::uint32_t> valid_lifetime(const wire::RouterAdvertisement& sent, const Ipv6Prefix& prefix) {
  for (const auto& option : sent.options)
    if (const auto* information = std::get_if<wire::PrefixInformation>(&option))
      if (information->prefix == prefix.address) return information->valid_lifetime;
  return std::nullopt;
}

/// RFC 5213 section 6.12.
TEST_F(Registration, PrefixThatIsNoMoreIsWithdrawnAgainAndAgainForAWhile) {
  const auto renumbered = prefix("2001:db8:100:2::/64");
  register_node();
  advance(300s);
  answer([&](auto& ack) { renumber(ack, renumbered); });
  clear();
  const auto minutes_pass = [this](int minutes) {
    for (int i = 0; i < minutes; ++i) {
      advance(1min);
      accept();
    }
  };
  minutes_pass(59);
  ASSERT_THAT(advertisements, SizeIs(testing::Gt(50U)));
  for (const auto& sent : advertisements) {
    EXPECT_EQ(valid_lifetime(decode(sent), kHomePrefix), 0U);
    EXPECT_EQ(valid_lifetime(decode(sent), renumbered), 7200U);
  }
  minutes_pass(3);
  EXPECT_EQ(valid_lifetime(decode(advertisements.back()), kHomePrefix), std::nullopt);
}

TEST_F(Registration, PrefixThatComesBackIsNotWithdrawnAnyMore) {
  register_node();
  advance(300s);
  answer([&](auto& ack) { renumber(ack, prefix("2001:db8:100:2::/64")); });
  advance(300s);
  answer([&](auto& ack) { renumber(ack, kHomePrefix); });
  clear();
  advance(60s);
  ASSERT_THAT(advertisements, Not(IsEmpty()));
  EXPECT_EQ(valid_lifetime(decode(advertisements.back()), kHomePrefix), 7200U);
}

TEST_F(Registration, AnchorThatRenumbersAllTheTimeFillsNoAdvertisement) {
  register_node();
  for (int i = 2; i < 40; ++i) {
    advance(300s);
    answer([&](auto& ack) { renumber(ack, prefix(fmt::format("2001:db8:100:{:x}::/64", i))); });
    advertisements.clear();
    advance(5s);
    ASSERT_THAT(advertisements, Not(IsEmpty()));
    EXPECT_LE(decode(advertisements.back()).options.size(), 8U + 1 + 2);
  }
}

TEST_F(Registration, OneTunnelForAllNodesUntilTheLastLeaves) {
  register_node();
  solicit(kSecondNode, address("fe80::11"));
  answer([](auto& ack) {
    std::erase_if(ack.options,
                  [](auto& o) { return std::holds_alternative<wire::HomeNetworkPrefixOption>(o); });
    ack.options.emplace_back(wire::HomeNetworkPrefixOption::of(prefix("2001:db8:100:9::/64")));
  });
  EXPECT_EQ(tunnels, 1);
  EXPECT_EQ(command("show tunnels", Json::object()).value().dump(),
            R"({"tunnels":[{"local":"2001:db8:a::1","remote":"2001:db8:1::1","sessions":2}]})");
  ASSERT_TRUE(command("detach", {{"access", "wlan"}, {"mac", kNode.to_string()}}));
  accept();
  EXPECT_EQ(tunnels, 1);
  ASSERT_TRUE(command("detach", {{"access", "wlan"}, {"mn", "mn2@example.com"}}));
  accept();
  EXPECT_EQ(tunnels, 0);
  EXPECT_EQ(order.back(), "forget");
}

TEST_F(Registration, WithoutFixedAddressTheLmaSaysTheRoutersAddress) {
  auto config = default_config();
  config.router_link_local = {};
  start(config);
  solicit();
  EXPECT_TRUE(option<wire::LinkLocalAddressOption>(updates[0]).address.is_unspecified());
  const auto generated = address("fe80::1234");
  answer([&](auto& ack) {
    for (auto& o : ack.options)
      if (auto* ours = std::get_if<wire::LinkLocalAddressOption>(&o)) ours->address = generated;
  });
  ASSERT_THAT(advertisements, SizeIs(1));
  EXPECT_EQ(advertisements[0].source, generated);
}

TEST_F(Registration, RoutersAddressThatTheNodeUsesIsReplacedAndUploaded) {
  auto config = default_config();
  config.router_link_local = {};
  start(config);
  solicit();
  answer([&](auto& ack) {
    for (auto& o : ack.options)
      if (auto* ours = std::get_if<wire::LinkLocalAddressOption>(&o)) ours->address = kNodeAddress;
  });
  ASSERT_THAT(advertisements, SizeIs(1));
  EXPECT_EQ(advertisements[0].source, kRouter);
  advance(0s);
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_EQ(option<wire::LinkLocalAddressOption>(updates[1]).address, kRouter);
}

TEST_F(Registration, FailedRowGivesTheBindingBackAndTriesAgainLater) {
  install_outcome = fail("no-space", "map is full");
  solicit();
  accept();
  EXPECT_EQ(last_notice("host-install-failed").at("code"), "no-space");
  EXPECT_EQ(only_binding().at("state"), "refused");
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_EQ(updates[1].lifetime, 0);
  EXPECT_EQ(tunnels, 0);
  EXPECT_THAT(removed_hosts, SizeIs(1));
  EXPECT_THAT(advertisements, IsEmpty());
  accept();
  install_outcome = {};
  advance(32s);
  ASSERT_THAT(updates, SizeIs(3));
  accept();
  EXPECT_EQ(only_binding().at("state"), "registered");
  EXPECT_THAT(advertisements, SizeIs(1));
}

TEST_F(Registration, LateAnswerToAnOutdatedInstallIsIgnored) {
  answer_installs = false;
  solicit();
  accept();
  link(false);
  ASSERT_THAT(unanswered, SizeIs(1));
  gateway->handle_effect_result(now, unanswered[0], fail("late", ""));
  gateway->handle_effect_result(now, EffectId{12345}, fail("never-asked", ""));
  drain();
  EXPECT_EQ(notified("host-install-failed"), 0U);
  EXPECT_EQ(only_binding().at("state"), "deregistering");
}

}  // namespace
}  // namespace flowmob::core
