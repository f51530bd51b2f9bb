// SPDX-License-Identifier: Apache-2.0
#include "core/mag/ipv4_fixture_for_test.h"

/// RFC 8278 at the gateway.
namespace flowmob::core {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

const Ipv6Address kSecondWay = address("2001:db8:a:2::1");

class PathsTest : public Ipv4Gateway {
 protected:
  PathsTest() { start(config()); }

  static MagConfig config() {
    auto config = default_config();
    config.accesses[0].services = {};
    config.paths = {{kMag, wire::AccessTechnology::Ethernet, 9},
                    {kSecondWay, wire::AccessTechnology::Eutran, 11}};
    return config;
  }
  static MagConfig with_ipv4() {
    auto both = config();
    both.ip_versions = IpVersions::Dual;
    return both;
  }
  /// As an LMA that knows RFC 8278 answers.
  static void without_identifier(wire::ProxyBindingAcknowledgement& ack) {
    std::erase_if(ack.options, [](const auto& o) { return std::holds_alternative<wire::MagIdentifier>(o); });
  }
  static void without_path(wire::ProxyBindingAcknowledgement& ack) {
    without_identifier(ack);
    std::erase_if(ack.options,
                  [](const auto& o) { return std::holds_alternative<wire::MagMultipathBinding>(o); });
  }
  static const wire::MagMultipathBinding* path_in(const wire::ProxyBindingUpdate& update) {
    return wire::find<wire::MagMultipathBinding>(update.options);
  }
  void answer_second(void (*change)(wire::ProxyBindingAcknowledgement&) = without_identifier) {
    auto ack = answer_to(last_update);
    change(ack);
    gateway->handle_message(now, {kLma, kSecondWay, {}, {}, 64}, wire::encode(ack, kLma, kSecondWay));
    drain();
  }
  void register_both() {
    solicit();
    answer(without_identifier);
    answer_second();
  }
  std::ptrdiff_t deregistrations() const {
    return std::ranges::count(updates, 0, &wire::ProxyBindingUpdate::lifetime);
  }
  void restore_node() {
    gateway->restore(now, {{SessionId{7},
                            "mn1@example.com",
                            "wlan",
                            wire::AccessTechnology::Wlan,
                            kNode,
                            kNodeAddress,
                            {},
                            0,
                            {kHomePrefix},
                            107,
                            now.wall + 200s}});
    drain();
  }
  std::set<std::uint8_t> left() const {
    std::set<std::uint8_t> ids;
    for (const auto& update : updates)
      if (update.lifetime == 0 && path_in(update)) ids.insert(path_in(update)->binding_id);
    return ids;
  }
  Json paths() const { return only_binding().value("paths", Json::array()); }
  std::vector<std::string> sources() const {
    std::vector<std::string> all;
    for (const auto& message : messages) all.push_back(message.source.to_string());
    return all;
  }
};

TEST_F(PathsTest, EveryPathHasThePriorityOfItsInterface) {  // RFC 6089 section 5.2.1
  auto ours = config();
  ours.accesses[0].binding.priority = std::uint8_t{10};
  start(ours);
  register_both();
  ASSERT_EQ(updates.size(), 2U);
  const auto& first = option<wire::BindingIdentifierOption>(updates[0]);
  const auto& second = option<wire::BindingIdentifierOption>(updates[1]);
  EXPECT_EQ(first.priority, 10);
  EXPECT_EQ(second.priority, 10);
  EXPECT_EQ(second.binding_id, path_in(updates[1])->binding_id);
}

TEST_F(PathsTest, OnePathIsTriedFirst) {  // section 4.4
  solicit();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].source, kMag);
  const auto& path = option<wire::MagMultipathBinding>(last_update);
  EXPECT_EQ(path, (wire::MagMultipathBinding{wire::AccessTechnology::Ethernet, 9, 1, false, true}));
  EXPECT_EQ(option<wire::MagIdentifier>(last_update).identifier, (Bytes{'m', 'a', 'g'}));
}

TEST_F(PathsTest, TheOthersFollowWithThePrefixOfTheFirst) {  // sections 3.1 and 4.4
  solicit();
  answer(without_identifier);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[1].source, kSecondWay);
  EXPECT_EQ(option<wire::MagMultipathBinding>(last_update),
            (wire::MagMultipathBinding{wire::AccessTechnology::Eutran, 11, 2, false, false}));
  EXPECT_TRUE(wire::find<wire::MagIdentifier>(last_update.options));
  EXPECT_EQ(option<wire::HomeNetworkPrefixOption>(last_update).to_prefix(), kHomePrefix);
  answer_second();
  ASSERT_EQ(paths().size(), 2U);
  EXPECT_EQ(paths()[1]["care_of_address"], kSecondWay.to_string());
  EXPECT_EQ(paths()[1]["state"], "registered");
  EXPECT_EQ(paths()[1]["label"], 11);
  EXPECT_EQ(hosts.size(), 1U) << "the node is served by the first";
  EXPECT_EQ(hosts[0].mag, kMag);
}

