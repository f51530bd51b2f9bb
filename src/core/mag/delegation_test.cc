// SPDX-License-Identifier: Apache-2.0
#include "core/mag/delegation.h"

#include "core/delegated_prefix.h"
#include "core/mag/mag_fixture.h"

/// RFC 7148 at the gateway: prefixes of the networks behind mobile nodes that are routers.
namespace flowmob::core {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using wire::BindingStatus;

using Dmnp = wire::DelegatedMobileNetworkPrefix;

const Ipv6Prefix kLan = prefix("2001:db8:f00::/64"), kOtherLan = prefix("2001:db8:f00:10::/60");
const Dmnp kAnyDmnp{64, Ipv6Address{}};

class Delegation : public MagFixture {
 protected:
  Delegation() { start(config()); }

  static MagConfig config() {
    auto config = default_config();
    config.accesses[0].services = {};
    config.accesses[0].delegates = true;
    return config;
  }
  static std::vector<Dmnp> asked_in(const wire::ProxyBindingUpdate& update) {
    return wire::find_all<Dmnp>(update.options);
  }
  /// As an LMA that has these for the node.
  void delegate(const std::vector<Dmnp>& given) {
    answer([&](wire::ProxyBindingAcknowledgement& ack) {
      std::erase_if(ack.options, [](const auto& o) { return std::holds_alternative<Dmnp>(o); });
      ack.options.insert(ack.options.end(), given.begin(), given.end());
    });
  }
  void delegate_both() { delegate({delegated_option(kOtherLan), delegated_option(kLan)}); }
  void register_router() {
    solicit();
    delegate_both();
    ASSERT_EQ(only_binding().at("state"), "registered");
  }
  std::vector<std::string> shown() const {
    return only_binding().at("delegated_prefixes").get<std::vector<std::string>>();
  }
  void refuse(BindingStatus status) {
    answer([&](auto& ack) { ack.status = status; });
  }
};

TEST_F(Delegation, TheFirstRegistrationAsksForAny) {
  solicit();
  EXPECT_THAT(asked_in(last_update), ElementsAre(kAnyDmnp));
}

TEST_F(Delegation, WhereTheConfigurationDoesNotSaySoNoneAreAskedFor) {
  solicit(kNode, kNodeAddress, kWimax);
  EXPECT_THAT(asked_in(last_update), IsEmpty());
  delegate_both();
  EXPECT_THAT(shown(), IsEmpty()) << "nor taken";
  EXPECT_THAT(hosts.at(0).delegated, IsEmpty());
}

TEST_F(Delegation, ANodesOwnWordIsTheLast) {
  auto other = config();
  other.mobile_nodes[0].delegates = false;
  start(other);
  solicit();
  EXPECT_THAT(asked_in(last_update), IsEmpty());
  other.accesses[0].delegates = false;
  other.mobile_nodes[0].delegates = true;
  start(other);
  solicit();
  EXPECT_THAT(asked_in(last_update), ElementsAre(kAnyDmnp));
}

TEST_F(Delegation, WhatTheLmaDelegatesIsForwardedAndNeverAdvertised) {
  register_router();
  EXPECT_THAT(hosts.at(0).prefixes, ElementsAre(kHomePrefix));
  EXPECT_THAT(hosts.at(0).delegated, ElementsAre(kLan, kOtherLan));
  EXPECT_THAT(shown(), ElementsAre(kLan.to_string(), kOtherLan.to_string()));
  EXPECT_EQ(last_notice("registered").at("delegated_prefixes").size(), 2U);
  ASSERT_FALSE(advertisements.empty());
  for (const auto& sent : advertisements) {
    const auto said = decode(sent);
    EXPECT_EQ(std::ranges::count_if(
                  said.options,
                  [](const auto& option) { return std::holds_alternative<wire::PrefixInformation>(option); }),
              1);
  }
}

TEST_F(Delegation, ARefreshNamesThoseThatItHas) {
  register_router();
  clear();
  advance(300s);
  EXPECT_THAT(asked_in(last_update), ElementsAre(delegated_option(kLan), delegated_option(kOtherLan)));
  accept();
  EXPECT_THAT(hosts, IsEmpty()) << "nothing has changed";
}

TEST_F(Delegation, ANewAttachmentAsksForAnyAgain) {
  register_router();
  link(false);
  accept();
  link(true);
  solicit();
  EXPECT_GT(last_update.lifetime, 0);
  EXPECT_THAT(asked_in(last_update), ElementsAre(kAnyDmnp));
}

TEST_F(Delegation, SoDoesOneThatComesBackWhileItLeaves) {
  register_router();
  ASSERT_TRUE(command("detach", {{"access", "wlan"}, {"mac", kNode.to_string()}}));
  ASSERT_EQ(last_update.lifetime, 0);
  ASSERT_TRUE(command("attach", {{"access", "wlan"}, {"mac", kNode.to_string()}}));
  EXPECT_GT(last_update.lifetime, 0);
  EXPECT_THAT(asked_in(last_update), ElementsAre(kAnyDmnp));
  EXPECT_THAT(shown(), SizeIs(2)) << "it is served on";
}

TEST_F(Delegation, WhatTheLmaTakesBackIsForwardedNoMore) {
  register_router();
  advance(300s);
  delegate({delegated_option(kLan)});
  EXPECT_THAT(hosts.back().delegated, ElementsAre(kLan));
  EXPECT_THAT(shown(), ElementsAre(kLan.to_string()));
  EXPECT_THAT(records.back().delegated, ElementsAre(kLan));
}

/// It ignores what it does not know (RFC 7148 section 5.2.2).
TEST_F(Delegation, AnLmaThatKnowsNothingOfItIsAskedOn) {
  solicit();
  delegate({});
  EXPECT_EQ(only_binding().at("state"), "registered");
  advance(300s);
  EXPECT_THAT(asked_in(last_update), ElementsAre(kAnyDmnp));
}

TEST_F(Delegation, Status177EndsItAndNotTheRegistration) {
  solicit();
  refuse(BindingStatus::NotAuthorizedForDelegatedMnp);
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_THAT(asked_in(last_update), IsEmpty());
  EXPECT_GT(last_update.lifetime, 0);
  accept();
  EXPECT_EQ(only_binding().at("state"), "registered");
  EXPECT_THAT(hosts.back().delegated, IsEmpty());
  advance(300s);
  EXPECT_THAT(asked_in(last_update), IsEmpty()) << "until somebody acts";
  accept();
  ASSERT_TRUE(command("attach", {{"access", "wlan"}, {"mac", kNode.to_string()}}));
  EXPECT_THAT(asked_in(last_update), ElementsAre(kAnyDmnp));
}

TEST_F(Delegation, Status177OfARefreshTakesThemAtOnce) {
  register_router();
  advance(300s);
  clear();
  refuse(BindingStatus::NotAuthorizedForDelegatedMnp);
  ASSERT_THAT(hosts, SizeIs(1));
  EXPECT_THAT(hosts[0].delegated, IsEmpty()) << "not when the next answer comes";
  EXPECT_THAT(shown(), IsEmpty());
  EXPECT_THAT(asked_in(last_update), IsEmpty());
  accept();
  EXPECT_EQ(only_binding().at("state"), "registered");
  EXPECT_THAT(records.back().delegated, IsEmpty());
  EXPECT_THAT(removed_hosts, IsEmpty()) << "the node itself is served throughout";
}

TEST_F(Delegation, Status178OfNamedOnesAsksForAny) {
  register_router();
  advance(300s);
  clear();
  refuse(BindingStatus::RequestedDmnpInUse);
  ASSERT_THAT(hosts, SizeIs(1));
  EXPECT_THAT(hosts[0].delegated, IsEmpty());
  EXPECT_THAT(asked_in(last_update), ElementsAre(kAnyDmnp));
  delegate({delegated_option(kOtherLan)});
  EXPECT_THAT(hosts.back().delegated, ElementsAre(kOtherLan));
}

TEST_F(Delegation, Status178OfAnyGoesOnWithout) {
  register_router();
  advance(300s);
  refuse(BindingStatus::RequestedDmnpInUse);
  refuse(BindingStatus::RequestedDmnpInUse);
  EXPECT_THAT(asked_in(last_update), IsEmpty());
  accept();
  EXPECT_EQ(only_binding().at("state"), "registered");
  EXPECT_THAT(shown(), IsEmpty());
}

TEST_F(Delegation, ARefusalOfWhatWasNotAskedForIsOne) {
  solicit(kNode, kNodeAddress, kWimax);
  refuse(BindingStatus::NotAuthorizedForDelegatedMnp);
  EXPECT_EQ(only_binding().at("state"), "refused");
  EXPECT_THAT(updates, SizeIs(1));
}

TEST_F(Delegation, PrefixesThatNobodyCanForwardAreNone) {
  for (const auto& wrong : {Dmnp{48, kLan.address}, Dmnp{65, kLan.address}, Dmnp{200, kLan.address},
                            Dmnp{64, address("fe80::")}, kAnyDmnp}) {
    start(config());
    solicit();
    delegate({delegated_option(kLan), wrong});
    EXPECT_EQ(only_binding().at("state"), "registered");
    EXPECT_THAT(hosts.at(0).delegated, IsEmpty());
    EXPECT_EQ(notified("delegated-prefixes-unusable"), 1U);
  }
}

TEST_F(Delegation, MoreThanThereAreRowsForAreNone) {
  solicit();
  std::vector<Dmnp> many;
  for (std::uint8_t i = 0; i <= kMostDelegated; ++i) {
    auto one = kLan;
    one.address.octets[6] = i;
    many.push_back(delegated_option(one));
  }
  delegate(many);
  EXPECT_THAT(hosts.at(0).delegated, IsEmpty());
}

TEST_F(Delegation, OneOfIpv4WasNotAskedFor) {
  solicit();
  delegate({Dmnp{24, Ipv4Address{{192, 0, 2, 0}}}, delegated_option(kLan), delegated_option(kLan)});
  EXPECT_THAT(hosts.at(0).delegated, ElementsAre(kLan));
}

TEST_F(Delegation, ADeregistrationTakesThemAway) {
  register_router();
  link(false);
  EXPECT_EQ(last_update.lifetime, 0);
  EXPECT_THAT(asked_in(last_update), IsEmpty());
  accept();
  EXPECT_THAT(removed_hosts, SizeIs(1));
  EXPECT_THAT(bindings(), IsEmpty());
}

TEST_F(Delegation, AnExpiredBindingHasNone) {
  register_router();
  advance(601s);
  EXPECT_THAT(asked_in(last_update), ElementsAre(kAnyDmnp));
  EXPECT_THAT(shown(), IsEmpty());
}

TEST_F(Delegation, TheRecordHasThemAndARestartKeepsThem) {
  register_router();
  const auto record = records.back();
  EXPECT_THAT(record.delegated, ElementsAre(kLan, kOtherLan));
  const auto read = AttachmentRecord::from_json(record.to_json());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, record);
  start(config());
  gateway->restore(now, {*read});
  drain();
  EXPECT_THAT(hosts.at(0).delegated, ElementsAre(kLan, kOtherLan));
  EXPECT_THAT(asked_in(last_update), ElementsAre(delegated_option(kLan), delegated_option(kOtherLan)));
}

