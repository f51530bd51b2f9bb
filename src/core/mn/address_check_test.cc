// SPDX-License-Identifier: Apache-2.0
#include "core/mn/lif_fixture_for_test.h"

/// A router's advertisement with another link-layer address: the old one is asked before it is given up.
namespace flowmob::core {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const Ipv6Address kMemberAddress = Ipv6Address::parse("fe80::1").value();
const MacAddress kNewMac = MacAddress::parse("02:00:00:00:0a:01").value();

MnConfig with_watch() {
  auto config = configuration();
  config.router_probe_interval = 10s;
  return config;
}

class AddressCheckTest : public Lif {
 protected:
  AddressCheckTest() : Lif(with_watch()) { both_attached(); }

  /// The router's, in a frame from `frame`; with the option, unless `given` is none.
  void answer(std::optional<MacAddress> given, const MacAddress& frame = kFixedMac,
              InterfaceIndex interface = kIf1) {
    wire::NeighborAdvertisement message{true, true, true, kFixedRouter, {}};
    if (given)
      message.options.emplace_back(
          wire::TargetLinkLayerAddress{Bytes(given->octets.begin(), given->octets.end())});
    lif_.handle_neighbor_discovery(now_, {kFixedRouter, kMemberAddress, interface, frame, 255},
                                   wire::encode_nd(message, kFixedRouter, kMemberAddress));
  }
  std::string router_mac() { return links()["links"][0]["router_mac"]; }
  bool is_changed() { return router_mac() != kFixedMac.to_string(); }
  /// What could not be asked.
  void refuse_questions() {
    drain();
    for (const auto& effect : effects_)
      if (std::holds_alternative<AskRouter>(effect.action))
        lif_.handle_effect_result(now_, effect.id, fail("no-link-local", "none yet"));
    effects_.clear();
  }
};

TEST_F(AddressCheckTest, SilentOldAddressGivesWayWithinASecond) {
  advertise(kIf1, {.mac = kNewMac});
  pass(899ms);
  const auto questions = asked<AskRouter>();
  ASSERT_THAT(questions, SizeIs(3));
  for (const auto& question : questions) {
    EXPECT_EQ(question.interface, kIf1);
    EXPECT_EQ(question.router, kFixedRouter);
    EXPECT_EQ(question.router_mac, kFixedMac) << "the old one";
  }
  EXPECT_THAT(asked<InstallMember>(), IsEmpty());
  EXPECT_THAT(asked<SendSolicitation>(), IsEmpty());
  pass(1ms);
  EXPECT_THAT(events(), ElementsAre("router-changed"));
  const auto rows = asked<InstallMember>();
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].interface, kIf1);
  EXPECT_EQ(rows[0].router, kNewMac);
  EXPECT_TRUE(rows[0].up);
  EXPECT_EQ(asked<EnsureDefaultRouter>().at(0).mac, kNewMac);
  ASSERT_THAT(asked<SendSolicitation>(), SizeIs(1)) << "for its prefixes and the MTU";
}

TEST_F(AddressCheckTest, NewAddressIsTheOneThatIsWatchedAndBelievedFromThenOn) {
  advertise(kIf1, {.mac = kNewMac});
  pass(1s);
  forget();
  const auto before = drops("not-our-router");
  advertise(kIf1, {.mac = kNewMac, .mtu = 1400});
  EXPECT_EQ(asked<SetInterfaceMtu>().at(0).mtu, 1400U);
  EXPECT_EQ(drops("not-our-router"), before);
  pass(10s);
  EXPECT_THAT(asked<SendSolicitation>(), IsEmpty()) << "it was heard";
  EXPECT_EQ(asked<AskRouter>().back().router_mac, kNewMac);
  advertise(kIf1);
  EXPECT_EQ(asked<AskRouter>().at(0).router_mac, kNewMac) << "now the former one is the stranger";
}