TEST_F(PathsTest, TheOthersFollowWithTheIpv4HomeAddressOfTheFirst) {  // RFC 5844
  start(with_ipv4());
  solicit();
  answer([](auto& ack) {
    without_identifier(ack);
    assign_ipv4(ack);
  });
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[1].source, kSecondWay);
  EXPECT_EQ(asked(), (wire::Ipv4HomeAddressRequest{24, ip("192.0.2.2")}));
}

TEST_F(PathsTest, WhatTheFirstHasGotTheOthersAskForAndWhatItLostTheyDoNot) {
  auto config = with_ipv4();
  config.mobile_nodes[0].ip_versions = IpVersions::Dual;
  start(config);
  solicit();
  answer(without_identifier);  // no IPv4 yet
  EXPECT_EQ(messages[1].source, kSecondWay);
  EXPECT_FALSE(asks_for_ipv4());
  answer_second();
  advance(300s);
  while (messages.back().source != kMag) advance(1s);
  answer([](auto& ack) {
    without_identifier(ack);
    assign_ipv4(ack);
  });
  EXPECT_EQ(messages.back().source, kSecondWay);
  EXPECT_EQ(asked(), (wire::Ipv4HomeAddressRequest{24, ip("192.0.2.2")}));
  answer_second();
  clear();
  wire::BindingRevocationIndication revoked;
  revoked.trigger = wire::RevocationTrigger::Administrative;
  revoked.proxy = revoked.ipv4_only = true;
  const std::string_view mn = "mn1@example.com";
  revoked.options = {wire::MobileNodeIdentifier{1, Bytes(mn.begin(), mn.end())},
                     wire::Ipv4HomeAddressRequest{24, ip("192.0.2.2")}};
  deliver(revoked);
  EXPECT_EQ(messages.back().source, kSecondWay);
  ASSERT_FALSE(updates.empty());
  EXPECT_FALSE(asks_for_ipv4());
}

TEST_F(PathsTest, ARevocationMayNameAnyPath) {
  register_both();
  wire::BindingRevocationIndication revoked;
  revoked.trigger = wire::RevocationTrigger::Administrative;
  revoked.proxy = true;
  const std::string_view mn = "mn1@example.com";
  revoked.options = {wire::MobileNodeIdentifier{1, Bytes(mn.begin(), mn.end())},
                     wire::AlternateCareOfAddress{kSecondWay}};
  deliver(revoked);
  EXPECT_TRUE(bindings().empty());
}

TEST_F(PathsTest, AnAnchorThatKnowsNoPathsHasOne) {  // section 4.4
  solicit();
  answer(without_path);
  EXPECT_EQ(only_binding().at("state"), "registered");
  EXPECT_EQ(messages.size(), 1U);
  advance(300s);
  ASSERT_GE(messages.size(), 2U);
  EXPECT_EQ(messages[1].source, kMag);
  EXPECT_FALSE(path_in(last_update));
  EXPECT_FALSE(wire::find<wire::MagIdentifier>(last_update.options));
}

TEST_F(PathsTest, AnAnchorThatRefusesPathsIsAskedWithoutThem) {  // section 4.4
  solicit();
  answer([](auto& ack) {
    without_identifier(ack);
    ack.status = wire::BindingStatus::CannotSupportMultipathBinding;
  });
  ASSERT_EQ(updates.size(), 2U);
  EXPECT_FALSE(path_in(updates[1]));
  answer(without_path);
  EXPECT_EQ(only_binding().at("state"), "registered");
  EXPECT_THAT(paths(), IsEmpty());
  EXPECT_EQ(messages.size(), 2U);
}

TEST_F(PathsTest, ARefusalByAFurtherPathEndsThemAll) {
  solicit();
  answer(without_identifier);
  answer_second([](auto& ack) {
    without_identifier(ack);
    ack.status = wire::BindingStatus::CannotSupportMultipathBinding;
  });
  EXPECT_EQ(notified("path-refused"), 1U);
  EXPECT_THAT(paths(), IsEmpty());
  EXPECT_EQ(only_binding().at("state"), "registered") << "by the first";
}

