// SPDX-License-Identifier: Apache-2.0
#include "scenario.h"

/// Moves from a link of 20 ms to one of 3 ms and back, with what is under way on both.
namespace flowmob::sim {
namespace {

constexpr std::size_t kSlow = 0, kFast = 1;

struct Ways {
  Traffic::Count down, up;
  std::uint64_t lost() const { return down.lost_total() + up.lost_total(); }
  std::uint64_t duplicated() const { return down.duplicated + up.duplicated; }
  std::uint64_t reordered() const { return down.reordered + up.reordered; }
};

/// The flow goes to and fro; `burst` packets follow each other at this interval, and then it pauses for as
/// long.
Ways move_about(Duration interval, std::uint64_t burst, std::string_view order, Duration rest = 700ms) {
  Scenario scenario;
  scenario.attach_all();
  scenario.traffic.burst = burst;
  scenario.start_traffic(0, interval);
  scenario.run(500ms);
  for (int turn = 0; turn < 10; ++turn)
    for (const std::size_t mag : {kFast, kSlow}) {
      const auto moved = scenario.domain.lma->command(
          "flow move", {{"flow", "video"}, {"to", mag == kFast ? "mag1" : "mag0"}, {"order", order}});
      EXPECT_TRUE(moved);
      scenario.run(rest + turn * 3ms);
    }
  scenario.traffic.stop();
  scenario.run(1s);
  return {scenario.traffic.down(0, "video"), scenario.traffic.up(0, "video")};
}

TEST(InOrder, AtOnceReordersWhatIsOnTheWay) {
  const auto seen = move_about(2ms, 1, "now");
  EXPECT_GT(seen.down.reordered, 10U);
  EXPECT_GT(seen.up.reordered, 10U);
  EXPECT_EQ(seen.lost() + seen.duplicated(), 0U);
}

TEST(InOrder, InGapsNothingIs) {
  const auto seen = move_about(1ms, 60, "gap");
  EXPECT_GT(seen.down.received, 1000U);
  EXPECT_EQ(seen.reordered(), 0U);
  EXPECT_EQ(seen.lost() + seen.duplicated(), 0U);
}

TEST(InOrder, AStreamWithoutGapsIsMadeThem) {
  for (const Duration interval : {Duration(2ms), Duration(10ms)}) {
    const auto seen = move_about(interval, 1, "gap");
    EXPECT_EQ(seen.reordered(), 0U) << interval.count() << ": " << seen.down.reordered << " down, "
                                    << seen.up.reordered << " up";
    EXPECT_EQ(seen.lost() + seen.duplicated(), 0U);
  }
}

/// What has not turned is on the path before the last, or has turned to the last.
TEST(InOrder, MovesThatOvertakeEachOtherLoseNothing) {
  for (const Duration rest : {10ms, 45ms, 120ms, 240ms}) {
    const auto seen = move_about(2ms, 1, "gap", rest);
    EXPECT_EQ(seen.lost() + seen.duplicated(), 0U) << rest.count();
  }
}

/// A link that dies while its flow waits to leave it: only what was on it is lost.
TEST(InOrder, ALinkThatDiesIsNotWaitedOn) {
  Scenario scenario;
  scenario.attach_all();
  scenario.start_traffic(0, 2ms);
  scenario.run(500ms);
  ASSERT_TRUE(scenario.domain.move_flow(0, "video", kFast));
  scenario.run(100ms);
  scenario.fail_link({0, 0}, 200ms);
  scenario.run(100ms);
  const auto lost = scenario.traffic.down(0, "video").lost_total();
  scenario.run(1s);
  scenario.traffic.stop();
  scenario.run(1s);
  EXPECT_LE(scenario.traffic.down(0, "video").lost_total(), lost);
  EXPECT_EQ(scenario.down("video"), static_cast<int>(kFast));
}

}  // namespace
}  // namespace flowmob::sim
