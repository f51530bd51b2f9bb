// SPDX-License-Identifier: Apache-2.0
#include "core/mag/mag_fixture.h"

/// Update Notifications (RFC 7077 section 6), and flow mobility by them (RFC 7864 section 4).
namespace flowmob::core {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;
using NS = wire::NotificationStatus;
using Reason = wire::NotificationReason;
using Upn = wire::UpdateNotification;
using Upa = wire::UpdateNotificationAcknowledgement;

const Ipv6Prefix kGuest = prefix("2001:db8:100:2::/64"), kGuest2 = prefix("2001:db8:100:3::/64");

wire::MobilityOption node_id(std::string_view name, std::uint8_t subtype = 1) {
  return wire::MobileNodeIdentifier{subtype, Bytes(name.begin(), name.end())};
}
wire::MobilityOption off_link(const Ipv6Prefix& p) {
  return wire::HomeNetworkPrefixOption{true, p.length, p.address};
}

class NotificationTest : public MagFixture {
 protected:
  NotificationTest() {
    MagConfig config = default_config();
    config.accesses[0].services = {};
    start(config);
    register_node();
    clear();
  }

  Upn notification(Reason reason, wire::MobilityOptions options) {
    Upn n;
    n.sequence = ++number_;
    n.reason = reason;
    n.acknowledge = true;
    n.options = std::move(options);
    return n;
  }
  Upn initiate(const std::vector<Ipv6Prefix>& prefixes, std::string_view node = "mn1@example.com") {
    wire::MobilityOptions options{node_id(node)};
    for (const auto& p : prefixes) options.push_back(off_link(p));
    return notification(Reason::FlowMobility, std::move(options));
  }
  std::vector<Upa> answers() const {
    std::vector<Upa> found;
    for (const auto& one : messages) {
      const auto decoded = wire::decode(one.mobility_header, one.source, one.destination);
      if (const auto* match = std::get_if<Upa>(&*decoded)) found.push_back(*match);
    }
    return found;
  }
  NS status_of(const Upn& asked) {
    clear();
    deliver(asked);
    const auto all = answers();
    EXPECT_THAT(all, SizeIs(1));
    if (all.size() != 1) return static_cast<NS>(255);
    EXPECT_EQ(all[0].sequence, asked.sequence);
    return all[0].status;
  }
  void forward(const std::vector<Ipv6Prefix>& prefixes) {
    ASSERT_EQ(status_of(initiate(prefixes)), NS::Success);
  }
  Json off_link_shown() const { return only_binding().at("off_link_prefixes"); }
  static Json texts(const std::vector<Ipv6Prefix>& prefixes) {
    Json all = Json::array();
    for (const auto& p : prefixes) all.push_back(p.to_string());
    return all;
  }
  /// The node refreshes, and the LMA answers.
  void refresh(const std::vector<Ipv6Prefix>& named = {}) {
    advance(300s);
    ASSERT_FALSE(updates.empty());
    answer([&](auto& ack) {
      for (const auto& p : named) ack.options.push_back(off_link(p));
    });
  }
  const std::string mn1 = "mn1@example.com";
  std::uint16_t number_ = 0;
};

TEST_F(NotificationTest, ForwardsWhatItIsToldOffLink) {
  const auto asked = initiate({kGuest});
  EXPECT_EQ(status_of(asked), NS::Success);
  ASSERT_THAT(hosts, SizeIs(1));
  EXPECT_THAT(hosts[0].prefixes, ElementsAre(kHomePrefix, kGuest)) << "to the node, and from it";
  EXPECT_EQ(off_link_shown(), texts({kGuest}));
  EXPECT_EQ(only_binding().at("prefixes"), texts({kHomePrefix}));
  const auto options = answers().at(0).options;
  ASSERT_THAT(options, SizeIs(2));
  EXPECT_EQ(options[0], asked.options[0]);
  EXPECT_EQ(options[1], asked.options[1]);
}

TEST_F(NotificationTest, NeverAdvertisesIt) {
  forward({kGuest});
  advance(3s);
  solicit();
  advance(120s);
  ASSERT_FALSE(advertisements.empty());
  for (const auto& sent : advertisements)
    for (const auto& one : decode(sent).options)
      if (const auto* info = std::get_if<wire::PrefixInformation>(&one)) {
        EXPECT_EQ(info->prefix, kHomePrefix.address);
      }
  clear();
  forward({kGuest2});
  for (const auto& sent : advertisements)
    EXPECT_EQ(std::ranges::count_if(
                  decode(sent).options,
                  [](const auto& o) { return std::holds_alternative<wire::PrefixInformation>(o); }),
              1)
        << "nor is it withdrawn";
}

TEST_F(NotificationTest, NeverRegistersIt) {
  forward({kGuest});
  advance(300s);
  ASSERT_FALSE(updates.empty());
  const auto named = wire::find_all<wire::HomeNetworkPrefixOption>(last_update.options);
  ASSERT_THAT(named, SizeIs(1));
  EXPECT_EQ(named[0].to_prefix(), kHomePrefix);
}

TEST_F(NotificationTest, AnswersWhenTheRowStandsAndNotBefore) {
  answer_installs = false;
  deliver(initiate({kGuest}));
  EXPECT_THAT(answers(), IsEmpty());
  ASSERT_THAT(unanswered, SizeIs(1));
  gateway->handle_effect_result(now, unanswered[0], {});
  drain();
  ASSERT_THAT(answers(), SizeIs(1));
  EXPECT_EQ(answers()[0].status, NS::Success);
}

TEST_F(NotificationTest, ARowThatFailsIsRefusedAndTheNodeKeepsItsOwn) {
  forward({kGuest});
  answer_installs = false;
  clear();
  deliver(initiate({kGuest, kGuest2}));
  gateway->handle_effect_result(now, unanswered.at(0), fail("no-space", "the map is full"));
  answer_installs = true;
  drain();
  ASSERT_THAT(answers(), SizeIs(1));
  EXPECT_EQ(answers()[0].status, NS::ReasonUnspecified);
  EXPECT_THAT(hosts.back().prefixes, ElementsAre(kHomePrefix, kGuest));
  EXPECT_EQ(off_link_shown(), texts({kGuest}));
  EXPECT_EQ(only_binding().at("state"), "registered");
}

TEST_F(NotificationTest, WhatAnInitiateLeavesOutIsWithdrawn) {
  forward({kGuest, kGuest2});
  EXPECT_THAT(hosts.at(0).prefixes, UnorderedElementsAre(kHomePrefix, kGuest, kGuest2));
  forward({kGuest2});
  EXPECT_THAT(hosts.at(0).prefixes, ElementsAre(kHomePrefix, kGuest2));
}

TEST_F(NotificationTest, WhatItHasAlreadyNeedsNoRow) {
  forward({kGuest});
  forward({kGuest});
  EXPECT_THAT(hosts, IsEmpty());
}

TEST_F(NotificationTest, ANodeThatIsNotHere132) {
  EXPECT_EQ(status_of(initiate({kGuest}, "mn2@example.com")), NS::MobileNodeNotAttached);
  EXPECT_EQ(status_of(initiate({kGuest}, "stranger")), NS::MobileNodeNotAttached);
  auto asked = initiate({kGuest});
  asked.options[0] = node_id(mn1, 2);
  EXPECT_EQ(status_of(asked), NS::MobileNodeNotAttached);
  ASSERT_TRUE(command("detach", {{"access", "wlan"}, {"mn", mn1}}));
  EXPECT_EQ(status_of(initiate({kGuest})), NS::MobileNodeNotAttached);
}

TEST_F(NotificationTest, WhatContradictsItselfOrCannotBe131) {
  EXPECT_EQ(status_of(initiate({})), NS::ReasonUnspecified) << "no prefix";
  EXPECT_EQ(status_of(notification(Reason::FlowMobility, {off_link(kGuest)})), NS::ReasonUnspecified);
  EXPECT_EQ(status_of(initiate({kHomePrefix})), NS::ReasonUnspecified) << "on its own link";
  EXPECT_EQ(status_of(initiate({prefix("2001:db8:100:2::/65")})), NS::ReasonUnspecified);
  EXPECT_EQ(status_of(initiate({prefix("fe80::/64")})), NS::ReasonUnspecified);
  EXPECT_EQ(status_of(initiate({prefix("::/0")})), NS::ReasonUnspecified);
  auto on_link = initiate({kGuest});
  on_link.options.push_back(wire::HomeNetworkPrefixOption::of(kGuest2));
  EXPECT_EQ(status_of(on_link), NS::ReasonUnspecified);
  std::vector<Ipv6Prefix> many;
  for (int i = 0; i < 4; ++i) many.push_back(prefix("2001:db8:100:" + std::to_string(i + 2) + "::/64"));
  EXPECT_EQ(status_of(initiate(many)), NS::ReasonUnspecified) << "the row has no room";
  EXPECT_THAT(off_link_shown(), IsEmpty());
  EXPECT_THAT(hosts, IsEmpty());
}

TEST_F(NotificationTest, OfTwoInterfacesOneHasToBeNamed) {
  solicit(kNodeOther, kNodeAddress, kWimax);
  answer([](auto& ack) {
    for (auto& o : ack.options)
      if (auto* home = std::get_if<wire::HomeNetworkPrefixOption>(&o)) home->prefix = kGuest2.address;
  });
  EXPECT_EQ(status_of(initiate({kGuest})), NS::ReasonUnspecified);
  auto named = initiate({kGuest});
  named.options.push_back(
      wire::MnLinkLayerIdentifier{Bytes(kNodeOther.octets.begin(), kNodeOther.octets.end())});
  EXPECT_EQ(status_of(named), NS::Success);
  EXPECT_EQ(hosts.at(0).node, kNodeOther);
  auto by_technology = initiate({kGuest});
  by_technology.options.push_back(wire::AccessTechnologyTypeOption{wire::AccessTechnology::Wlan});
  EXPECT_EQ(status_of(by_technology), NS::Success);
  EXPECT_EQ(hosts.back().node, kNode);
  EXPECT_EQ(bindings()[1].at("off_link_prefixes"), Json::array()) << "one has it, and no two";
  EXPECT_EQ(status_of(initiate({kGuest2})), NS::ReasonUnspecified) << "on the other's link";
}

TEST_F(NotificationTest, APrefixThatAnotherNodeIsGivenIsItsAlone) {
  forward({kGuest});
  clear();
  solicit(kSecondNode, address("fe80::2"));
  answer([](auto& ack) {
    for (auto& o : ack.options)
      if (auto* home = std::get_if<wire::HomeNetworkPrefixOption>(&o)) home->prefix = kGuest.address;
  });
  EXPECT_EQ(bindings()[0].at("off_link_prefixes"), Json::array());
  ASSERT_THAT(hosts, SizeIs(2));
  EXPECT_THAT(hosts[0].prefixes, ElementsAre(kHomePrefix));
  EXPECT_THAT(hosts[1].prefixes, ElementsAre(kGuest));
}

TEST_F(NotificationTest, ARetransmissionIsDoneAgainAndAnswered) {
  auto asked = initiate({kGuest});
  EXPECT_EQ(status_of(asked), NS::Success);
  ASSERT_EQ(status_of(initiate({kGuest2})), NS::Success);
  asked.retransmit = true;
  EXPECT_EQ(status_of(asked), NS::Success);
  EXPECT_EQ(off_link_shown(), texts({kGuest}));
}

TEST_F(NotificationTest, WhatTheNetworkDoublesIsAnsweredAndNotDoneAgain) {
  const auto asked = initiate({kGuest});
  EXPECT_EQ(status_of(asked), NS::Success);
  ASSERT_EQ(status_of(initiate({kGuest2})), NS::Success);
  EXPECT_EQ(status_of(asked), NS::Success);
  EXPECT_EQ(off_link_shown(), texts({kGuest2}));
}

TEST_F(NotificationTest, ARetransmissionOfWhatNeverCameIsNew) {
  auto asked = initiate({kGuest});
  asked.retransmit = true;
  EXPECT_EQ(status_of(asked), NS::Success);
  EXPECT_EQ(off_link_shown(), texts({kGuest}));
}

TEST_F(NotificationTest, ARetransmissionWhileTheRowIsUnderWayIsAnsweredOnce) {
  answer_installs = false;
  auto asked = initiate({kGuest});
  deliver(asked);
  asked.retransmit = true;
  deliver(asked);
  ASSERT_THAT(unanswered, SizeIs(1));
  gateway->handle_effect_result(now, unanswered[0], {});
  drain();
  EXPECT_THAT(answers(), SizeIs(1));
}

TEST_F(NotificationTest, WithoutANothingIsAnswered) {
  auto asked = initiate({kGuest});
  asked.acknowledge = false;
  deliver(asked);
  EXPECT_EQ(off_link_shown(), texts({kGuest}));
  for (const auto reason : {Reason::UpdateSessionParameters, Reason::VendorSpecific}) {
    asked = notification(reason, {node_id(mn1)});
    asked.acknowledge = false;
    deliver(asked);
    EXPECT_EQ(last_notice("notification-received").at("reason"), wire::to_string(reason)) << "it is told";
  }
  EXPECT_THAT(messages, IsEmpty());
}

TEST_F(NotificationTest, Reason1RegistersAgain) {
  EXPECT_EQ(status_of(notification(Reason::ForceReregistration, {node_id(mn1)})), NS::Success);
  ASSERT_THAT(updates, SizeIs(1));
  EXPECT_EQ(option<wire::HandoffIndicatorOption>(updates[0]).indicator, wire::HandoffIndicator::NoChange);
  EXPECT_EQ(status_of(notification(Reason::ForceReregistration, {node_id("stranger")})),
            NS::MobileNodeNotAttached);
  EXPECT_THAT(updates, IsEmpty());
}

TEST_F(NotificationTest, Reason1OfTheGroupOfAll) {
  solicit(kSecondNode, address("fe80::2"));
  answer([](auto& ack) {
    for (auto& o : ack.options)
      if (auto* home = std::get_if<wire::HomeNetworkPrefixOption>(&o)) home->prefix = kGuest.address;
  });
  const wire::MobileNodeGroupIdentifier all{1, 1}, other{1, 2};
  EXPECT_EQ(status_of(notification(Reason::ForceReregistration, {all})), NS::Success);
  EXPECT_THAT(updates, SizeIs(2));
  EXPECT_EQ(answers().at(0).options, wire::MobilityOptions{all});
  EXPECT_EQ(status_of(notification(Reason::ForceReregistration, {other})), NS::MobileNodeNotAttached);
  EXPECT_EQ(status_of(notification(Reason::ForceReregistration, {})), NS::MobileNodeNotAttached);
}

TEST_F(NotificationTest, TheLmaCannotMakeItLouderThanItsPace) {
  for (int i = 0; i < 100; ++i) {
    deliver(notification(Reason::ForceReregistration, {node_id(mn1)}));
    accept();
    advance(10ms);
  }
  EXPECT_LE(updates.size(), 4U) << "MAX_UPDATE_RATE of RFC 6275 section 11.8";
  EXPECT_GE(updates.size(), 2U);
}

TEST_F(NotificationTest, Reason1AndAnAnswerThatSaysNothingTakesAllBack) {
  forward({kGuest});
  ASSERT_EQ(status_of(notification(Reason::ForceReregistration, {node_id(mn1)})), NS::Success);
  accept();
  EXPECT_THAT(off_link_shown(), IsEmpty());
  EXPECT_THAT(hosts.back().prefixes, ElementsAre(kHomePrefix));
}

TEST_F(NotificationTest, AnotherAnswerThatSaysNothingLeavesItAsItIs) {
  forward({kGuest});
  refresh();
  EXPECT_EQ(off_link_shown(), texts({kGuest}));
}

TEST_F(NotificationTest, AnAnswerThatNamesSomeSaysTheWhole) {
  refresh({kGuest, kGuest2});
  EXPECT_EQ(off_link_shown(), texts({kGuest, kGuest2}));
  EXPECT_THAT(hosts.back().prefixes, UnorderedElementsAre(kHomePrefix, kGuest, kGuest2));
  refresh({kGuest2});
  EXPECT_EQ(off_link_shown(), texts({kGuest2}));
}

/// It has lost what it knew, and its restart was not seen.
TEST_F(NotificationTest, AnLmaThatHasNamedSomeIsBelievedWhenItNamesNone) {
  refresh({kGuest});
  ASSERT_FALSE(records.empty());
  const auto kept = records.back();
  refresh();
  EXPECT_THAT(off_link_shown(), IsEmpty());
  EXPECT_TRUE(kept.off_link_named) << "after a restart, too";
}

TEST_F(NotificationTest, APrefixThatBecomesItsOwnIsInItsRowOnce) {
  forward({kGuest});
  advance(300s);
  answer([](auto& ack) { ack.options.push_back(wire::HomeNetworkPrefixOption::of(kGuest)); });
  EXPECT_THAT(off_link_shown(), IsEmpty());
  for (const auto& host : hosts) EXPECT_FALSE(host.prefixes.empty());
  EXPECT_THAT(hosts.back().prefixes, UnorderedElementsAre(kHomePrefix, kGuest));
}

TEST_F(NotificationTest, AnAnswerToWhatWasSentBeforeTheNotificationKnowsLess) {
  advance(300s);
  advance(10ms);
  forward({kGuest2});
  const auto ack = [&] {
    auto message = answer_to(last_update);
    message.options.push_back(off_link(kGuest));
    return message;
  }();
  deliver(ack);
  EXPECT_EQ(off_link_shown(), texts({kGuest2}));
}

TEST_F(NotificationTest, TheFirstAnswerMayNameSome) {
  ASSERT_TRUE(command("detach", {{"access", "wlan"}, {"mn", mn1}}));
  accept();
  ASSERT_TRUE(command("attach", {{"access", "wlan"}, {"mn", mn1}, {"mac", kNode.to_string()}}));
  answer([](auto& ack) { ack.options.push_back(off_link(kGuest)); });
  EXPECT_EQ(off_link_shown(), texts({kGuest}));
  EXPECT_EQ(only_binding().at("prefixes"), texts({kHomePrefix}));
}

TEST_F(NotificationTest, ItGoesWithTheBinding) {
  forward({kGuest});
  advance(601s);
  clear();
  accept();
  EXPECT_THAT(off_link_shown(), IsEmpty());
  EXPECT_THAT(hosts.back().prefixes, ElementsAre(kHomePrefix));
}

TEST_F(NotificationTest, ItOutlivesTheGateway) {
  forward({kGuest});
  ASSERT_FALSE(records.empty());
  const auto kept = AttachmentRecord::from_json(records.back().to_json());
  ASSERT_TRUE(kept);
  EXPECT_THAT(kept->off_link, ElementsAre(kGuest));
  start(default_config());
  gateway->restore(now, {*kept});
  drain();
  EXPECT_THAT(hosts.at(0).prefixes, ElementsAre(kHomePrefix, kGuest));
  EXPECT_EQ(off_link_shown(), texts({kGuest}));
}

TEST_F(NotificationTest, Reason2CannotBeApplied128) {
  EXPECT_EQ(status_of(notification(Reason::UpdateSessionParameters, {node_id(mn1)})),
            NS::FailedToUpdateSessionParameters);
}

TEST_F(NotificationTest, Reason3WithoutItsOption129AndWithItWhoMonitorsIsTold) {
  EXPECT_EQ(status_of(notification(Reason::VendorSpecific, {node_id(mn1)})), NS::MissingVendorSpecificOption);
  EXPECT_EQ(
      status_of(notification(Reason::VendorSpecific, {node_id(mn1), wire::VendorSpecific{9, 1, {0xab}}})),
      NS::ReasonUnspecified);
  EXPECT_EQ(last_notice("vendor-notification"), (Json{{"vendor_id", 9}, {"subtype", 1}, {"data", "ab"}}));
}

TEST_F(NotificationTest, Reason4SaysTheAccessNetworkOfNow) {
  auto config = default_config();
  config.accesses[0].services = {};
  config.accesses[0].network.network = "eduroam";
  ASSERT_TRUE(gateway->reconfigure(now, config));
  drain();
  clear();
  EXPECT_EQ(status_of(notification(Reason::AniParametersRequested, {node_id(mn1)})), NS::Success);
  ASSERT_THAT(updates, SizeIs(1));
  const auto& said = option<wire::AccessNetworkIdentifier>(updates[0]);
  ASSERT_THAT(said.sub_options, SizeIs(1));
  EXPECT_EQ(std::get<wire::NetworkIdentifier>(said.sub_options[0]).network,
            (Bytes{'e', 'd', 'u', 'r', 'o', 'a', 'm'}));
}

TEST_F(NotificationTest, ReasonsThatNobodyKnows131) {
  for (const auto reason : {0, 5, 7, 9, 255, 0x108})
    EXPECT_EQ(status_of(notification(static_cast<Reason>(reason), {node_id(mn1)})), NS::ReasonUnspecified);
}

TEST_F(NotificationTest, TheAnswerGoesBackTheWayItCame) {
  deliver(initiate({kGuest}));
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_EQ(messages[0].source, kMag);
  EXPECT_EQ(messages[0].destination, kLma);
}

TEST_F(NotificationTest, FromAnybodyElseItIsDropped) {
  deliver(initiate({kGuest}), address("2001:db8:bad::1"));
  EXPECT_EQ(counter("drops", "not-from-lma"), 1U);
  auto damaged = wire::encode(initiate({kGuest}), kLma, kMag);
  damaged.back() ^= 1;
  deliver_bytes(damaged);
  EXPECT_THAT(messages, IsEmpty());
  EXPECT_THAT(off_link_shown(), IsEmpty());
}

}  // namespace
}  // namespace flowmob::core
