// SPDX-License-Identifier: Apache-2.0
#include "core/mag/prefix_delegation.h"

#include "core/delegated_prefix.h"
#include "core/mag/mag_fixture.h"

/// RFC 7148 section 5.1.3.1: DHCPv6 prefix delegation at the gateway, over the frames of the link.
namespace flowmob::core {
namespace {

using namespace std::chrono_literals;
using dhcp6::IaPd;
using dhcp6::Message;
using dhcp6::Status;
using dhcp6::Type;
using Dmnp = wire::DelegatedMobileNetworkPrefix;

const Ipv6Prefix kVan = prefix("2001:db8:f00::/60");
const Bytes kClientDuid{0, 3, 0, 1, 2, 0, 0, 0, 0, 1};

class Dhcp6OnTheLink : public MagFixture {
 protected:
  Dhcp6OnTheLink() { start(config()); }

  static MagConfig config(bool delegates = true) {
    auto config = default_config();
    config.accesses[0].services = {};
    config.accesses[0].delegates = delegates;
    return config;
  }
  void delegate(const std::vector<Dmnp>& given) {
    answer([&](wire::ProxyBindingAcknowledgement& ack) {
      std::erase_if(ack.options, [](const auto& o) { return std::holds_alternative<Dmnp>(o); });
      ack.options.insert(ack.options.end(), given.begin(), given.end());
    });
  }
  void register_router() {
    solicit();
    delegate({delegated_option(kVan)});
    clear();
  }
  static Message said(Type type, std::vector<dhcp6::IaPrefix> had = {}) {
    Message m{type, 0x010203, {}};
    m.add(dhcp6::option::kClientId, kClientDuid);
    if (type == Type::Request || type == Type::Renew || type == Type::Release)
      m.add(dhcp6::option::kServerId, dhcp6::server_id());
    m.add(dhcp6::option::kIaPd, encode(IaPd{7, 0, 0, std::move(had), {}}));
    return m;
  }
  void say(const Message& m, const Ipv6Address& to = dhcp6::kAllServers, const MacAddress& from = kNode) {
    const dhcp6::Udp6Packet packet{from, kRouterMac, kNodeAddress, to, 546, 547, dhcp6::encode(m)};
    gateway->handle_frame(now, kWlan, dhcp6::encode(packet));
    drain();
  }
  std::optional<Message> heard() {
    EXPECT_EQ(ipv4_frames.size(), 1U);
    if (ipv4_frames.size() != 1) return std::nullopt;
    const auto packet = dhcp6::decode_udp6(ipv4_frames[0].frame);
    ipv4_frames.clear();
    EXPECT_TRUE(packet);
    if (!packet) return std::nullopt;
    EXPECT_EQ(packet->link_destination, kNode);
    EXPECT_EQ(packet->destination, kNodeAddress);
    EXPECT_TRUE(packet->source.is_link_local());
    EXPECT_EQ(packet->destination_port, 546);
    return dhcp6::decode(packet->payload);
  }
  static IaPd ia_of(const std::optional<Message>& m) {
    const auto* data = m ? m->find(dhcp6::option::kIaPd) : nullptr;
    EXPECT_NE(data, nullptr);
    return data ? dhcp6::decode_ia_pd(*data).value_or(IaPd{}) : IaPd{};
  }
  static bool asks_for_any_prefix(const wire::ProxyBindingUpdate& update) {
    const auto all = wire::find_all<Dmnp>(update.options);
    return all.size() == 1 && asks_for_any(all[0]);
  }
  static bool names_no_prefix(const wire::ProxyBindingUpdate& update) {
    return wire::find_all<Dmnp>(update.options).empty();
  }
  /// The update that keeps the binding is under way, and nothing else was seen.
  void begin_refresh() {
    clear();
    advance(default_config().lifetime / 2);
    ASSERT_EQ(updates.size(), 1U);
  }
  /// The node says what it is told to ten times a second, and the LMA has its word on each update at once.
  void expect_pace(const std::vector<Message>& sayings, const std::vector<Dmnp>& has) {
    clear();
    for (int i = 0; i < 100; ++i) {
      const auto before = updates.size();
      advance(100ms);
      if (updates.size() != before) delegate(names_no_prefix(last_update) ? std::vector<Dmnp>{} : has);
      const auto between = updates.size();
      say(sayings[static_cast<std::size_t>(i) % sayings.size()]);
      if (updates.size() != between) delegate(names_no_prefix(last_update) ? std::vector<Dmnp>{} : has);
    }
    EXPECT_GE(updates.size(), 10U) << "it is asked on";
    for (std::size_t i = 1; i < update_times.size(); ++i)
      EXPECT_GE(update_times[i] - update_times[i - 1], 333ms) << "MAX_UPDATE_RATE, update " << i;
  }
};

TEST_F(Dhcp6OnTheLink, TheBindingsPrefixIsDelegatedForItsLifetime) {
  register_router();
  say(said(Type::Solicit));
  const auto advertise = heard();
  ASSERT_TRUE(advertise);
  EXPECT_EQ(advertise->type, Type::Advertise);
  say(said(Type::Request));
  const auto reply = heard();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->type, Type::Reply);
  const auto lifetime = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(default_config().lifetime).count());
  EXPECT_EQ(ia_of(reply).prefixes, (std::vector<dhcp6::IaPrefix>{{lifetime, lifetime, kVan}}));
  EXPECT_TRUE(updates.empty()) << "the LMA has said so";
}

