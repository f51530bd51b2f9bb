// SPDX-License-Identifier: Apache-2.0
// A link that has just come: its MAG delivers nothing before it has the answer to its registration.
#include "core/lma/anchor_fixture_for_test.h"

namespace flowmob::core {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

LmaConfig with_delay() {
  LmaConfig config = test_config();
  config.new_link_delay = 50ms;
  return config;
}

class NewLinkTest : public AnchorFixture {
 protected:
  NewLinkTest() : AnchorFixture(with_delay()) {}
  void pass(Duration d) {
    advance(d);
    lma->handle_timeout(now);
    drain();
  }
  Json move_video() {
    const auto moved = lma->handle_command(now, "flow move", {{"flow", "video"}, {"to", "mag2"}});
    drain();
    return moved.value();
  }
  void register_with(Pbu pbu, const char* service) {
    pbu.service = service;
    accepted(pbu);
  }
};

TEST_F(NewLinkTest, TheFirstLinkTakesItsFlowsAtOnce) {
  register_with(first(), "video");
  EXPECT_EQ(mag_of("video"), "mag1");
  EXPECT_EQ(mag_of("*"), "mag1");
}

TEST_F(NewLinkTest, FlowsThatAnotherLinkCarriesComeLater) {
  register_with(first(), "video");
  pass(1s);
  register_with(second(), "internet");
  EXPECT_EQ(mag_of("*"), "mag1");
  EXPECT_THAT(all<InstallFlow>(), IsEmpty());
  EXPECT_LE(lma->poll_timeout().value(), now.monotonic + 50ms);
  clear();
  pass(50ms);
  EXPECT_EQ(mag_of("*"), "mag2");
  EXPECT_EQ(mag_of("video"), "mag1");
  EXPECT_THAT(events(), ElementsAre("flow-moved")) << "it has never been there";
  EXPECT_THAT(rows(), ElementsAre("install-flow", "ensure-route", "persist-node"));
}

TEST_F(NewLinkTest, ANewFlowWaitsWhereItsPacketsWentBefore) {
  register_with(first(), "internet");
  pass(1s);
  register_with(second(), "video");
  EXPECT_EQ(mag_of("video"), "mag1");
  pass(50ms);
  EXPECT_EQ(mag_of("video"), "mag2");
}

TEST_F(NewLinkTest, ALinkThatReturnsWaitsAsWell) {
  register_with(first(), "video");
  register_with(second(), "internet");
  pass(1s);
  Pbu gone = second();
  gone.lifetime = 0;
  accepted(gone);
  EXPECT_EQ(mag_of("*"), "mag1");
  pass(1s);
  register_with(second(), "internet");
  EXPECT_EQ(mag_of("*"), "mag1");
  clear();
  pass(50ms);
  EXPECT_EQ(mag_of("*"), "mag2");
  EXPECT_THAT(events(), ElementsAre("flow-returned"));
}

TEST_F(NewLinkTest, AFlowThatIsMovedToItWaitsToo) {
  register_with(first(), "video");
  pass(1s);
  register_with(second(), "internet");
  clear();
  const auto moved = move_video();
  EXPECT_EQ(moved["changed"], true);
  EXPECT_EQ(moved["waits"], true);
  EXPECT_EQ(mag_of("video"), "mag1");
  EXPECT_THAT(events(), IsEmpty());
  const auto again = move_video();
  EXPECT_EQ(again["changed"], false);
  EXPECT_EQ(again["waits"], true);
  pass(50ms);
  EXPECT_EQ(mag_of("video"), "mag2");
  EXPECT_THAT(events(), ElementsAre("flow-moved", "flow-moved")) << "video, and what the service brought";
  EXPECT_EQ(move_video()["waits"], false);
}

/// As long as its gateway goes on asking: nothing delivers there before that has had an answer.
TEST_F(NewLinkTest, AFlowIsNotMovedToAMagThatHasNotHadTheAnswer) {
  register_with(first(), "video");
  pass(1s);
  register_with(second(), "internet");
  pass(1s);
  EXPECT_EQ(mag_of("*"), "mag2");
  register_with(second(), "internet");
  EXPECT_EQ(move_video()["waits"], true);
  pass(1s);
  EXPECT_EQ(mag_of("video"), "mag1");
  pass(1100ms);
  EXPECT_EQ(mag_of("video"), "mag2");
}

TEST_F(NewLinkTest, AFlowWithoutAnotherLinkIsMovedAtOnce) {
  register_with(first(), "video");
  pass(1s);
  register_with(second(), "internet");
  Pbu gone = first();
  gone.lifetime = 0;
  accepted(gone);
  const auto moved = move_video();
  EXPECT_EQ(moved["changed"], true) << "the binding";
  EXPECT_EQ(moved["waits"], false);
  EXPECT_EQ(mag_of("video"), "mag2");
}

TEST_F(NewLinkTest, NothingWaitsWhenTheOtherLinkGoes) {
  register_with(first(), "internet");
  pass(1s);
  register_with(second(), "internet");
  Pbu gone = first();
  gone.lifetime = 0;
  accepted(gone);
  EXPECT_EQ(mag_of("*"), "mag2");
}

TEST_F(NewLinkTest, AnExtensionDelaysNothing) {
  register_with(first(), "video");
  register_with(second(), "internet");
  pass(1s);
  Pbu again = second();
  again.handoff = HI::NoChange;
  again.prefixes = {kOwn};
  again.service = "video";
  accepted(again);
  EXPECT_EQ(mag_of("video"), "mag2");
}

TEST_F(NewLinkTest, AMagThatAsksAgainHasNotHadTheAnswer) {
  register_with(first(), "internet");
  pass(1s);
  register_with(second(), "internet");
  pass(50ms);
  EXPECT_EQ(mag_of("*"), "mag2");
  pass(950ms);
  register_with(second(), "internet");
  EXPECT_EQ(mag_of("*"), "mag1") << "what went there was lost";
  pass(1999ms);
  EXPECT_EQ(mag_of("*"), "mag1") << "the answer may be lost again, and it asks after 2 s";
  register_with(second(), "internet");
  pass(3s);
  EXPECT_EQ(mag_of("*"), "mag1") << "and then after 4 s";
  pass(3100ms);
  EXPECT_EQ(mag_of("*"), "mag2");
}

TEST_F(NewLinkTest, AMagThatHadTheAnswerAndBeginsAnewWaitsTheShortTime) {
  register_with(first(), "internet");
  register_with(second(), "internet");
  pass(1s);
  Pbu extended = second();
  extended.handoff = HI::NoChange;
  extended.prefixes = {kOwn};
  accepted(extended);
  EXPECT_EQ(mag_of("*"), "mag2");
  pass(10s);
  register_with(second(), "internet");
  EXPECT_EQ(mag_of("*"), "mag1");
  pass(50ms);
  EXPECT_EQ(mag_of("*"), "mag2");
}

TEST_F(NewLinkTest, AnAnswerThatMayNotHaveLeftIsWaitedForByTheSuccessor) {
  register_with(first(), "internet");
  pass(1s);
  register_with(second(), "internet");
  const NodeRecord kept = all<PersistNode>().back().record;
  EXPECT_TRUE(kept.sessions.at(1).opening);
  lma = std::make_unique<LocalMobilityAnchor>(with_delay());
  lma->restore(now, {kept});
  drain();
  EXPECT_EQ(mag_of("*"), "mag1");
  pass(2s);
  EXPECT_EQ(mag_of("*"), "mag2");
  EXPECT_FALSE(all<PersistNode>().back().record.sessions.at(1).opening);
}

}  // namespace
}  // namespace flowmob::core
