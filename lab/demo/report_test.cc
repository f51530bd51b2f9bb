// SPDX-License-Identifier: Apache-2.0
#include "lab/demo/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flowmob::lab {
namespace {

using testing::HasSubstr;

StepReport sample_step() {
  StepReport step;
  step.name = "move-to-mag2";
  step.title = "Move video to MAG2";
  step.concerned = {FlowKind::Video};
  FlowOutcome video{FlowKind::Video, Way::Down, {}, {120, 680}, {0, 100}, 3};
  video.summary.sent = 800;
  video.summary.received = 799;
  video.summary.lost = 1;
  video.summary.reordered = 2;
  video.summary.longest_gap = 12 * kMillisecond;
  step.flows.push_back(video);
  video.way = Way::Up;
  video.summary.longest_gap = 14 * kMillisecond;
  step.flows.push_back(video);
  FlowOutcome ping{FlowKind::Ping, Way::Up, {}, {}, {}, 0};
  ping.summary.longest_gap = 90 * kMillisecond;
  step.flows.push_back(ping);
  step.checks = {{"video lost nothing", false}, {"download stayed on MAG2", true}};
  return step;
}

TEST(Report, StepHasTheFieldsThatScriptsRelyOn) {
  const auto json = to_json(sample_step());
  EXPECT_EQ(json["name"], "move-to-mag2");
  EXPECT_EQ(json["verdict"], "fail");
  const auto& flow = json["flows"][0];
  EXPECT_EQ(flow["name"], "video");
  EXPECT_EQ(flow["direction"], "down");
  EXPECT_EQ(flow["redundant"], false);
  EXPECT_EQ(flow["sent"], 800);
  EXPECT_EQ(flow["lost"], 1);
  EXPECT_EQ(flow["duplicated"], 0);
  EXPECT_EQ(flow["reordered"], 2);
  EXPECT_EQ(flow["longest_gap_ms"], 12.0);
  EXPECT_EQ(flow["unmatched"], 3);
  EXPECT_EQ(flow["frames"]["mag2-mn"], 680);
  EXPECT_EQ(json["concerned"], nlohmann::ordered_json({"video"}));
  EXPECT_EQ(json["longest_silence_ms"], 14.0) << "both ways, and of the flows concerned only";
  for (const char* key : {"messages", "bytes", "pbu_to_pba_ms"})
    EXPECT_TRUE(json["signalling"].contains(key)) << key;
}

TEST(Report, TellsWhichFlowGoesByBothLinks) {
  StepReport step = sample_step();
  step.flows[0].flow = FlowKind::Steering;
  EXPECT_EQ(to_json(step)["flows"][0]["name"], "steering");
  EXPECT_EQ(to_json(step)["flows"][0]["redundant"], true);
}

TEST(Report, OneFailedCheckFailsTheWhole) {
  DemoReport report;
  report.unfinished.reset();
  EXPECT_FALSE(report.passed()) << "nothing shown is nothing proved";
  report.steps.push_back(sample_step());
  EXPECT_EQ(to_json(report)["verdict"], "fail");
  report.steps[0].checks[0].holds = true;
  EXPECT_EQ(to_json(report)["verdict"], "pass");
  EXPECT_EQ(to_json(report)["predecessors_handover_ms"], nlohmann::ordered_json({700, 800}));
}

TEST(Report, ADemoThatEndedEarlyHasNotPassed) {
  DemoReport report;
  report.steps.push_back(sample_step());
  report.steps[0].checks[0].holds = true;
  EXPECT_EQ(to_json(report)["verdict"], "fail") << "steps may be missing";
  report.unfinished = Error{"interrupted", "interrupted"};
  const auto json = to_json(report);
  EXPECT_EQ(json["verdict"], "fail");
  EXPECT_EQ(json["interrupted"], true);
  EXPECT_EQ(json["reason"], "interrupted");
  EXPECT_EQ(outcome_text(report), "NOT FINISHED: interrupted");
  report.unfinished = Error{"timeout", "waited in vain"};
  EXPECT_EQ(to_json(report)["interrupted"], false);
  report.unfinished.reset();
  EXPECT_EQ(to_json(report)["verdict"], "pass");
  EXPECT_EQ(to_json(report)["reason"], nullptr);
  EXPECT_EQ(outcome_text(report), "every verdict holds");
}

TEST(Report, AStepThatNobodyJudgedHasNotPassed) {
  StepReport step = sample_step();
  step.checks.clear();
  EXPECT_FALSE(step.passed());
}

TEST(Report, TellsWhatTheCapturesMissed) {
  DemoReport report;
  report.captures = {{"cn-lma", 100, 2, true}};
  EXPECT_EQ(to_json(report)["captures"][0]["dropped"], 2);
}

TEST(Report, ClosesWithTheSilenceOfEveryStepAndThePredecessors) {
  DemoReport report;
  report.steps.push_back(sample_step());
  const std::string text = closing_text(report, false);
  EXPECT_THAT(text, HasSubstr("Move video to MAG2"));
  EXPECT_THAT(text, HasSubstr("14.0 ms"));
  EXPECT_THAT(text, HasSubstr("700 to 800 ms"));
}

TEST(Report, FailurePartsAddUp) {
  const FailureParts parts{.detection = 4 * kMillisecond,
                           .round_trip = 10 * kMillisecond,
                           .pbu_to_pba = 12 * kMillisecond,
                           .longest_gap = 38 * kMillisecond};
  EXPECT_EQ(parts.remaining(), 24 * kMillisecond);
  EXPECT_EQ(parts.bound(), 64 * kMillisecond);
  StepReport step = sample_step();
  step.failure = parts;
  const auto json = to_json(step)["failure"];
  EXPECT_EQ(json["detection_ms"], 4.0);
  EXPECT_EQ(json["mag_lma_round_trip_ms"], 10.0);
  EXPECT_EQ(json["pbu_to_pba_ms"], 12.0);
  EXPECT_EQ(json["detection_limit_ms"], 50.0);
  EXPECT_EQ(json["remaining_ms"], 24.0);
  EXPECT_EQ(json["bound_ms"], 64.0);
  const FailureParts quick{
      .detection = 4 * kMillisecond, .round_trip = 10 * kMillisecond, .longest_gap = 6 * kMillisecond};
  EXPECT_EQ(quick.remaining(), -8 * kMillisecond);
}

TEST(Report, NewRecordsAreThoseOfTheStep) {
  using Ordered = nlohmann::ordered_json;
  const Ordered one = {{"handover", 1}}, two = {{"handover", 2}};
  const auto shown = [](const char* since, const Ordered& records) {
    return Ordered{{"since", since}, {"handovers", records}};
  };
  const Ordered before = shown("a", Ordered::array({one}));
  EXPECT_EQ(new_handovers(before, shown("a", Ordered::array({one, two}))), Ordered::array({two}));
  EXPECT_EQ(new_handovers(before, before), Ordered::array());
  EXPECT_EQ(new_handovers(before, shown("b", Ordered::array({one}))), Ordered::array({one})) << "restarted";
  EXPECT_EQ(new_handovers(Ordered(), before), Ordered::array({one}));
  EXPECT_EQ(new_handovers(before, Ordered()), Ordered::array());
}

TEST(Report, TellsTheTimesAndTheRecordOfTheNodesMove) {
  StepReport step = sample_step();
  step.node_move = NodeMove{4 * kMillisecond, 215 * kMillisecond, 226 * kMillisecond, 240 * kMillisecond};
  step.handovers.push_back({{"handover", 4}, {"flow", "video"}, {"to", nullptr}, {"out_of_order", 0}});
  EXPECT_EQ(to_json(step)["node_move"]["downlink_ms"], 240.0);
  EXPECT_EQ(to_json(step)["handovers"][0]["handover"], 4);
  EXPECT_THAT(step_text(step, false), HasSubstr("told the LMA after 215.0; downlink after 240.0"));
  EXPECT_THAT(step_text(step, false),
              HasSubstr("record 4: video from - to - by -; order: -, 0 out of order"));
}

TEST(Report, TextNamesTheFailedClaimAndFitsTheTerminal) {
  StepReport step = sample_step();
  step.failure = FailureParts{400 * kMillisecond, 100 * kMillisecond, 100 * kMillisecond, 999 * kMillisecond};
  step.node_move = NodeMove{999 * kMillisecond, 999 * kMillisecond, 999 * kMillisecond, 999 * kMillisecond};
  step.handovers.push_back({{"handover", 12},
                            {"flow", "video"},
                            {"from", "mag1"},
                            {"to", "mag2"},
                            {"trigger", "announcement"},
                            {"order", "made-gap"},
                            {"out_of_order", 12}});
  const std::string text = step_text(step, false);
  EXPECT_THAT(text, HasSubstr("FAIL video lost nothing"));
  EXPECT_THAT(text, HasSubstr("700 to 800 ms"));
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != text.npos; begin = end + 1, end = text.find('\n', begin)) {
    EXPECT_LE(end - begin, 100U) << text.substr(begin, end - begin);
  }
}

}  // namespace
}  // namespace flowmob::lab