TEST_F(AddressCheckTest, OldAddressThatAnswersStays) {
  for (const auto later : {0ms, 400ms, 890ms}) {
    advertise(kIf1, {.mac = kNewMac, .prefix = "2001:db8:bad::"});
    EXPECT_THAT(asked<AskRouter>(), SizeIs(1));
    pass(later);
    answer(kFixedMac);
    forget();
    pass(2s);
    EXPECT_THAT(asked<AskRouter>(), IsEmpty());
    EXPECT_THAT(asked<InstallMember>(), IsEmpty());
    EXPECT_THAT(asked<EnsureDefaultRouter>(), IsEmpty());
    EXPECT_THAT(asked<EnsureAddress>(), IsEmpty());
    EXPECT_THAT(events(), IsEmpty());
  }
  EXPECT_EQ(drops("not-our-router"), 3U);
}

TEST_F(AddressCheckTest, AnswerWithoutTheOptionIsTheFramesSource) {
  advertise(kIf1, {.mac = kNewMac});
  answer(std::nullopt, kFixedMac);
  pass(1s);
  EXPECT_FALSE(is_changed());
  pass(1s);
  advertise(kIf1, {.mac = kNewMac});
  answer(std::nullopt, kNewMac);
  pass(1s);
  EXPECT_TRUE(is_changed());
}

/// The kernel asks for the member's link-local address, and all of the link.
TEST_F(AddressCheckTest, AnswerThatGivesTheNewAddressSaysNothingForTheOld) {
  advertise(kIf1, {.mac = kNewMac});
  pass(100ms);
  answer(kNewMac);
  pass(800ms);
  EXPECT_EQ(router_mac(), kNewMac.to_string());
}

TEST_F(AddressCheckTest, AdvertisementFromTheOldAddressIsAnAnswer) {
  advertise(kIf1, {.mac = kNewMac});
  advertise(kIf1);
  pass(2s);
  EXPECT_FALSE(is_changed());
}

TEST_F(AddressCheckTest, WhoResignsInTheRoutersNameIsNotAskedAbout) {
  advertise(kIf1, {.mac = kNewMac, .lifetime = 0});
  pass(2s);
  EXPECT_THAT(asked<AskRouter>(), IsEmpty());
  EXPECT_FALSE(is_changed());
}

TEST_F(AddressCheckTest, FarRouterHasMoreTime) {
  pass(10s);
  pass(400ms);
  answer(kFixedMac);
  ASSERT_EQ(links()["links"][0]["round_trip_ms"], 400.0);
  advertise(kIf1, {.mac = kNewMac});
  pass(2399ms);
  EXPECT_FALSE(is_changed());
  pass(1ms);
  EXPECT_TRUE(is_changed());
}

TEST_F(AddressCheckTest, StrangerThatFloodsWithAddressesMakesFewQuestions) {
  std::size_t questions = 0;
  for (int i = 0; i < 6000; ++i) {
    const MacAddress made_up{{2, 0, 0, 1, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}};
    advertise(kIf1, {.mac = made_up});
    pass(5ms);
    const auto asked_now = asked<AskRouter>();
    questions += asked_now.size();
    pass(5ms);
    for (const auto& question : asked_now) answer(kFixedMac, kFixedMac, question.interface);
  }
  EXPECT_THAT(asked<InstallMember>(), IsEmpty());
  EXPECT_FALSE(is_changed());
  EXPECT_GE(questions, 30U);
  EXPECT_LE(questions, 2U + 30U + 12U) << "two at once, one in two seconds, and those of both watches";
  EXPECT_EQ(links()["links"][0]["router_silent"], false);
}

TEST_F(AddressCheckTest, WhenTheOldOneIsSilentTheFirstThatSpokeIsTaken) {
  advertise(kIf1, {.mac = kNewMac});
  pass(100ms);
  advertise(kIf1, {.mac = kMac2});
  pass(800ms);
  EXPECT_EQ(router_mac(), kNewMac.to_string());
  pass(1s);
  advertise(kIf1, {.mac = kMac2});
  pass(900ms);
  EXPECT_EQ(router_mac(), kMac2.to_string()) << "nor does that one answer";
}

