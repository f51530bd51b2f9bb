// SPDX-License-Identifier: Apache-2.0
#include "lab/stats/arrivals.h"

#include <gtest/gtest.h>

namespace flowmob::lab {
namespace {

Arrival arrival(std::uint64_t sequence, Nanoseconds sent_ms, Nanoseconds arrived_ms) {
  return {sequence, sent_ms * kMillisecond, arrived_ms * kMillisecond};
}

TEST(ArrivalCounter, CountsWhatIsMissing) {
  ArrivalCounter counter;
  for (const std::uint64_t sequence : std::initializer_list<std::uint64_t>{0, 1, 3, 4})
    counter.add(arrival(sequence, 0, 1));
  const FlowSummary s = counter.summary(6);
  EXPECT_EQ(s.received, 4U);
  EXPECT_EQ(s.lost, 2U);
  EXPECT_EQ(s.reordered, 0U) << "a hole alone is loss, not reordering";
}

TEST(ArrivalCounter, ASecondCopyIsADuplicateAndNothingElse) {
  ArrivalCounter counter;
  for (const std::uint64_t sequence : std::initializer_list<std::uint64_t>{0, 1, 0, 1, 2})
    counter.add(arrival(sequence, 0, 1));
  const FlowSummary s = counter.summary(3);
  EXPECT_EQ(s.duplicated, 2U);
  EXPECT_EQ(s.lost, 0U);
  EXPECT_EQ(s.reordered, 0U);
}

TEST(ArrivalCounter, ReorderingByRfc4737) {
  ArrivalCounter counter;
  for (const std::uint64_t sequence : std::initializer_list<std::uint64_t>{0, 3, 4, 1, 2, 5})
    counter.add(arrival(sequence, 0, 1));
  const FlowSummary s = counter.summary(6);
  EXPECT_EQ(s.reordered, 2U);
  EXPECT_EQ(s.reordering_extent, 3U) << "packet 2 is the fifth, packet 3 came three places before it";
  EXPECT_EQ(s.lost, 0U);
}

TEST(ArrivalCounter, GapAndDelay) {
  ArrivalCounter counter;
  counter.add(arrival(0, 10, 15));
  counter.add(arrival(1, 20, 45));
  counter.add(arrival(2, 40, 50));
  const FlowSummary s = counter.summary(3);
  EXPECT_EQ(s.longest_gap, 30 * kMillisecond);
  EXPECT_EQ(s.gap_start, 15 * kMillisecond);
  EXPECT_EQ(s.delay.least, 5 * kMillisecond);
  EXPECT_EQ(s.delay.median, 10 * kMillisecond);
  EXPECT_EQ(s.delay.greatest, 25 * kMillisecond);
}

struct Flow {
  std::vector<Sent> sent;
  std::vector<Arrival> arrivals;
};

/// One packet every 10 ms for a second, each 5 ms under way.
Flow steady() {
  Flow flow;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const auto sent = static_cast<Nanoseconds>(i) * 10 * kMillisecond;
    flow.sent.push_back({i, sent});
    flow.arrivals.push_back({i, sent, sent + 5 * kMillisecond});
  }
  return flow;
}

TEST(Window, HoldsOnlyWhatWasSentInIt) {
  const Flow flow = steady();
  const FlowSummary s = summarize_window(flow.sent, flow.arrivals, 200 * kMillisecond, 400 * kMillisecond);
  EXPECT_EQ(s.sent, 20U);
  EXPECT_EQ(s.received, 20U);
  EXPECT_EQ(s.lost, 0U);
  EXPECT_EQ(s.longest_gap, 10 * kMillisecond);
}

TEST(Window, LossOutsideItDoesNotCount) {
  Flow flow = steady();
  flow.arrivals.erase(flow.arrivals.begin() + 50, flow.arrivals.begin() + 60);
  EXPECT_EQ(summarize_window(flow.sent, flow.arrivals, 0, 400 * kMillisecond).lost, 0U);
  EXPECT_EQ(summarize_window(flow.sent, flow.arrivals, 400 * kMillisecond, 700 * kMillisecond).lost, 10U);
}

TEST(Window, AGapThatReachesIntoTheWindowCountsWhole) {
  Flow flow = steady();
  flow.arrivals.erase(flow.arrivals.begin() + 35, flow.arrivals.begin() + 45);
  const FlowSummary s = summarize_window(flow.sent, flow.arrivals, 400 * kMillisecond, 600 * kMillisecond);
  EXPECT_EQ(s.longest_gap, 110 * kMillisecond);
  EXPECT_EQ(s.gap_start, 345 * kMillisecond);
}

TEST(Window, AFlowThatDiesHasAGapUntilItsEnd) {
  Flow flow = steady();
  flow.arrivals.resize(50);
  const FlowSummary s = summarize_window(flow.sent, flow.arrivals, 400 * kMillisecond, 900 * kMillisecond);
  EXPECT_EQ(s.longest_gap, 405 * kMillisecond);
  EXPECT_EQ(s.lost, 40U);
}

TEST(Window, SilenceIsAGapAsLongAsTheWindow) {
  const FlowSummary s = summarize_window({}, {}, 0, 900 * kMillisecond);
  EXPECT_EQ(s.sent, 0U);
  EXPECT_EQ(s.longest_gap, 900 * kMillisecond);
}

TEST(FlowSummary, JsonHasTheFieldsThatReportsPromise) {
  FlowSummary s;
  s.sent = 7;
  s.longest_gap = 1'234'567;
  const auto json = to_json(s);
  EXPECT_EQ(json["sent"], 7);
  EXPECT_EQ(json["longest_gap_ms"], 1.235);
  for (const char* key : {"lost", "duplicated", "reordered"}) EXPECT_TRUE(json.contains(key)) << key;
}

}  // namespace
}  // namespace flowmob::lab