TEST_F(Dhcp6OnTheLink, ANodeWithoutOneMakesTheGatewayAskTheLma) {
  solicit();
  delegate({});
  clear();
  say(said(Type::Solicit));
  EXPECT_TRUE(ipv4_frames.empty()) << "nothing is said before the LMA has";
  ASSERT_EQ(updates.size(), 1U);
  EXPECT_TRUE(asks_for_any_prefix(updates[0]));
  say(said(Type::Solicit));
  EXPECT_EQ(updates.size(), 1U) << "it is being asked";
  delegate({delegated_option(kVan)});
  say(said(Type::Solicit));
  EXPECT_EQ(ia_of(heard()).prefixes.at(0).prefix, kVan);
}

TEST_F(Dhcp6OnTheLink, WhereTheLmaHasNoneTheClientIsTold) {
  solicit();
  delegate({});
  say(said(Type::Solicit));
  delegate({});
  clear();
  say(said(Type::Solicit));
  EXPECT_EQ(ia_of(heard()).status, Status::NoPrefixAvail);
  EXPECT_TRUE(updates.empty());
  advance(1s);
  say(said(Type::Solicit));
  EXPECT_EQ(updates.size(), 1U) << "the next question is another";
}

TEST_F(Dhcp6OnTheLink, ARefusedDelegationIsNoPrefixAvail) {
  solicit();
  answer([](auto& ack) { ack.status = wire::BindingStatus::NotAuthorizedForDelegatedMnp; });
  accept();
  clear();
  say(said(Type::Solicit));
  const auto ia = ia_of(heard());
  EXPECT_EQ(ia.status, Status::NoPrefixAvail);
  EXPECT_TRUE(ia.prefixes.empty());
  EXPECT_TRUE(updates.empty());
}

TEST_F(Dhcp6OnTheLink, AReleaseEndsTheDelegationAndNothingElse) {
  register_router();
  say(said(Type::Release, {{600, 600, kVan}}));
  ASSERT_TRUE(heard());
  ASSERT_EQ(updates.size(), 1U);
  EXPECT_NE(updates[0].lifetime, 0);
  EXPECT_TRUE(wire::find_all<Dmnp>(updates[0].options).empty());
  delegate({});
  EXPECT_EQ(only_binding().at("state"), "registered");
  EXPECT_TRUE(only_binding().at("delegated_prefixes").empty());
  EXPECT_TRUE(hosts.back().delegated.empty());
  advance(1s);
  clear();
  say(said(Type::Solicit));
  ASSERT_EQ(updates.size(), 1U) << "asked for again, they are had again";
  EXPECT_TRUE(asks_for_any_prefix(updates[0]));
  delegate({delegated_option(kVan)});
  say(said(Type::Solicit));
  EXPECT_EQ(ia_of(heard()).prefixes.at(0).prefix, kVan);
}

TEST_F(Dhcp6OnTheLink, WhatIsNotTheNodesEndsNothing) {
  register_router();
  say(said(Type::Release, {{600, 600, prefix("2001:db8:bad::/60")}}));
  EXPECT_EQ(ia_of(heard()).status, Status::NoBinding);
  EXPECT_TRUE(updates.empty());
}

TEST_F(Dhcp6OnTheLink, AGatewayThatDelegatesNothingIsSilent) {
  start(config(false));
  solicit();
  accept();
  say(said(Type::Solicit));
  EXPECT_TRUE(ipv4_frames.empty());
  EXPECT_EQ(counter("drops", "dhcp6-not-delegating"), 1U);
}