TEST_F(AddressCheckTest, QuestionThatCouldNotBeAskedSaysNothing) {
  advertise(kIf1, {.mac = kNewMac});
  refuse_questions();
  pass(2s);
  EXPECT_THAT(asked<AskRouter>(), IsEmpty());
  EXPECT_FALSE(is_changed());
  advertise(kIf1, {.mac = kNewMac});
  EXPECT_THAT(asked<SendSolicitation>(), SizeIs(1)) << "as with any other router";
  pass(5s);
  advertise(kIf1, {.mac = kNewMac});
  EXPECT_FALSE(is_changed());
  pass(1s);
  refuse_questions();
  advertise(kIf1, {.mac = kNewMac});
  EXPECT_TRUE(is_changed());
  EXPECT_THAT(events(), Contains("router-changed"));
}

TEST_F(AddressCheckTest, AsksAgainOnceSomethingWasAnswered) {
  advertise(kIf1, {.mac = kNewMac});
  refuse_questions();
  answer(kFixedMac);
  pass(2s);
  advertise(kIf1, {.mac = kNewMac});
  EXPECT_THAT(asked<AskRouter>(), SizeIs(1));
}

TEST_F(AddressCheckTest, LinkThatIsLostEndsTheCheck) {
  advertise(kIf1, {.mac = kNewMac});
  link(kIf1, false);
  forget();
  pass(2s);
  link(kIf1, true);
  pass(2s);
  EXPECT_THAT(asked<AskRouter>(), IsEmpty());
  EXPECT_THAT(events(), Not(Contains("router-changed")));
}

TEST_F(AddressCheckTest, RouterThatResignsEndsTheCheck) {
  advertise(kIf1, {.mac = kNewMac});
  advertise(kIf1, {.lifetime = 0});
  pass(2s);
  EXPECT_THAT(events(), ElementsAre("router-lost", "default-member"));
  EXPECT_TRUE(links()["links"][0]["router"].is_null());
}

/// Whoever resigns on a silent link is heard.
TEST_F(AddressCheckTest, RouterThatIsLostWhileItIsSilentEndsTheCheck) {
  pass(29900ms);
  advertise(kIf1, {.mac = kNewMac});
  pass(100ms);
  advertise(kIf1, {.mac = kNewMac, .lifetime = 0});
  ASSERT_TRUE(links()["links"][0]["router"].is_null());
  pass(2s);
  EXPECT_THAT(events(), Not(Contains("router-changed")));
}

TEST_F(AddressCheckTest, AnotherRouterThatIsTakenEndsTheCheck) {
  pass(29900ms);
  advertise(kIf1, {.mac = kNewMac});
  pass(100ms);
  advertise(kIf1, {.router = Ipv6Address::parse("fe80::77").value(), .mac = kMac2});
  pass(2s);
  EXPECT_EQ(router_mac(), kMac2.to_string());
}

TEST_F(AddressCheckTest, MemberThatLeavesEndsTheCheck) {
  advertise(kIf1, {.mac = kNewMac});
  forget();
  auto config = with_watch();
  config.members.erase(config.members.begin());
  ASSERT_TRUE(lif_.reconfigure(now_, config, 5s));
  pass(100ms);
  ASSERT_TRUE(lif_.reconfigure(now_, with_watch())) << "it stays after all";
  pass(2s);
  EXPECT_THAT(asked<AskRouter>(), IsEmpty());
  EXPECT_THAT(events(), Not(Contains("router-changed")));
}

TEST_F(AddressCheckTest, WhereNobodyIsWatchedNobodyIsAskedAboutHisAddress) {
  auto config = with_watch();
  config.router_probe_interval = {};
  ASSERT_TRUE(lif_.reconfigure(now_, config));
  pass(10s);
  forget();
  advertise(kIf1, {.mac = kNewMac});
  EXPECT_THAT(asked<AskRouter>(), IsEmpty());
  EXPECT_THAT(asked<SendSolicitation>(), SizeIs(1));
  pass(2s);
  EXPECT_FALSE(is_changed());
}

}  // namespace
}  // namespace flowmob::core
