// SPDX-License-Identifier: Apache-2.0
#include "core/binding/ordering.h"

#include <gtest/gtest.h>

#include "wire/options.h"

namespace flowmob::core {
namespace {

using namespace std::chrono_literals;
using enum wire::BindingStatus;

constexpr WallTime kNow{1'700'000'000s};
constexpr Duration kWindow = 300ms;

std::uint64_t at(Duration offset) { return wire::TimestampOption::from_wall(kNow + offset).value; }

wire::BindingStatus stamped(std::optional<LastAccepted> last, std::uint64_t stamp) {
  return check_order(last, 0, stamp, kNow, kWindow);
}
wire::BindingStatus numbered(std::optional<LastAccepted> last, std::uint16_t sequence) {
  return check_order(last, sequence, std::nullopt, kNow, kWindow);
}

TEST(Ordering, AFirstTimestampHasToBeCloseToOurClock) {
  EXPECT_EQ(stamped({}, at(0s)), Accepted);
  EXPECT_EQ(stamped({}, at(299ms)), Accepted);
  EXPECT_EQ(stamped({}, at(-299ms)), Accepted);
  EXPECT_EQ(stamped({}, at(301ms)), TimestampMismatch);
  EXPECT_EQ(stamped({}, at(-301ms)), TimestampMismatch);
  EXPECT_EQ(stamped({}, 0), TimestampMismatch);
  EXPECT_EQ(stamped({}, ~std::uint64_t{0}), TimestampMismatch);
}

TEST(Ordering, LowerIsToldApartFromInvalid) {
  const LastAccepted last{0, at(0s)};
  EXPECT_EQ(stamped(last, at(-1ms)), TimestampLowerThanPrevAccepted);
  EXPECT_EQ(stamped(last, at(-1h)), TimestampLowerThanPrevAccepted);
  EXPECT_EQ(stamped(last, at(0s)), TimestampMismatch);
  EXPECT_EQ(stamped(last, at(1ms)), Accepted);
  EXPECT_EQ(stamped(last, at(1h)), TimestampMismatch);
}

TEST(Ordering, WithoutAWindowOnlyTheOrderCounts) {
  const auto judged = [](std::optional<LastAccepted> last, std::uint64_t stamp) {
    return check_order(last, 0, stamp, kNow, std::nullopt);
  };
  EXPECT_EQ(judged({}, 1), Accepted);
  EXPECT_EQ(judged(LastAccepted{0, 5}, 6), Accepted);
  EXPECT_EQ(judged(LastAccepted{0, 5}, 5), TimestampMismatch);
  EXPECT_EQ(judged(LastAccepted{0, 5}, 4), TimestampLowerThanPrevAccepted);
}

TEST(Ordering, ATimestampMakesTheSequenceNumberMeaningless) {
  EXPECT_EQ(check_order(LastAccepted{100, at(0s)}, 7, at(1ms), kNow, kWindow), Accepted);
}

TEST(Ordering, SequenceNumbersCountModulo65536) {
  EXPECT_EQ(numbered({}, 0), Accepted);
  const LastAccepted last{0xfff0, 0};
  EXPECT_EQ(numbered(last, 0xfff0), SequenceNumberOutOfWindow);
  EXPECT_EQ(numbered(last, 0xfff1), Accepted);
  EXPECT_EQ(numbered(last, 0x0001), Accepted);
  EXPECT_EQ(numbered(last, 0x7fef), Accepted);
  EXPECT_EQ(numbered(last, 0x7ff0), SequenceNumberOutOfWindow);
  EXPECT_EQ(numbered(last, 0xffef), SequenceNumberOutOfWindow);
}

}  // namespace
}  // namespace flowmob::core