TEST_F(Delegation, ARecordOfAnEarlierVersionHasNone) {
  register_router();
  auto json = records.back().to_json();
  json.erase("delegated_prefixes");
  const auto read = AttachmentRecord::from_json(json);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_THAT(read->delegated, IsEmpty());
  json["delegated_prefixes"] = {"2001:db8::/48"};
  EXPECT_FALSE(AttachmentRecord::from_json(json));
}

TEST_F(Delegation, AnotherConfigurationAsksAtOnceOrNoMore) {
  register_router();
  auto without = config();
  without.accesses[0].delegates = false;
  ASSERT_TRUE(gateway->reconfigure(now, without));
  drain();
  EXPECT_THAT(asked_in(last_update), IsEmpty());
  delegate({});
  EXPECT_THAT(hosts.back().delegated, IsEmpty());
  ASSERT_TRUE(gateway->reconfigure(now, config()));
  drain();
  EXPECT_THAT(asked_in(last_update), ElementsAre(kAnyDmnp));
  delegate_both();
  EXPECT_THAT(hosts.back().delegated, ElementsAre(kLan, kOtherLan));
}

TEST_F(Delegation, OtherPathsRegisterThemAsWell) {
  auto several = config();
  const auto second = address("2001:db8:a:2::1");
  several.paths = {{kMag, wire::AccessTechnology::Ethernet, 9}, {second, wire::AccessTechnology::Eutran, 11}};
  start(several);
  solicit();
  delegate_both();
  ASSERT_THAT(updates, SizeIs(2));
  EXPECT_THAT(asked_in(last_update), ElementsAre(delegated_option(kLan), delegated_option(kOtherLan)));
}

TEST_F(Delegation, WhoIsBehindTheNodeIsToldOfTunnelErrors) {
  register_router();
  const auto told = [&](const char* source) {
    Bytes packet{0x60, 0, 0, 0, 5, 0x8c, 17, 9};
    append(packet, address(source).octets);
    append(packet, address("2001:db8:c::10").octets);
    packet.resize(100);
    clear();
    gateway->handle_tunnel_error(now, {kMag, kLma, TunnelErrorKind::Unreachable, 0, 40, packet});
    drain();
    return advertisements;
  };
  const auto sent = told("2001:db8:f00:1f::2");
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent[0].link_destination, kNode);
  EXPECT_EQ(sent[0].destination, address("2001:db8:f00:1f::2"));
  EXPECT_THAT(told("2001:db8:f00:20::2"), IsEmpty()) << "nobody's";
}

}  // namespace
}  // namespace flowmob::core
