// SPDX-License-Identifier: Apache-2.0
#include "core/mn/vif_flow_table.h"

#include <gmock/gmock.h>

namespace flowmob::core {
namespace {

using namespace std::chrono_literals;
using ::testing::Optional;

const TimePoint kBegin{1000s};

VifFlowKey flow(std::uint16_t port) {
  return {Ipv6Address::parse("2001:db8:c::10").value(),
          Ipv6Address::parse("2001:db8:100::10").value(),
          17,
          5004,
          port,
          0};
}

class Flows : public ::testing::Test {
 protected:
  Flows() {
    table_.set_member(0, true);
    table_.set_member(1, true);
  }
  VifFlowTable table_;
};

TEST_F(Flows, UnknownOnesLeaveByTheDefaultAndStayThere) {
  EXPECT_THAT(table_.send(kBegin, flow(1)), Optional(0U));
  table_.set_default_member(1);
  EXPECT_THAT(table_.send(kBegin, flow(2)), Optional(1U));
  EXPECT_THAT(table_.send(kBegin, flow(1)), Optional(0U));
}

TEST_F(Flows, FollowTheirDownlink) {
  table_.send(kBegin, flow(1));
  table_.receive(kBegin, flow(1), 1);
  EXPECT_THAT(table_.send(kBegin, flow(1)), Optional(1U));
  EXPECT_THAT(table_.send(kBegin, flow(2)), Optional(0U));
  EXPECT_EQ(*table_.find(flow(1)), (VifFlowTable::Flow{1, 0, 1, kBegin}));
}

TEST_F(Flows, StragglersOfTheOldLinkDoNotCallThemBack) {
  table_.receive(kBegin, flow(1), 0);
  table_.receive(kBegin, flow(1), 1);
  table_.receive(kBegin + 99ms, flow(1), 0);
  EXPECT_THAT(table_.send(kBegin + 99ms, flow(1)), Optional(1U));
  table_.receive(kBegin + 100ms, flow(1), 0);
  EXPECT_THAT(table_.send(kBegin + 100ms, flow(1)), Optional(0U));
}

TEST_F(Flows, MayGoOnToAThirdLinkAtOnce) {
  table_.set_member(2, true);
  table_.receive(kBegin, flow(1), 0);
  table_.receive(kBegin, flow(1), 1);
  table_.receive(kBegin, flow(1), 2);
  EXPECT_THAT(table_.send(kBegin, flow(1)), Optional(2U));
}

TEST_F(Flows, ReturnAtOnceWhenTheNewLinkIsDown) {
  table_.receive(kBegin, flow(1), 0);
  table_.receive(kBegin, flow(1), 1);
  table_.set_member(1, false);
  table_.receive(kBegin, flow(1), 0);
  EXPECT_EQ(table_.find(flow(1))->member, 0U);
}

TEST_F(Flows, FallBackWhileTheirLinkIsDown) {
  table_.receive(kBegin, flow(1), 1);
  table_.set_member(1, false);
  EXPECT_THAT(table_.send(kBegin, flow(1)), Optional(0U));
  table_.set_member(1, true);
  EXPECT_THAT(table_.send(kBegin, flow(1)), Optional(1U)) << "the entry had stayed";
  table_.set_member(0, false);
  EXPECT_THAT(table_.send(kBegin, flow(2)), Optional(1U)) << "the default is down too: any that is up";
  table_.set_member(1, false);
  EXPECT_EQ(table_.send(kBegin, flow(2)), std::nullopt);
}

TEST_F(Flows, StayWithoutReflection) {
  VifFlowTable still({.reflect = false});
  still.set_member(0, true);
  still.set_member(1, true);
  still.send(kBegin, flow(1));
  still.receive(kBegin, flow(1), 1);
  EXPECT_THAT(still.send(kBegin, flow(1)), Optional(0U));
}

TEST_F(Flows, TheOneIdleLongestIsForgotten) {
  VifFlowTable small({.capacity = 2});
  small.set_member(0, true);
  small.receive(kBegin, flow(1), 0);
  small.receive(kBegin, flow(2), 0);
  small.send(kBegin, flow(1));
  small.receive(kBegin, flow(3), 0);
  EXPECT_EQ(small.size(), 2U);
  EXPECT_EQ(small.find(flow(2)), nullptr);
  EXPECT_NE(small.find(flow(1)), nullptr);
}

TEST_F(Flows, ReversedTwiceIsTheSame) {
  EXPECT_EQ(flow(1).reversed().source_port, 1);
  EXPECT_EQ(flow(1).reversed().reversed(), flow(1));
}

}  // namespace
}  // namespace flowmob::core