TEST_F(PathsTest, EachPathIsRefreshedAndSentAgainByItself) {
  solicit();
  answer(without_identifier);
  clear();
  advance(1s);  // the second is unanswered
  EXPECT_EQ(sources(), (std::vector{kSecondWay.to_string()}));
  answer_second();
  clear();
  advance(301s);
  EXPECT_EQ(sources()[0], kMag.to_string());
  EXPECT_THAT(sources(), testing::Contains(kSecondWay.to_string()));
}

TEST_F(PathsTest, NothingOverwritesButTheFirstRegistration) {  // section 4.1
  register_both();
  advance(310s);
  link(false);
  advance(2s);
  ASSERT_GE(updates.size(), 5U);
  bool left = false;
  for (std::size_t i = 1; i < updates.size(); ++i) {
    ASSERT_TRUE(path_in(updates[i]));
    EXPECT_FALSE(path_in(updates[i])->overwrite);
    EXPECT_FALSE(path_in(updates[i])->bulk);
    left = left || updates[i].lifetime == 0;
  }
  EXPECT_TRUE(left);
  EXPECT_FALSE(path_in(updates[0])->bulk) << "never with the other flag";
}

TEST_F(PathsTest, AllPathsAreLeft) {
  register_both();
  clear();
  link(false);
  EXPECT_EQ(left(), (std::set<std::uint8_t>{1, 2}));
  answer_second();
  advance(1min);
  EXPECT_EQ(gateway->poll_timeout(), std::nullopt) << "given up, and forgotten";
}

TEST_F(PathsTest, AnAnswerIsThePathsItNames) {
  solicit();
  answer(without_identifier);
  answer_second([](auto& ack) {
    without_identifier(ack);
    for (auto& o : ack.options)
      if (auto* path = std::get_if<wire::MagMultipathBinding>(&o)) path->binding_id = 1;
  });
  EXPECT_EQ(paths()[1]["state"], "registering");
  EXPECT_EQ(counter("drops", "unmatched-acknowledgement"), 1U);
}

TEST_F(PathsTest, WhatNamesAFurtherPathDoesNotAnswerTheFirst) {
  auto numbered = config();
  numbered.timestamps = false;
  start(numbered);
  register_both();
  clear();
  advance(300s);
  ASSERT_EQ(sources(), (std::vector{kMag.to_string(), kSecondWay.to_string()}));
  ASSERT_EQ(updates[0].sequence, updates[1].sequence) << "each path counts by itself";
  answer_second();
  answer_second();
  EXPECT_EQ(counter("drops", "unmatched-acknowledgement"), 1U);
}

void require_key(wire::ProxyBindingAcknowledgement& ack) {
  ack.status = wire::BindingStatus::GreKeyOptionRequired;
}

TEST_F(PathsTest, AnAnchorThatRequiresKeysHasOnePath) {  // RFC 5845
  solicit();
  answer(&require_key);
  ASSERT_EQ(updates.size(), 2U);
  answer(without_identifier);
  EXPECT_EQ(only_binding().at("encapsulation"), "gre-with-keys");
  EXPECT_EQ(messages.size(), 2U);
}

TEST_F(PathsTest, WhereKeysAreRequiredLaterTheOtherPathsAreLeft) {
  register_both();
  clear();
  advance(300s);
  ASSERT_EQ(updates.size(), 2U);
  answer_second();
  last_update = updates[0];
  answer(&require_key);
  answer(without_identifier);
  EXPECT_EQ(only_binding().at("encapsulation"), "gre-with-keys");
  EXPECT_EQ(left(), (std::set<std::uint8_t>{2}));
}

TEST_F(PathsTest, WhereANodeMovesHereTheNewPathsStay) {
  auto one_technology = config();
  one_technology.accesses[1].technology = one_technology.accesses[0].technology;
  start(one_technology);
  register_both();
  clear();
  solicit(kNode, kNodeAddress, kWimax);
  ASSERT_EQ(updates.size(), 1U) << "to the LMA it is the same session";
  answer(without_identifier);
  answer_second();
  advance(10s);
  EXPECT_EQ(deregistrations(), 0);
}

TEST_F(PathsTest, WhereANodeComesBackTheNewPathsStay) {
  for (const bool first_is_over : {false, true}) {
    start(config());
    register_both();
    clear();
    link(false);
    ASSERT_EQ(deregistrations(), 2);
    advance(1500ms);
    last_update = *std::ranges::find_if(updates, [](const auto& u) { return path_in(u)->binding_id == 1; });
    if (first_is_over) answer(without_identifier);
    clear();
    link(true);
    solicit();
    advance(6s);
    EXPECT_EQ(deregistrations(), 0) << first_is_over;
  }
}

