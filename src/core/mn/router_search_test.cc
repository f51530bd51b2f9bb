// SPDX-License-Identifier: Apache-2.0
#include "core/mn/lif_fixture_for_test.h"

/// A router that has another link-layer address and has told nobody is asked for by multicast (RFC 4861
/// section 7.3.3).
namespace flowmob::core {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const MacAddress kMoved = MacAddress::parse("02:00:00:00:0a:02").value();
const Ipv6Address kGroup = Ipv6Address::parse("ff02::1:ff00:5213").value();
const MacAddress kGroupMac = MacAddress::parse("33:33:ff:00:52:13").value();

class RouterSearchTest : public Lif {
 protected:
  explicit RouterSearchTest(const MnConfig& config = asking()) : Lif(config) { both_attached(); }

  void answer(InterfaceIndex interface, const MacAddress& mac, bool with_option = true) {
    const Ipv6Address own = Ipv6Address::parse("fe80::1").value();
    wire::NeighborAdvertisement message{true, true, true, kFixedRouter, {}};
    if (with_option)
      message.options.emplace_back(wire::TargetLinkLayerAddress{Bytes(mac.octets.begin(), mac.octets.end())});
    lif_.handle_neighbor_discovery(now_, {kFixedRouter, own, interface, mac, 255},
                                   wire::encode_nd(message, kFixedRouter, own));
  }
  /// The router of if2 answers all; that of if1 what reaches it where it is now: at `mac`, if anywhere.
  void live(Duration duration, std::optional<MacAddress> mac) {
    for (Duration passed{}; passed < duration; passed += 10ms) {
      pass(10ms);
      for (const auto& question : asked<AskRouter>()) {
        const bool is_search = question.destination == kGroup && question.router_mac == kGroupMac;
        searches_ += is_search ? 1 : 0;
        if (question.interface == kIf2) answer(kIf2, kFixedMac);
        if (question.interface == kIf1 && mac && (is_search || question.router_mac == *mac))
          answer(kIf1, *mac);
      }
      for (const auto& solicitation : asked<SendSolicitation>())
        if (solicitation.interface == kIf1 && mac) advertise(kIf1, {.mac = *mac});
    }
  }
  std::string router_mac() { return links()["links"][0]["router_mac"]; }
  std::size_t searches_ = 0;
};

TEST_F(RouterSearchTest, WhoAnswersIsNotAskedForByMulticast) {
  live(60s, kFixedMac);
  EXPECT_EQ(searches_, 0U);
}

TEST_F(RouterSearchTest, WhoMissesAQuestionIsAskedForByMulticastTogetherWithTheNext) {
  pass(1500ms);
  for (const auto& question : asked<AskRouter>()) EXPECT_EQ(question.destination, kFixedRouter);
  pass(1s);
  const auto questions = asked<AskRouter>();
  ASSERT_THAT(questions, SizeIs(4));
  EXPECT_EQ(questions[0].destination, kFixedRouter);
  EXPECT_EQ(questions[0].router_mac, kFixedMac);
  EXPECT_EQ(questions[1].interface, kIf1);
  EXPECT_EQ(questions[1].router, kFixedRouter);
  EXPECT_EQ(questions[1].destination, kGroup);
  EXPECT_EQ(questions[1].router_mac, kGroupMac);
  EXPECT_EQ(questions[1].link_source, kMac1);
}

TEST_F(RouterSearchTest, RouterWithAnotherAddressIsFoundBeforeItsMemberIsSilent) {
  live(5s, kFixedMac);
  forget();
  live(3s, kMoved);
  EXPECT_EQ(router_mac(), kMoved.to_string());
  EXPECT_THAT(events(), ElementsAre("router-changed"));
  EXPECT_EQ(links()["links"][0]["up"], true);
  live(20s, kMoved);
  EXPECT_THAT(events(), IsEmpty());
  EXPECT_EQ(router_mac(), kMoved.to_string());
}

TEST_F(RouterSearchTest, OneThatComesBackElsewhereAfterAMinuteIsFoundInSeconds) {
  live(60s, std::nullopt);
  ASSERT_EQ(links()["links"][0]["router_silent"], true);
  live(12s, kMoved);
  EXPECT_EQ(router_mac(), kMoved.to_string());
  EXPECT_EQ(links()["links"][0]["up"], true);
  EXPECT_EQ(links()["links"][0]["router_silent"], false);
}

TEST_F(RouterSearchTest, SearchesHaveAPace) {
  live(600s, std::nullopt);
  EXPECT_GE(searches_, 60U);
  EXPECT_LE(searches_, 3U + 60U);
}

/// It only had lost a question or two.
TEST_F(RouterSearchTest, StrangerThatAnswersInItsNameIsNotBelievedWhileTheOldAddressAnswers) {
  pass(2s);
  forget();
  answer(kIf1, kMoved);
  ASSERT_THAT(asked<AskRouter>(), SizeIs(1)) << "the old one is asked at once";
  answer(kIf1, kFixedMac);
  live(10s, kFixedMac);
  EXPECT_EQ(router_mac(), kFixedMac.to_string());
  EXPECT_THAT(events(), Not(Contains("router-changed")));
}

/// One that answers a unicast question need not give its address, and may have several.
TEST_F(RouterSearchTest, AnswerWithoutTheOptionIsTheRouters) {
  pass(2s);
  forget();
  answer(kIf1, kMoved, false);
  EXPECT_THAT(asked<AskRouter>(), IsEmpty());
  pass(2500ms);
  EXPECT_EQ(router_mac(), kFixedMac.to_string());
  EXPECT_EQ(links()["links"][0]["router_silent"], false);
}

MnConfig with_a_modem() {
  auto config = asking();
  config.members[0].raw_ip = true;
  return config;
}

class ModemSearchTest : public RouterSearchTest {
 protected:
  ModemSearchTest() : RouterSearchTest(with_a_modem()) {}
};

TEST_F(ModemSearchTest, WhereThereAreNoAddressesNoneIsSearched) {
  pass(10s);
  for (const auto& question : asked<AskRouter>())
    EXPECT_TRUE(question.interface != kIf1 || question.destination == kFixedRouter);
}

}  // namespace
}  // namespace flowmob::core
