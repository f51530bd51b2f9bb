// SPDX-License-Identifier: Apache-2.0
// The signalling of IPv4 home addresses (RFC 5844 section 3.2.3).
#include "core/mag/ipv4_fixture_for_test.h"

namespace flowmob::core {
namespace {

using wire::BindingStatus;

class Ipv4Signalling : public Ipv4Gateway {};

TEST_F(Ipv4Signalling, AsksForBothFamilies) {
  solicit();
  EXPECT_TRUE(asks_for_prefixes());
  EXPECT_EQ(asked(), (wire::Ipv4HomeAddressRequest{0, {}}));
}

TEST_F(Ipv4Signalling, AsksForIpv4Alone) {
  start(ipv4_alone());
  solicit();
  EXPECT_TRUE(asks_for_ipv4());
  EXPECT_FALSE(asks_for_prefixes());
}

TEST_F(Ipv4Signalling, AsksForIpv6AloneUnlessToldOtherwise) {
  start(default_config());
  solicit();
  EXPECT_FALSE(asks_for_ipv4());
}

TEST_F(Ipv4Signalling, TheProfileSaysMoreThanTheGateway) {
  auto config = default_config();
  config.mobile_nodes[0].ip_versions = IpVersions::Dual;
  start(config);
  solicit();
  EXPECT_TRUE(asks_for_ipv4());
  solicit(kSecondNode, address("fe80::11"));
  EXPECT_FALSE(asks_for_ipv4());
}

TEST_F(Ipv4Signalling, AsksForTheAddressOfTheProfile) {
  auto config = dual();
  config.mobile_nodes[0].ipv4_address = Ipv4Interface::parse("192.0.2.7/24").value();
  start(config);
  solicit();
  EXPECT_EQ(asked(), (wire::Ipv4HomeAddressRequest{24, ip("192.0.2.7")}));
}

TEST_F(Ipv4Signalling, InstallsWhatIsAssigned) {
  register_with_ipv4();
  ASSERT_EQ(hosts.size(), 1U);
  EXPECT_EQ(hosts[0].ipv4, kIpv4Home);
  EXPECT_EQ(hosts[0].prefixes, std::vector{kHomePrefix});
  EXPECT_EQ(tunnels, 1);
  EXPECT_EQ(records.back().ipv4_home, kIpv4Home);
}

TEST_F(Ipv4Signalling, WithoutAReplyThereIsNoIpv4) {
  register_node();
  EXPECT_TRUE(only_binding().at("ipv4_address").is_null());
  EXPECT_FALSE(hosts[0].ipv4);
}

TEST_F(Ipv4Signalling, ARefusedReplyGivesNoIpv4) {
  solicit();
  answer([](auto& ack) {
    assign_ipv4(ack);
    for (auto& o : ack.options)
      if (auto* reply = std::get_if<wire::Ipv4HomeAddressReply>(&o))
        reply->status = wire::Ipv4HomeAddressStatus::ReasonUnspecified;
  });
  EXPECT_EQ(only_binding().at("state"), "registered");
  EXPECT_FALSE(hosts[0].ipv4);
}

TEST_F(Ipv4Signalling, WithoutARouterThereIsNoIpv4) {
  solicit();
  answer([](auto& ack) {
    assign_ipv4(ack);
    std::erase_if(ack.options,
                  [](const auto& o) { return std::holds_alternative<wire::Ipv4DefaultRouter>(o); });
  });
  EXPECT_FALSE(hosts[0].ipv4);
}

TEST_F(Ipv4Signalling, AnAddressThatNobodyAskedForIsNone) {
  start(default_config());
  solicit();
  accept_with_ipv4();
  EXPECT_TRUE(only_binding().at("ipv4_address").is_null());
}

TEST_F(Ipv4Signalling, Ipv4AloneAdvertisesNoRouter) {
  start(ipv4_alone());
  register_with_ipv4();
  EXPECT_TRUE(hosts[0].prefixes.empty());
  EXPECT_TRUE(advertisements.empty());
}

TEST_F(Ipv4Signalling, Ipv4AloneWithoutAnAddressIsNotServed) {
  start(ipv4_alone());
  solicit();
  accept();
  EXPECT_EQ(only_binding().at("state"), "refused");
  EXPECT_TRUE(hosts.empty());
}

TEST_F(Ipv4Signalling, ExtendsWithTheAssignedAddress) {
  register_with_ipv4();
  advance(std::chrono::minutes(5));
  EXPECT_EQ(asked(), (wire::Ipv4HomeAddressRequest{24, ip("192.0.2.2")}));
  EXPECT_TRUE(asks_for_prefixes());
  accept_with_ipv4();
  EXPECT_EQ(only_binding().at("ipv4_address"), "192.0.2.2/24");
}

TEST_F(Ipv4Signalling, WhatIsNotExtendedIsNotForwarded) {
  register_with_ipv4();
  advance(std::chrono::minutes(5));
  hosts.clear();
  accept();
  ASSERT_EQ(hosts.size(), 1U);
  EXPECT_FALSE(hosts[0].ipv4);
  EXPECT_TRUE(only_binding().at("ipv4_address").is_null());
}

TEST_F(Ipv4Signalling, DeregistersBothFamilies) {
  register_with_ipv4();
  ASSERT_TRUE(command("detach", {{"access", "wlan"}, {"mn", "mn1@example.com"}}));
  EXPECT_EQ(last_update.lifetime, 0);
  EXPECT_EQ(asked(), (wire::Ipv4HomeAddressRequest{24, ip("192.0.2.2")}));
  EXPECT_EQ(option<wire::HomeNetworkPrefixOption>(last_update).to_prefix(), kHomePrefix);
}

TEST_F(Ipv4Signalling, WithoutTheServiceOfIpv4ItIsNotAskedForAgain) {
  solicit();
  reject(BindingStatus::NotAuthorizedForIpv4MobilityService);
  EXPECT_FALSE(asks_for_ipv4());
  EXPECT_TRUE(asks_for_prefixes());
  accept();
  EXPECT_EQ(only_binding().at("state"), "registered");
  advance(std::chrono::minutes(5));
  EXPECT_FALSE(asks_for_ipv4());
  accept();
  ASSERT_TRUE(command("attach", {{"access", "wlan"}, {"mn", "mn1@example.com"}, {"mac", kNode.to_string()}}));
  EXPECT_TRUE(asks_for_ipv4());
}

TEST_F(Ipv4Signalling, WithoutTheServiceOfIpv6PrefixesAreNotAskedForAgain) {
  solicit();
  reject(BindingStatus::NotAuthorizedForIpv6MobilityService);
  EXPECT_TRUE(asks_for_ipv4());
  EXPECT_FALSE(asks_for_prefixes());
  accept_with_ipv4();
  EXPECT_EQ(only_binding().at("state"), "registered");
}

TEST_F(Ipv4Signalling, WithoutAnyServiceNothingIsAskedFor) {
  start(ipv4_alone());
  solicit();
  reject(BindingStatus::NotAuthorizedForIpv4MobilityService);
  EXPECT_EQ(updates.size(), 1U);
  EXPECT_EQ(only_binding().at("state"), "refused");
}

TEST_F(Ipv4Signalling, ARefusedAddressIsNotAskedForAgain) {
  auto config = dual();
  config.mobile_nodes[0].ipv4_address = Ipv4Interface::parse("192.0.2.7/24").value();
  start(config);
  solicit();
  reject(BindingStatus::NotAuthorizedForIpv4HomeAddress);
  EXPECT_EQ(asked(), (wire::Ipv4HomeAddressRequest{0, {}}));
  reject(BindingStatus::NotAuthorizedForIpv4HomeAddress);
  EXPECT_FALSE(asks_for_ipv4());
}

TEST_F(Ipv4Signalling, RestoresTheAddress) {
  register_with_ipv4();
  const auto record = AttachmentRecord::from_json(records.back().to_json());
  ASSERT_TRUE(record);
  EXPECT_EQ(*record, records.back());
  start(dual());
  gateway->restore(now, {*record});
  drain();
  ASSERT_EQ(hosts.size(), 1U);
  EXPECT_EQ(hosts[0].ipv4, kIpv4Home);
  EXPECT_EQ(asked(), (wire::Ipv4HomeAddressRequest{24, ip("192.0.2.2")}));
}

TEST_F(Ipv4Signalling, AReloadAddsIpv4) {
  start(default_config());
  solicit();
  accept();
  accept();  // the service
  auto config = default_config();
  config.ip_versions = IpVersions::Dual;
  ASSERT_TRUE(gateway->reconfigure(now, config));
  drain();
  EXPECT_EQ(asked(), (wire::Ipv4HomeAddressRequest{0, {}}));
  accept_with_ipv4();
  EXPECT_EQ(only_binding().at("ipv4_address"), "192.0.2.2/24");
}

}  // namespace
}  // namespace flowmob::core