TEST_F(PathsTest, OfANodeInDoubtNoPathIsRefreshed) {  // RFC 5213 sections 6.9.1.3 and 6.9.4
  auto watching = config();
  watching.neighbor_probe_interval = 30s;
  start(watching);
  solicit();
  answer(without_identifier);
  answer_second([](auto& ack) {
    without_identifier(ack);
    ack.lifetime = 16;
  });
  clear();
  advance(32500ms);
  ASSERT_FALSE(probes.empty());
  EXPECT_THAT(updates, IsEmpty());
  solicit();
  advance(1s);
  EXPECT_EQ(sources(), (std::vector{kSecondWay.to_string()}));
}

TEST_F(PathsTest, OfANodeInDoubtNoPathIsAskedForAgain) {
  auto watching = config();
  watching.neighbor_probe_interval = 30s;
  start(watching);
  solicit();
  answer(without_identifier);
  advance(30500ms);
  clear();
  advance(2s);
  EXPECT_THAT(updates, IsEmpty()) << "the sixth was due at 31 s";
}

TEST_F(PathsTest, ASuccessorReplacesThePathsOfItsPredecessor) {  // RFC 8278 section 4.1
  restore_node();
  ASSERT_EQ(updates.size(), 1U);
  ASSERT_TRUE(path_in(last_update));
  EXPECT_TRUE(path_in(last_update)->overwrite);
  answer(without_identifier);
  ASSERT_EQ(messages.back().source, kSecondWay);
  EXPECT_FALSE(path_in(last_update)->overwrite);
}

TEST_F(PathsTest, ASuccessorLeavesThePathsOfItsPredecessor) {
  restore_node();
  clear();
  link(false);
  EXPECT_EQ(left(), (std::set<std::uint8_t>{1, 2}));
  for (const auto& update : updates) EXPECT_FALSE(path_in(update)->overwrite);
  last_update = *std::ranges::find_if(updates, [](const auto& u) { return path_in(u)->binding_id == 2; });
  answer_second();
  clear();
  advance(10s);
  EXPECT_EQ(left(), (std::set<std::uint8_t>{1})) << "the other is left already";
}

TEST_F(PathsTest, HeartbeatsAreAnsweredFromWhereTheyCame) {
  gateway->handle_message(now, {kLma, kSecondWay, {}, {}, 64},
                          wire::encode(wire::Heartbeat{false, false, 7, {}}, kLma, kSecondWay));
  drain();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].source, kSecondWay);
}

TEST_F(PathsTest, AnAnchorThatHasRestartedIsToldOfAllPaths) {  // RFC 5847
  auto beating = config();
  beating.heartbeat.interval = 30s;
  start(beating);
  register_both();
  for (const std::uint32_t restarts : {1U, 2U}) {
    advance(30s);
    const auto asked = wire::decode(messages.back().mobility_header, kMag, kLma).value();
    clear();
    deliver(wire::Heartbeat{
        false, true, std::get<wire::Heartbeat>(asked).sequence, {wire::RestartCounter{restarts}}});
  }
  EXPECT_EQ(notified("peer-restarted"), 1U);
  EXPECT_EQ(sources(), (std::vector{kMag.to_string(), kSecondWay.to_string()}));
  EXPECT_EQ(updates.size(), 2U);
}

TEST_F(PathsTest, WhereTheFirstPathIsDeadAnotherServes) {
  auto beating = config();
  beating.heartbeat.interval = 30s;
  beating.heartbeat.missing_allowed = 0;
  start(beating);
  register_both();
  advance(61s);
  ASSERT_EQ(notified("peer-lost"), 1U);
  ASSERT_EQ(hosts.size(), 2U);
  EXPECT_EQ(hosts[1].mag, kSecondWay);
  clear();
  advance(240s);  // the first one's binding is kept alive by the second
  const auto kept = std::ranges::find_if(updates, [](const auto& u) { return path_in(u)->binding_id == 1; });
  ASSERT_NE(kept, updates.end());
  EXPECT_EQ(option<wire::AlternateCareOfAddress>(*kept).address, kMag);
  for (const auto& message : messages)
    if (message.mobility_header[2] == wire::ProxyBindingUpdate::traits.type) {
      EXPECT_EQ(message.source, kSecondWay);
    }
}

}  // namespace
}  // namespace flowmob::core