TEST_F(Dhcp6OnTheLink, StrangersAndNonsenseAreDroppedAndCounted) {
  register_router();
  say(said(Type::Solicit), dhcp6::kAllServers, MacAddress{{2, 0, 0, 0, 0, 0x77}});
  EXPECT_EQ(counter("drops", "dhcp6-not-registered"), 1U);
  Bytes frame = dhcp6::encode(dhcp6::Udp6Packet{
      kNode, kRouterMac, kNodeAddress, dhcp6::kAllServers, 546, 547, {1, 2, 3, 4, 0, 1, 0}});
  gateway->handle_frame(now, kWlan, frame);
  frame.back() ^= 1;
  gateway->handle_frame(now, kWlan, frame);
  EXPECT_EQ(counter("drops", "dhcp6-malformed"), 2U);
  say(said(Type::Advertise));
  EXPECT_EQ(counter("drops", "dhcp6-unanswered"), 1U);
  EXPECT_TRUE(ipv4_frames.empty());
}

TEST_F(Dhcp6OnTheLink, ANodeCannotFloodTheLma) {
  solicit();
  delegate({});
  clear();
  for (int i = 0; i < 500; ++i) say(said(Type::Solicit));
  EXPECT_EQ(updates.size(), 1U);
  EXPECT_EQ(counter("drops", "dhcp6-too-often"), 480U);
  delegate({});
  advance(10s);
  expect_pace({said(Type::Solicit)}, {});
}

TEST_F(Dhcp6OnTheLink, NorByGivingBackAndAsking) {
  register_router();
  expect_pace({said(Type::Release, {{600, 600, kVan}}), said(Type::Solicit)}, {delegated_option(kVan)});
}

TEST_F(Dhcp6OnTheLink, WhatIsBeingGivenBackIsNotGivenAgain) {
  register_router();
  say(said(Type::Release, {{600, 600, kVan}}));
  ASSERT_TRUE(heard());
  clear();
  advance(500ms);
  say(said(Type::Solicit));
  EXPECT_TRUE(ipv4_frames.empty()) << "the LMA has yet to answer";
  EXPECT_TRUE(updates.empty());
  delegate({});
  say(said(Type::Solicit));
  EXPECT_TRUE(ipv4_frames.empty());
  ASSERT_EQ(updates.size(), 1U);
  EXPECT_TRUE(asks_for_any_prefix(updates[0]));
  delegate({delegated_option(kVan)});
  say(said(Type::Solicit));
  EXPECT_EQ(ia_of(heard()).prefixes.at(0).prefix, kVan);
}

TEST_F(Dhcp6OnTheLink, AReleaseTakesThePlaceOfARefreshThatIsUnderWay) {
  register_router();
  begin_refresh();
  EXPECT_FALSE(names_no_prefix(updates[0]));
  say(said(Type::Release, {{600, 600, kVan}}));
  ASSERT_TRUE(heard());
  ASSERT_EQ(updates.size(), 2U) << "the LMA is told";
  EXPECT_TRUE(names_no_prefix(updates[1]));
  deliver(answer_to(updates[0]));
  EXPECT_EQ(counter("drops", "unmatched-acknowledgement"), 1U);
  delegate({});
  EXPECT_TRUE(only_binding().at("delegated_prefixes").empty());
}

TEST_F(Dhcp6OnTheLink, AReleaseDuringTheRegistrationOfAServiceIsSaidBehindIt) {
  auto several = config();
  several.accesses[0].services = {"video", "voice"};
  start(several);
  solicit();
  delegate({delegated_option(kVan)});
  ASSERT_EQ(updates.size(), 2U);
  ASSERT_EQ(service_of(updates[1]), "voice");
  ipv4_frames.clear();
  say(said(Type::Release, {{600, 600, kVan}}));
  ASSERT_TRUE(heard());
  EXPECT_EQ(updates.size(), 2U);
  accept();
  ASSERT_EQ(updates.size(), 3U) << "what was accepted has them";
  EXPECT_TRUE(names_no_prefix(updates[2]));
  delegate({});
  EXPECT_EQ(updates.size(), 3U);
  EXPECT_TRUE(only_binding().at("delegated_prefixes").empty());
}

