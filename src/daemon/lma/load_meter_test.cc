// SPDX-License-Identifier: Apache-2.0
#include "daemon/lma/load_meter.h"

#include <gmock/gmock.h>

namespace flowmob::daemon {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const Ipv6Address kOne = Ipv6Address::parse("2001:db8:a::1").value();
const Ipv6Address kTwo = Ipv6Address::parse("2001:db8:b::1").value();

TEST(LoadMeter, AddsUpTheSessionsOfAMag) {
  LoadMeter meter;
  EXPECT_THAT(meter.measure(TimePoint{10s}, {{SessionId{1}, kOne, 1000, 0}}), IsEmpty());
  EXPECT_THAT(meter.measure(TimePoint{12s}, {{SessionId{1}, kOne, 2000, 9000}, {SessionId{2}, kTwo, 500, 0}}),
              ElementsAre(Pair(kOne, 36000U), Pair(kTwo, 0U)))
      << "the busier direction; a new session counts from the next time";
  EXPECT_THAT(meter.measure(TimePoint{13s}, {{SessionId{1}, kOne, 3000, 9000},
                                             {SessionId{3}, kOne, 5, 5},
                                             {SessionId{2}, kTwo, 600, 0}}),
              ElementsAre(Pair(kOne, 8000U), Pair(kTwo, 800U)));
}

TEST(LoadMeter, CountersThatBeginAnewAndSessionsThatMoveCountNothing) {
  LoadMeter meter;
  meter.measure(TimePoint{10s}, {{SessionId{1}, kOne, 1000, 0}, {SessionId{2}, kOne, 1000, 0}});
  EXPECT_THAT(meter.measure(TimePoint{11s}, {{SessionId{1}, kOne, 10, 0}, {SessionId{2}, kTwo, 2000, 0}}),
              ElementsAre(Pair(kOne, 0U), Pair(kTwo, 0U)));
}

}  // namespace
}  // namespace flowmob::daemon
