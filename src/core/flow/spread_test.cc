// SPDX-License-Identifier: Apache-2.0
#include "core/flow/spread.h"

#include <gmock/gmock.h>

#include <array>

namespace flowmob::core {
namespace {

using testing::Each;
using testing::Lt;

Spread shares(std::vector<SpreadLink> links) { return {SpreadKind::Shares, std::move(links)}; }

std::array<int, Spread::kMostLinks> counts(const Spread& spread) {
  std::array<int, Spread::kMostLinks> all{};
  for (const auto place : share_slots(spread)) ++all.at(place);
  return all;
}

TEST(Spread, EachLinkHasSlotsByItsWeight) {
  const auto all = counts(shares({{SessionId{1}, 3}, {SessionId{2}, 1}}));
  EXPECT_NEAR(all[0], 384, 30);
  EXPECT_NEAR(all[1], 128, 30);
  EXPECT_EQ(all[0] + all[1], static_cast<int>(kShareSlots));
}

TEST(Spread, OneLinkHasAll) { EXPECT_THAT(share_slots(shares({{SessionId{7}, 1}})), Each(0)); }

TEST(Spread, ALinkOfWeightZeroHasNoneUnlessAllAre) {
  EXPECT_THAT(share_slots(shares({{SessionId{1}, 0}, {SessionId{2}, 1}})), Each(1));
  EXPECT_THAT(share_slots(shares({{SessionId{1}, 1}, {SessionId{2}, 0}})), Each(0));
  EXPECT_THAT(share_slots(shares({{SessionId{1}, 0}, {SessionId{2}, 0}})), Each(0));
}

TEST(Spread, AHeavierLinkTakesSlotsAndGivesNone) {
  const auto before = share_slots(shares({{SessionId{1}, 1}, {SessionId{2}, 1}, {SessionId{3}, 1}}));
  const auto after = share_slots(shares({{SessionId{1}, 2}, {SessionId{2}, 1}, {SessionId{3}, 1}}));
  int taken = 0;
  for (std::size_t slot = 0; slot < kShareSlots; ++slot) {
    if (before[slot] == after[slot]) continue;
    EXPECT_EQ(after[slot], 0) << slot;
    ++taken;
  }
  EXPECT_NEAR(taken, 512 / 2 - 512 / 3, 30);
}

TEST(Spread, OfALinkThatGoesOnlyItsOwnSlotsChangeHands) {
  const Spread three = shares({{SessionId{1}, 1}, {SessionId{2}, 1}, {SessionId{3}, 1}});
  const Spread two = shares({{SessionId{1}, 1}, {SessionId{3}, 1}});
  const auto before = share_slots(three), after = share_slots(two);
  for (std::size_t slot = 0; slot < kShareSlots; ++slot) {
    const auto was = three.links[before[slot]].session;
    if (was == SessionId{2}) continue;
    EXPECT_EQ(two.links[after[slot]].session, was) << slot;
  }
}

TEST(Spread, TheOrderOfLinksDoesNotMatter) {
  const Spread one = shares({{SessionId{1}, 1}, {SessionId{2}, 2}}),
               other = shares({{SessionId{2}, 2}, {SessionId{1}, 1}});
  const auto a = share_slots(one), b = share_slots(other);
  for (std::size_t slot = 0; slot < kShareSlots; ++slot)
    EXPECT_EQ(one.links[a[slot]].session, other.links[b[slot]].session);
}

TEST(Spread, FlowsAreSharedByWeight) {
  const Spread spread = shares({{SessionId{1}, 1}, {SessionId{2}, 1}});
  int first = 0;
  for (int port = 1; port <= 1000; ++port) {
    const auto key =
        parse_flow_key("tcp,2001:db8:c::10,443,2001:db8:100::10," + std::to_string(port)).value();
    if (share_of(spread, key) == SessionId{1}) ++first;
  }
  EXPECT_NEAR(first, 500, 80);
}

TEST(Spread, NothingIsSharedWithoutShares) {
  const auto key = parse_flow_key("tcp,2001:db8:c::10,443,2001:db8:100::10,1").value();
  EXPECT_EQ(share_of({SpreadKind::Copies, {{SessionId{1}}, {SessionId{2}}}}, key), SessionId{});
  EXPECT_EQ(share_of({}, key), SessionId{});
  EXPECT_THAT(share_slots({}), Each(Lt(1)));
}

}  // namespace
}  // namespace flowmob::core