/// What the LMA refuses is given back anyway: the node stays, and the LMA is told once.
TEST_F(Dhcp6OnTheLink, ARefusalThatCrossesARelease) {
  for (const auto status :
       {wire::BindingStatus::NotAuthorizedForDelegatedMnp, wire::BindingStatus::RequestedDmnpInUse}) {
    auto several = config();
    several.accesses[0].services = {"video", "voice"};
    start(several);
    solicit();
    delegate({delegated_option(kVan)});
    ASSERT_EQ(service_of(last_update), "voice");
    ASSERT_FALSE(names_no_prefix(last_update));
    clear();
    say(said(Type::Release, {{600, 600, kVan}}));
    ASSERT_TRUE(heard());
    ASSERT_TRUE(updates.empty());
    answer([&](auto& ack) { ack.status = status; });
    EXPECT_EQ(notified("registration-refused"), 1U);
    EXPECT_EQ(only_binding().at("state"), "registered");
    EXPECT_TRUE(only_binding().at("delegated_prefixes").empty());
    EXPECT_TRUE(hosts.back().delegated.empty());
    ASSERT_EQ(updates.size(), 1U) << "the service without them";
    EXPECT_TRUE(names_no_prefix(updates[0]));
    delegate({});
    advance(10s);
    EXPECT_EQ(updates.size(), 1U);
    EXPECT_EQ(notified("registration-refused"), 1U);
  }
}

/// A refusal of what was never asked for is no answer to be tried again.
TEST_F(Dhcp6OnTheLink, ARefusalOfWhatIsNotAskedForEndsTheRegistration) {
  register_router();
  say(said(Type::Release, {{600, 600, kVan}}));
  ASSERT_EQ(updates.size(), 1U);
  answer([](auto& ack) { ack.status = wire::BindingStatus::NotAuthorizedForDelegatedMnp; });
  EXPECT_EQ(only_binding().at("state"), "refused");
  EXPECT_EQ(updates.size(), 1U);
}

TEST_F(Dhcp6OnTheLink, AQuestionOfBeforeTheReleaseIsNoneAfterIt) {
  solicit();
  delegate({});
  say(said(Type::Solicit));
  delegate({delegated_option(kVan)});
  advance(1s);
  say(said(Type::Release, {{600, 600, kVan}}));
  delegate({});
  advance(1s);
  clear();
  say(said(Type::Solicit));
  EXPECT_TRUE(ipv4_frames.empty());
  ASSERT_EQ(updates.size(), 1U);
  EXPECT_TRUE(asks_for_any_prefix(updates[0]));
}

TEST_F(Dhcp6OnTheLink, AQuestionThatWasAnsweredIsNoneWhenThePrefixesAreGone) {
  solicit();
  delegate({});
  say(said(Type::Solicit));
  delegate({delegated_option(kVan)});
  say(said(Type::Solicit));
  begin_refresh();
  delegate({});
  clear();
  say(said(Type::Solicit));
  EXPECT_TRUE(ipv4_frames.empty());
  EXPECT_EQ(updates.size(), 1U);
}

TEST_F(Dhcp6OnTheLink, WhoIsHeldBackSendsNothingForAClient) {
  register_router();
  begin_refresh();
  answer([](auto& ack) {
    for (auto& o : ack.options)
      if (auto* id = std::get_if<wire::MnLinkLayerIdentifier>(&o)) id->identifier[5] ^= 1;
  });
  ASSERT_EQ(notified("answer-mismatch"), 1U);
  clear();
  say(said(Type::Release, {{600, 600, kVan}}));
  ASSERT_TRUE(heard());
  say(said(Type::Solicit));
  advance(10s);
  EXPECT_TRUE(updates.empty()) << "RFC 5213 section 6.9.1.2";
  ASSERT_TRUE(gateway->reconfigure(now, config()));
  drain();
  ASSERT_EQ(updates.size(), 1U);
  EXPECT_FALSE(names_no_prefix(updates[0])) << "it asked again";
}

TEST_F(Dhcp6OnTheLink, WhatIsToldIsWhatIsLeft) {
  register_router();
  const Duration lifetime = default_config().lifetime;
  advance(lifetime / 4);
  say(said(Type::Solicit));
  const auto left = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(lifetime - lifetime / 4).count());
  EXPECT_EQ(ia_of(heard()).prefixes, (std::vector<dhcp6::IaPrefix>{{left, left, kVan}}));
}

TEST_F(Dhcp6OnTheLink, UnicastIsToldToUseMulticast) {
  register_router();
  say(said(Type::Renew, {{600, 600, kVan}}), kNodeAddress);
  const auto reply = heard();
  ASSERT_TRUE(reply);
  ASSERT_TRUE(reply->find(dhcp6::option::kStatus));
  EXPECT_EQ(*reply->find(dhcp6::option::kStatus), encode(Status::UseMulticast));
}

}  // namespace
}  // namespace flowmob::core
