// SPDX-License-Identifier: Apache-2.0
#include "core/flow/flow_table.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace flowmob::core {
namespace {

using testing::ElementsAre;
using Kind = FlowEvent::Kind;

constexpr SessionId kNone{}, kOne{1}, kTwo{2}, kThree{3};

ServiceProfile service(std::string identifier, const std::vector<FlowTemplate>& flows,
                       bool is_default = false) {
  return {identifier, identifier, {flows.begin(), flows.end()}, is_default};
}

void reselect(FlowTable& table, const std::vector<SessionId>& live,
              const std::vector<SessionId>& opening = {}, SessionId leaving = {}) {
  std::vector<LinkState> links;
  for (const auto session : live) {
    auto& link = links.emplace_back(LinkState{session});
    link.is_opening = std::ranges::find(opening, session) != opening.end();
  }
  table.reselect(links, LinkBoard{}, leaving);
}

std::vector<std::string> names(const FlowTable& table) {
  std::vector<std::string> all;
  for (const auto& f : table.bindings()) all.emplace_back(f.name());
  return all;
}

class FlowTableTest : public testing::Test {
 protected:
  FlowNumbers numbers;
  FlowTable table = FlowTable::with_default(numbers.next());
};

TEST_F(FlowTableTest, StandsInAscendingPriorityWithTheDefaultLast) {
  table.bind(service("a", {{"late", 65535, {}}, {"early", 1, {}}}), kOne, numbers);
  table.bind(service("b", {{"middle", 20, {}}}), kOne, numbers);
  EXPECT_THAT(names(table), ElementsAre("early", "middle", "late", "*"));
}

TEST_F(FlowTableTest, AFlowKeepsItsNumberWhenItsServiceComesAgain) {
  table.bind(service("a", {{"video", 10, {}}}), kOne, numbers);
  const FlowIndex index = table.find("video")->index;
  table.bind(service("a", {{"video", 30, {}}, {"voice", 5, {}}}), kTwo, numbers);
  EXPECT_EQ(table.find("video")->index, index);
  EXPECT_EQ(table.find("video")->flow->priority, 30);
  EXPECT_EQ(table.find("video")->wanted, kTwo);
  EXPECT_NE(table.find("voice")->index, index);
}

TEST_F(FlowTableTest, FlowsThatTheProfileLostGoWithItsNextUse) {
  table.bind(service("a", {{"video", 10, {}}, {"voice", 5, {}}}), kOne, numbers);
  table.bind(service("b", {{"voice", 6, {}}}), kOne, numbers);
  EXPECT_TRUE(table.has_several("voice"));
  table.bind(service("a", {{"video", 10, {}}}), kOne, numbers);
  EXPECT_THAT(names(table), ElementsAre("voice", "video", "*"));
  EXPECT_EQ(table.find("voice")->service, "b");
}

TEST_F(FlowTableTest, AFlowReturnsOnlyToWhereItWas) {
  table.bind_default(kOne);
  reselect(table, {kOne});
  table.bind_default(kTwo);
  reselect(table, {kOne, kTwo}, {kTwo});
  const FlowTable waiting = table;
  reselect(table, {kOne, kTwo});
  EXPECT_EQ(differences(waiting, table).at(0).kind, Kind::Moved);
  reselect(table, {kOne});
  const FlowTable fallen = table;
  reselect(table, {kOne, kTwo});
  EXPECT_EQ(differences(fallen, table).at(0).kind, Kind::Returned);
}

TEST_F(FlowTableTest, AMoveWaitsForALinkThatIsOpening) {
  table.bind(service("a", {{"video", 10, {}}}), kOne, numbers);
  table.bind_default(kOne);
  reselect(table, {kOne});
  const FlowTable before = table;
  table.move(table.find("video")->index, kTwo);
  reselect(table, {kOne, kTwo}, {kTwo});
  EXPECT_EQ(table.find("video")->current, kOne);
  EXPECT_TRUE(differences(before, table).empty());
  reselect(table, {kOne, kTwo});
  EXPECT_EQ(table.find("video")->current, kTwo);
  EXPECT_EQ(table.find("video")->moves, 1U);
  EXPECT_EQ(table.default_flow().current, kOne);
  EXPECT_EQ(differences(before, table).at(0).kind, Kind::Moved);
}

TEST_F(FlowTableTest, OnlyADefaultServiceBindsTheDefaultFlow) {
  table.bind(service("a", {}), kOne, numbers);
  EXPECT_EQ(table.default_flow().wanted, kNone);
  table.bind(service("internet", {}, true), kTwo, numbers);
  EXPECT_EQ(table.default_flow().wanted, kTwo);
}

TEST_F(FlowTableTest, FallsBackToTheSmallestLiveSessionAndReturns) {
  table.bind_default(kTwo);
  reselect(table, {kTwo});
  EXPECT_EQ(state_of(table.default_flow()), FlowState::Active);
  reselect(table, {kThree, kOne});
  EXPECT_EQ(table.default_flow().current, kOne);
  EXPECT_EQ(state_of(table.default_flow()), FlowState::Fallback);
  reselect(table, {kOne, kTwo, kThree});
  EXPECT_EQ(table.default_flow().current, kTwo);
  EXPECT_EQ(table.default_flow().moves, 2U);
}

TEST_F(FlowTableTest, InFallbackItStaysWhereItIs) {
  table.bind_default(kOne);
  reselect(table, {kOne});
  reselect(table, {kThree});
  reselect(table, {kTwo, kThree});
  EXPECT_EQ(table.default_flow().current, kThree);
}

TEST_F(FlowTableTest, WithoutALiveSessionItIsInactive) {
  table.bind_default(kOne);
  reselect(table, {});
  EXPECT_EQ(state_of(table.default_flow()), FlowState::Inactive);
  EXPECT_EQ(to_string(FlowState::Inactive), "inactive");
}

TEST_F(FlowTableTest, AFlowStaysWhereItFellWhenItsSessionIsForgotten) {
  table.bind(service("a", {{"video", 10, {}}}), kOne, numbers);
  reselect(table, {kOne, kTwo});
  table.forget(kOne);
  reselect(table, {kTwo});
  EXPECT_EQ(table.find("video")->wanted, kNone);
  EXPECT_EQ(table.find("video")->current, kTwo);
  EXPECT_EQ(state_of(*table.find("video")), FlowState::Fallback);
}

TEST_F(FlowTableTest, TheDefaultFlowBelongsToTheFirstSessionThatThereIs) {
  reselect(table, {kTwo});
  table.adopt_default();
  EXPECT_EQ(table.default_flow().wanted, kTwo);
  reselect(table, {kOne, kTwo});
  EXPECT_EQ(table.default_flow().current, kTwo);
  table.forget(kTwo);
  reselect(table, {kOne});
  table.adopt_default();
  EXPECT_EQ(table.default_flow().wanted, kOne);
}

TEST_F(FlowTableTest, NamesWhatBecameOfAFlow) {
  table.bind_default(kOne);
  reselect(table, {kOne, kTwo});
  FlowTable moved = table;
  moved.bind_default(kTwo);
  reselect(moved, {kOne, kTwo});
  FlowTable fallen = moved;
  reselect(fallen, {kOne});
  FlowTable returned = fallen;
  reselect(returned, {kOne, kTwo});

  EXPECT_TRUE(differences(table, table).empty());
  ASSERT_EQ(differences(table, moved).size(), 1U);
  EXPECT_EQ(differences(table, moved)[0].kind, Kind::Moved);
  EXPECT_EQ(differences(table, moved)[0].before.current, kOne);
  EXPECT_EQ(differences(moved, fallen)[0].kind, Kind::Fallback);
  EXPECT_EQ(differences(fallen, returned)[0].kind, Kind::Returned);
}

TEST_F(FlowTableTest, NewFlowsAreNoChangeOfPath) {
  FlowTable next = table;
  next.bind(service("a", {{"video", 10, {}}}), kOne, numbers);
  reselect(next, {kOne});
  // the default flow was inactive before and falls to the only session
  ASSERT_EQ(differences(table, next).size(), 1U);
  EXPECT_TRUE(differences(table, next)[0].after.is_default());
}

TEST(FlowNumbers, BeginAtOne) {  // RFC 6089 section 4.2: zero is reserved
  FlowNumbers numbers;
  EXPECT_EQ(numbers.next(), FlowIndex{1});
}

TEST(FlowNumbers, SkipWhatIsInUse) {
  FlowNumbers numbers;
  numbers.skip_to(FlowIndex{7});
  numbers.skip_to(FlowIndex{3});
  EXPECT_EQ(numbers.next(), FlowIndex{8});
}

}  // namespace
}  // namespace flowmob::core
