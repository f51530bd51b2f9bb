// SPDX-License-Identifier: Apache-2.0
// Each judge hears a good report and passes it, and a bad one and does not.
#include "lab/demo/judges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flowmob::lab {
namespace {

using Json = nlohmann::ordered_json;

/// A step in which all went well: everything on MAG2, steering on both, 100 packets each way.
StepReport good_step() {
  StepReport step;
  step.concerned = {FlowKind::Download, FlowKind::Ping};
  for (const FlowKind flow : kFlowKinds) {
    for (const Way way : kWays) {
      const std::uint64_t copies = is_redundant(flow) ? 100 : 0;
      FlowOutcome outcome{flow, way, {}, {copies, 100}, {copies / 5, 20}, 0};
      outcome.summary.sent = outcome.summary.received = 100;
      outcome.summary.longest_gap = 30 * kMillisecond;
      step.flows.push_back(outcome);
    }
  }
  step.connection = {{"local", "[::1]:9"}, {"inode", "7"}};
  step.signalling.exchanges = {{"lma-mag1", 10 * kMillisecond, 21 * kMillisecond, 1, 150, 0},
                               {"lma-mag2", 12 * kMillisecond, 23 * kMillisecond, 1, 150, 0}};
  const Json rows = {{{"mn_id", "mn1"}, {"flow", "video"}, {"mag", "mag1"}, {"lifetime", 600}}};
  step.bindings_before = {{"bindings", rows}};
  step.bindings_after = step.bindings_before;
  return step;
}

/// The same, after the link of MAG2 failed at 1000 ms.
StepReport failed_link() {
  StepReport step = good_step();
  step.signalling.exchanges.push_back({"lma-mag2", 1003 * kMillisecond, 1014 * kMillisecond, 2, 0, 0});
  return step;
}

Evidence evidence() {
  return {.first_connection = good_step().connection,
          .event = 1000 * kMillisecond,
          .mag_lma_round_trip = 10 * kMillisecond};
}

bool passes(const Judge& judge, StepReport step, const Evidence& known = evidence()) {
  step.checks.clear();
  judge(known, step);
  EXPECT_FALSE(step.checks.empty()) << "a judge says something";
  return step.passed();
}

FlowOutcome& outcome(StepReport& step, FlowKind flow, Way way) {
  return *std::ranges::find_if(step.flows,
                               [&](const FlowOutcome& f) { return f.flow == flow && f.way == way; });
}

void lose(FlowOutcome& flow, const std::vector<Loss>& losses) {
  flow.losses = losses;
  flow.summary.lost = losses.size();
}

TEST(HasAddress, NeedsOne) {
  EXPECT_TRUE(passes(judge::has_address("2001:db8::1"), good_step()));
  EXPECT_FALSE(passes(judge::has_address(""), good_step()));
}

TEST(BothRegistered, WantsBothMagsAndStatusZero) {
  EXPECT_TRUE(passes(judge::both_registered, good_step()));
  StepReport refused = good_step();
  refused.signalling.exchanges[1].status = 153;
  EXPECT_FALSE(passes(judge::both_registered, refused));
  StepReport one = good_step();
  one.signalling.exchanges[1].link = "lma-mag1";
  EXPECT_FALSE(passes(judge::both_registered, one));
  StepReport leaving = good_step();
  leaving.signalling.exchanges[0].lifetime = 0;
  EXPECT_FALSE(passes(judge::both_registered, leaving));
}

TEST(Lossless, SeesLossCopiesSilenceAndWhatNoCaptureSawLeave) {
  EXPECT_TRUE(passes(judge::lossless, good_step()));
  for (const FlowKind flow : kFlowKinds) {
    for (const Way way : kWays) {
      StepReport lost = good_step(), doubled = good_step(), silent = good_step(), unseen = good_step();
      outcome(lost, flow, way).summary.lost = 1;
      outcome(doubled, flow, way).summary.duplicated = 1;
      outcome(silent, flow, way).summary.received = 0;
      outcome(unseen, flow, way).unmatched = 1;
      for (const StepReport& bad : {lost, doubled, silent, unseen})
        EXPECT_FALSE(passes(judge::lossless, bad));
    }
  }
  StepReport missing = good_step();
  missing.flows.pop_back();
  EXPECT_FALSE(passes(judge::lossless, missing)) << "a flow has two ways";
  missing.flows.pop_back();
  EXPECT_TRUE(passes(judge::lossless, missing)) << "steering is not in every step";
  missing.flows.pop_back();
  EXPECT_FALSE(passes(judge::lossless, missing)) << "the others are";
}

TEST(RedundantFlow, HasBothLinksAgain) {
  EXPECT_TRUE(passes(judge::redundant_flow_has_both_links, good_step()));
  for (const Way way : kWays) {
    StepReport lost = good_step(), doubled = good_step(), one_link = good_step();
    outcome(lost, FlowKind::Steering, way).summary.lost = 1;
    outcome(doubled, FlowKind::Steering, way).summary.duplicated = 1;
    outcome(one_link, FlowKind::Steering, way).frames[1] = 0;
    for (const StepReport& bad : {lost, doubled, one_link})
      EXPECT_FALSE(passes(judge::redundant_flow_has_both_links, bad));
  }
  StepReport none = good_step();
  std::erase_if(none.flows, [](const FlowOutcome& f) { return f.flow == FlowKind::Steering; });
  EXPECT_FALSE(passes(judge::redundant_flow_has_both_links, none));
}

TEST(SameConnection, IsTheFirstOne) {
  EXPECT_TRUE(passes(judge::same_connection, good_step()));
  StepReport other = good_step();
  other.connection["inode"] = "8";
  EXPECT_FALSE(passes(judge::same_connection, other));
  StepReport none = good_step();
  none.connection = Json::object();
  Evidence never = evidence();
  never.first_connection = Json::object();
  EXPECT_FALSE(passes(judge::same_connection, none));
  EXPECT_FALSE(passes(judge::same_connection, none, never)) << "no connection is not the same as none";
}

TEST(BindingsKept, ComparesWhoIsWhereAndNotCounters) {
  StepReport step = good_step();
  step.bindings_after["bindings"][0]["lifetime"] = 590;
  EXPECT_TRUE(passes(judge::bindings_kept, step));
  step.bindings_after["bindings"][0]["mag"] = "mag2";
  EXPECT_FALSE(passes(judge::bindings_kept, step));
  step.bindings_before = step.bindings_after = {{"bindings", Json::array()}};
  EXPECT_FALSE(passes(judge::bindings_kept, step));
}

TEST(HardFailure, PassesWithinTheBoundAndReportsItsParts) {
  StepReport step = failed_link();
  outcome(step, FlowKind::Ping, Way::Down).summary.longest_gap = 63 * kMillisecond;
  lose(outcome(step, FlowKind::Ping, Way::Down), {{993 * kMillisecond, {}}, {1001 * kMillisecond, {}}});
  judge::hard_failure(evidence(), step);
  EXPECT_TRUE(step.passed());
  ASSERT_TRUE(step.failure);
  EXPECT_EQ(step.failure->detection, 3 * kMillisecond);
  EXPECT_EQ(step.failure->round_trip, 10 * kMillisecond);
  EXPECT_EQ(step.failure->pbu_to_pba, 11 * kMillisecond);
  EXPECT_EQ(step.failure->longest_gap, 63 * kMillisecond);
  EXPECT_EQ(step.failure->bound(), 63 * kMillisecond);
}

TEST(HardFailure, IsNotExcusedByASlowAnswer) {
  StepReport step = failed_link();
  step.signalling.exchanges.back().answered += 400 * kMillisecond;
  outcome(step, FlowKind::Download, Way::Up).summary.longest_gap = 64 * kMillisecond;
  EXPECT_FALSE(passes(judge::hard_failure, step));
}

TEST(HardFailure, IsNotExcusedByALateDetection) {
  StepReport step = failed_link();
  step.signalling.exchanges.back() = {"lma-mag2", 1051 * kMillisecond, 1062 * kMillisecond, 2, 0, 0};
  EXPECT_FALSE(passes(judge::hard_failure, step));
  step.signalling.exchanges.back().asked = 1050 * kMillisecond;
  EXPECT_TRUE(passes(judge::hard_failure, step));
}

TEST(HardFailure, WantsAnAcceptedDeregistrationOfThatMagAfterTheEvent) {
  StepReport silent = good_step(), refused = failed_link(), before = failed_link(), other = failed_link();
  refused.signalling.exchanges.back().status = 129;
  before.signalling.exchanges.back().asked = 999 * kMillisecond;
  other.signalling.exchanges.back().link = "lma-mag1";
  for (const StepReport& bad : {silent, refused, before, other})
    EXPECT_FALSE(passes(judge::hard_failure, bad));
}

TEST(HardFailure, LosesOnlyWhatWentTowardsTheDeadLinkBeforeThePathChanged) {
  const auto passes_with = [](FlowKind flow, Way way, const std::vector<Loss>& losses) {
    StepReport step = failed_link();
    lose(outcome(step, flow, way), losses);
    return passes(judge::hard_failure, step);
  };
  EXPECT_TRUE(passes_with(FlowKind::Ping, Way::Up, {{999 * kMillisecond, 1}, {1002 * kMillisecond, 1}}));
  EXPECT_FALSE(passes_with(FlowKind::Ping, Way::Up, {{999 * kMillisecond, 1}, {1002 * kMillisecond, 0}}))
      << "the other link";
  for (const Nanoseconds elsewhen : {800 * kMillisecond, 1015 * kMillisecond})
    EXPECT_FALSE(passes_with(FlowKind::Download, Way::Down, {{elsewhen, {}}})) << elsewhen;
  StepReport unexplained = failed_link();
  outcome(unexplained, FlowKind::Ping, Way::Down).summary.lost = 1;
  EXPECT_FALSE(passes(judge::hard_failure, unexplained));
}

TEST(HardFailure, TheOtherLinksFlowLosesNothingAndNoFlowIsDoubled) {
  for (const Way way : kWays) {
    StepReport lost = failed_link();
    lose(outcome(lost, FlowKind::Video, way), {{1001 * kMillisecond, {}}});
    EXPECT_FALSE(passes(judge::hard_failure, lost));
    for (const FlowKind flow : kFlowKinds) {
      StepReport doubled = failed_link();
      outcome(doubled, flow, way).summary.duplicated = 1;
      EXPECT_FALSE(passes(judge::hard_failure, doubled));
    }
  }
  StepReport nothing_measured = failed_link();
  nothing_measured.flows.clear();
  EXPECT_FALSE(passes(judge::hard_failure, nothing_measured));
}

TEST(RedundantFlow, LosesNothingWherePingDoes) {
  StepReport step = failed_link();
  EXPECT_FALSE(passes(judge::redundant_flow_is_whole, step)) << "if ping lost nothing, what has failed?";
  lose(outcome(step, FlowKind::Ping, Way::Up), {{1001 * kMillisecond, 1}});
  EXPECT_TRUE(passes(judge::redundant_flow_is_whole, step));
  for (const Way way : kWays) {
    StepReport lost = step, doubled = step, silent = step, on_one = step;
    lose(outcome(lost, FlowKind::Steering, way), {{1001 * kMillisecond, {}}});
    outcome(doubled, FlowKind::Steering, way).summary.duplicated = 1;
    outcome(silent, FlowKind::Steering, way).summary.received = 0;
    outcome(on_one, FlowKind::Steering, way).frames = {100, 0};
    for (const StepReport& bad : {lost, doubled, silent, on_one})
      EXPECT_FALSE(passes(judge::redundant_flow_is_whole, bad));
  }
  step.flows.pop_back();
  EXPECT_FALSE(passes(judge::redundant_flow_is_whole, step));
}

/// The node has moved video at 1000 ms.
StepReport moved_by_node() {
  StepReport step = good_step();
  outcome(step, FlowKind::Video, Way::Up).first_frames = {std::nullopt, 1004 * kMillisecond};
  outcome(step, FlowKind::Video, Way::Down).first_frames = {1001 * kMillisecond, 1240 * kMillisecond};
  step.signalling.exchanges.push_back({"lma-mag2", 1215 * kMillisecond, 1226 * kMillisecond, 3, 150, 0});
  step.handovers.push_back({{"handover", 4}, {"trigger", "announcement"}, {"from", "mag1"}, {"to", "mag2"}});
  return step;
}

TEST(NodeDecided, ReportsTheTimesFromTheDecisionOn) {
  StepReport step = moved_by_node();
  judge::node_decided(evidence(), step);
  EXPECT_TRUE(step.passed());
  ASSERT_TRUE(step.node_move);
  EXPECT_EQ(step.node_move->uplink, 4 * kMillisecond);
  EXPECT_EQ(step.node_move->announced, 215 * kMillisecond);
  EXPECT_EQ(step.node_move->answered, 226 * kMillisecond);
  EXPECT_EQ(step.node_move->downlink, 240 * kMillisecond);
}

TEST(NodeDecided, WantsUplinkThenAnAcceptedAnnouncementThenDownlink) {
  EXPECT_TRUE(passes(judge::node_decided, moved_by_node()));
  StepReport refused = moved_by_node(), other = moved_by_node(), leaving = moved_by_node(),
             before = moved_by_node(), still = moved_by_node(), ahead = moved_by_node();
  refused.signalling.exchanges.back().status = 128;
  other.signalling.exchanges.back().link = "lma-mag1";
  leaving.signalling.exchanges.back().lifetime = 0;
  before.signalling.exchanges.back().asked = 1003 * kMillisecond;
  outcome(still, FlowKind::Video, Way::Up).first_frames[1].reset();
  outcome(ahead, FlowKind::Video, Way::Down).first_frames[1] = 1214 * kMillisecond;
  for (const StepReport& bad : {refused, other, leaving, before, still, ahead})
    EXPECT_FALSE(passes(judge::node_decided, bad));
}

TEST(NodeDecided, WantsTheRecordOfOneMoveThatWasAnnounced) {
  StepReport none = moved_by_node(), commanded = moved_by_node(), back = moved_by_node(),
             two = moved_by_node();
  none.handovers.clear();
  commanded.handovers[0]["trigger"] = "command";
  back.handovers[0]["to"] = "mag1";
  two.handovers.push_back(two.handovers[0]);
  for (const StepReport& bad : {none, commanded, back, two}) EXPECT_FALSE(passes(judge::node_decided, bad));
}

TEST(FlowEndsOn, LooksAtBothWaysInTheLastSecond) {
  const Judge judge = judge::flow_ends_on(FlowKind::Video, 1);
  EXPECT_TRUE(passes(judge, good_step()));
  EXPECT_FALSE(passes(judge::flow_ends_on(FlowKind::Video, 0), good_step()));
  for (const Way way : kWays) {
    StepReport split = good_step(), silent = good_step();
    outcome(split, FlowKind::Video, way).last_frames = {1, 20};
    outcome(silent, FlowKind::Video, way).last_frames = {0, 0};
    EXPECT_FALSE(passes(judge, split));
    EXPECT_FALSE(passes(judge, silent));
  }
  StepReport missing = good_step();
  missing.flows.clear();
  EXPECT_FALSE(passes(judge, missing));
}

TEST(FlowStaysOn, LooksAtBothWaysInTheWholeStep) {
  const Judge judge = judge::flow_stays_on(FlowKind::Ping, 1);
  EXPECT_TRUE(passes(judge, good_step()));
  EXPECT_FALSE(passes(judge::flow_stays_on(FlowKind::Ping, 0), good_step()));
  for (const Way way : kWays) {
    StepReport strayed = good_step(), silent = good_step();
    outcome(strayed, FlowKind::Ping, way).frames = {1, 99};
    outcome(silent, FlowKind::Ping, way).frames = {0, 0};
    EXPECT_FALSE(passes(judge, strayed));
    EXPECT_FALSE(passes(judge, silent));
  }
}

TEST(WholeFile, WantsOneConnectionStatus200AndTheChecksum) {
  const Json good{{"curl_exit_status", 0}, {"http_status", 200},      {"octets", 5},
                  {"connections", 1},      {"sha256_expected", "ab"}, {"sha256_received", "ab"}};
  EXPECT_TRUE(passes(judge::whole_file(good), good_step()));
  const Json wrong{
      {"curl_exit_status", 18}, {"http_status", 404}, {"connections", 2}, {"sha256_received", "cd"}};
  for (const auto& [key, value] : wrong.items()) {
    Json bad = good;
    bad[key] = value;
    EXPECT_FALSE(passes(judge::whole_file(bad), good_step())) << key;
  }
  EXPECT_FALSE(passes(judge::whole_file(Json::object()), good_step()));
}

TEST(WholeCaptures, ToleratesNoFrameThatWasMissed) {
  const CaptureCounts good{"cn-lma", 12, 0, true};
  EXPECT_TRUE(passes(judge::whole_captures({good, good}), good_step()));
  EXPECT_FALSE(passes(judge::whole_captures({good, {"mag1-mn", 12, 1, true}}), good_step()));
  EXPECT_FALSE(passes(judge::whole_captures({good, {"mag1-mn", 12, 0, false}}), good_step()));
  EXPECT_FALSE(passes(judge::whole_captures({good, {"mag1-mn", 0, 0, true}}), good_step()));
  EXPECT_FALSE(passes(judge::whole_captures({}), good_step()));
}

}  // namespace
}  // namespace flowmob::lab
