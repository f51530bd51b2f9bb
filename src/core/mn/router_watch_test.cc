// SPDX-License-Identifier: Apache-2.0
#include "core/mn/lif_fixture_for_test.h"

/// Neighbor Unreachability Detection of the members' routers (RFC 4861 section 7.3).
namespace flowmob::core {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const Ipv6Address kOwn = Ipv6Address::parse("fe80::1").value();

struct Answer {
  Ipv6Address source = kFixedRouter;
  Ipv6Address target = kFixedRouter;
  bool solicited = true;
  std::uint8_t hop_limit = 255;
};

class RouterWatchTest : public Lif {
 protected:
  RouterWatchTest() : Lif(asking()) {}

  void answer(InterfaceIndex interface, const Answer& with = {}) {
    const wire::NeighborAdvertisement message{true, with.solicited, true, with.target, {}};
    lif_.handle_neighbor_discovery(now_, {with.source, kOwn, interface, kFixedMac, with.hop_limit},
                                   wire::encode_nd(message, with.source, kOwn));
  }
  /// The routers of all but one interface answer what they are asked, a moment later.
  void pass_answering(Duration duration, InterfaceIndex silent = {}) {
    for (Duration passed{}; passed < duration; passed += 100ms) {
      pass(90ms);
      for (const auto& question : asked<AskRouter>())
        if (question.interface != silent) answer(question.interface);
      pass(10ms);
    }
  }
  Json row(std::size_t number) { return links()["links"][number]; }
  /// Interface and state of the rows that were asked for.
  std::vector<std::pair<std::uint32_t, bool>> rows() {
    std::vector<std::pair<std::uint32_t, bool>> found;
    for (const auto& member : asked<InstallMember>()) found.emplace_back(member.number, member.up);
    return found;
  }
};

TEST_F(RouterWatchTest, AsksEachRouterAtTheIntervalInAFrameOfItsOwn) {
  both_attached();
  pass(999ms);
  EXPECT_THAT(asked<AskRouter>(), IsEmpty());
  pass(1ms);
  const auto questions = asked<AskRouter>();
  ASSERT_THAT(questions, SizeIs(2));
  EXPECT_EQ(questions[0].interface, kIf1);
  EXPECT_EQ(questions[0].link_source, kMac1);
  EXPECT_EQ(questions[0].router, kFixedRouter);
  EXPECT_EQ(questions[0].router_mac, kFixedMac);
  EXPECT_EQ(questions[1].interface, kIf2);
  EXPECT_EQ(questions[1].link_source, kMac2);
}

TEST_F(RouterWatchTest, RouterThatAnswersStays) {
  both_attached();
  pass_answering(29min + 100ms);
  EXPECT_THAT(events(), Not(Contains("router-silent")));
  EXPECT_THAT(rows(), IsEmpty());
  const auto statistics = lif_.handle_command(now_, "show statistics", Json::object()).value();
  EXPECT_EQ(statistics["router_probes"]["sent"], statistics["router_probes"]["answered"]);
  EXPECT_GT(statistics["router_probes"]["sent"], 3000);
}

TEST_F(RouterWatchTest, SilentLinkIsLeftWithinThreeIntervals) {
  both_attached();
  pass_answering(5s);
  forget();
  const auto begin = now_.monotonic;
  while (events().empty()) pass_answering(100ms, kIf1);
  EXPECT_LE(now_.monotonic - begin, 3100ms);  // a step of this loop is 100 ms
  EXPECT_THAT(rows(), ElementsAre(std::pair(0U, false)));
  EXPECT_THAT(asked<InstallDefaultMember>(), SizeIs(1));
  EXPECT_EQ(row(0)["router_silent"], true);
  EXPECT_EQ(row(0)["carrier"], true);
  EXPECT_EQ(row(0)["up"], false);
  EXPECT_EQ(row(1)["default"], true);
}

TEST_F(RouterWatchTest, SilentLinkIsUsedAgainOnceItsRouterHasAnsweredAndAdvertised) {
  both_attached();
  pass_answering(5s, kIf1);
  forget();
  advertise(kIf1);  // it may hear nothing of us all the same
  EXPECT_THAT(rows(), IsEmpty());
  answer(kIf1);
  EXPECT_THAT(events(), ElementsAre("router-answers"));
  EXPECT_THAT(rows(), IsEmpty());  // it may have forgotten us
  const auto solicited = asked<SendSolicitation>();
  ASSERT_THAT(solicited, SizeIs(1));
  EXPECT_EQ(solicited[0].interface, kIf1);
  advertise(kIf1);
  EXPECT_THAT(rows(), ElementsAre(std::pair(0U, true)));
  EXPECT_EQ(row(0)["default"], true);
}

TEST_F(RouterWatchTest, OnlyLinkThereIsStaysInUse) {
  link(kIf1, true);
  link(kIf2, false);
  advertise(kIf1);
  forget();
  pass(10s);
  EXPECT_THAT(events(), Contains("router-silent"));
  EXPECT_THAT(rows(), IsEmpty());
  EXPECT_EQ(row(0)["up"], true);
}

TEST_F(RouterWatchTest, AnotherRouterOnASilentLinkIsTaken) {
  both_attached();
  pass_answering(5s, kIf1);
  forget();
  Ra other;
  other.router = Ipv6Address::parse("fe80::77").value();
  other.mac = MacAddress::parse("02:00:00:00:00:77").value();
  advertise(kIf1, other);
  EXPECT_THAT(rows(), ElementsAre(std::pair(0U, true)));
  EXPECT_EQ(row(0)["router_silent"], false);
}

TEST_F(RouterWatchTest, WhatIsNoAnswerCountsForNothing) {
  both_attached();
  for (int i = 0; i < 50; ++i) {
    pass_answering(100ms, kIf1);
    answer(kIf1, {.source = Ipv6Address::parse("fe80::66").value()});
    answer(kIf1, {.target = Ipv6Address::parse("fe80::66").value()});
    answer(kIf1, {.solicited = false});
    answer(kIf1, {.hop_limit = 254});
  }
  EXPECT_EQ(row(0)["router_silent"], true);
}

TEST_F(RouterWatchTest, QuestionThatCouldNotBeAskedIsNotHeldAgainstTheRouter) {
  both_attached();
  for (int i = 0; i < 100; ++i) {
    pass(100ms);
    drain();
    for (const auto& effect : effects_) {
      if (!std::holds_alternative<AskRouter>(effect.action)) continue;
      lif_.handle_effect_result(now_, effect.id, fail("no-link-local", "none yet"));
    }
    effects_.clear();
  }
  EXPECT_EQ(row(0)["router_silent"], false);
  EXPECT_EQ(lif_.handle_command(now_, "show statistics", Json::object()).value()["router_probes"]["sent"], 0);
}

TEST_F(RouterWatchTest, LinkThatIsLostIsNotAskedAbout) {
  both_attached();
  link(kIf1, false);
  forget();
  pass_answering(10s);
  EXPECT_EQ(row(0)["router_silent"], false);
  for (const auto& question : asked<AskRouter>()) EXPECT_EQ(question.interface, kIf2);
}

TEST_F(RouterWatchTest, RoundTripIsThatOfTheLatestAnswer) {
  both_attached();
  EXPECT_TRUE(row(0)["round_trip_ms"].is_null());
  pass(1s);
  forget();
  pass(20ms);
  answer(kIf1);
  EXPECT_EQ(row(0)["round_trip_ms"], 20.0);
  EXPECT_TRUE(row(1)["round_trip_ms"].is_null());
}

TEST_F(RouterWatchTest, WithoutAnIntervalNobodyIsAsked) {
  auto config = asking();
  config.router_probe_interval = {};
  both_attached();
  ASSERT_TRUE(lif_.reconfigure(now_, config));
  pass(1h - 1ms);
  EXPECT_THAT(asked<AskRouter>(), IsEmpty());
  ASSERT_TRUE(lif_.reconfigure(now_, asking()));
  advertise(kIf1);
  advertise(kIf2);
  pass(1s);
  EXPECT_THAT(asked<AskRouter>(), SizeIs(2));
}

}  // namespace
}  // namespace flowmob::core
