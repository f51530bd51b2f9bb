// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/value.h"

#include <gtest/gtest.h>

namespace flowmob::daemon::config {
namespace {

using namespace std::chrono_literals;

TEST(DurationText, EveryUnit) {
  EXPECT_EQ(parse_duration("300ms"), 300ms);
  EXPECT_EQ(parse_duration("10s"), 10s);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("5min"), 5min);
  EXPECT_EQ(parse_duration("1h"), 1h);
  EXPECT_EQ(parse_duration("7d"), 168h);
  EXPECT_EQ(parse_duration("20us"), 20us);
  EXPECT_EQ(parse_duration("7ns"), 7ns);
  EXPECT_EQ(parse_duration("0s"), 0s);
  EXPECT_EQ(parse_duration("1.5h"), 90min);
}

TEST(DurationText, NothingElse) {
  for (const char* text : {"", "10", "s", "-1s", "1 s", "10S", "1,5s", ".5s", "1.s", "1..5s", "1.5ns", "1e3s",
                           "9223372037s", "99999999999999999999s", "10m", "1h30min"})
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
}

TEST(DurationText, PrintsWhatItReads) {
  for (const char* text : {"0s", "1ns", "300ms", "1500ms", "10s", "90s", "1h", "7d", "25h"})
    EXPECT_EQ(print_duration(parse_duration(text).value()), text);
}

TEST(NumberRange, OneOrTwoNumbers) {
  using Pair = std::pair<std::uint64_t, std::uint64_t>;
  EXPECT_EQ(parse_number_range("5004", 65535), (Pair{5004, 5004}));
  EXPECT_EQ(parse_number_range("5004-5005", 65535), (Pair{5004, 5005}));
  EXPECT_EQ(parse_number_range("0-65535", 65535), (Pair{0, 65535}));
  for (const char* text : {"", "-", "5-", "-5", "5-4", "65536", "1-65536", "a", "1-2-3", "1 - 2", "0x10"})
    EXPECT_EQ(parse_number_range(text, 65535), std::nullopt) << text;
}

template <class V>
std::string complaint(const Node& node, const Rule<V>& rule = {}) {
  Diagnostics diagnostics("f");
  EXPECT_EQ(read_value<V>(node, rule, diagnostics), std::nullopt);
  EXPECT_EQ(diagnostics.size(), 1u);
  return diagnostics.sorted().at(0).to_string();
}

TEST(Value, SaysWhatWasExpected) {
  EXPECT_EQ(
      complaint<Ipv6Address>({{3, 7}, "192.0.2.1"}),
      "f:3:7: the string '192.0.2.1' is not allowed here; expected an IPv6 address such as \"2001:db8::1\"");
  EXPECT_EQ(complaint<Duration>({{1, 1}, std::int64_t{10}}),
            "f:1:1: the integer 10 is not allowed here; expected a duration such as \"300ms\"");
  EXPECT_EQ(complaint<Duration>({{1, 1}, "2h"}, between<Duration>(1s, 1h)),
            "f:1:1: the string '2h' is not allowed here; expected \"1s\" to \"1h\"");
  EXPECT_EQ(complaint<std::uint16_t>({{1, 1}, std::int64_t{65536}}),
            "f:1:1: the integer 65536 is not allowed here; expected an integer from 0 to 65535");
  EXPECT_EQ(complaint<std::uint16_t>({{1, 1}, std::int64_t{-1}}),
            "f:1:1: the integer -1 is not allowed here; expected an integer from 0 to 65535");
  EXPECT_EQ(complaint<bool>({{1, 1}, "yes"}),
            "f:1:1: the string 'yes' is not allowed here; expected true or false");
  EXPECT_EQ(complaint<std::filesystem::path>({{1, 1}, "lma.sock"}),
            "f:1:1: the string 'lma.sock' is not allowed here; expected an absolute path");
  EXPECT_EQ(
      complaint<MacAddress>({{1, 1}, "02:00"}),
      "f:1:1: the string '02:00' is not allowed here; expected a MAC address such as \"02:00:00:00:01:01\"");
}

TEST(Value, EveryBadItemOfAListIsSaid) {
  const Node node{{1, 5}, Array{{{1, 6}, "::1"}, {{1, 13}, "x"}, {{2, 1}, true}}};
  Diagnostics diagnostics("f");
  const auto values = read_list<Ipv6Address>(node, {}, diagnostics);
  ASSERT_TRUE(values.has_value());
  EXPECT_EQ(values->size(), 1u);
  const auto found = diagnostics.sorted();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].at, (Position{1, 13}));
  EXPECT_EQ(found[1].at, (Position{2, 1}));
}

TEST(Value, AListHasToBeAnArray) {
  Diagnostics diagnostics("f");
  EXPECT_FALSE(read_list<std::string>({{1, 5}, "core0"}, {}, diagnostics).has_value());
  EXPECT_EQ(diagnostics.sorted().at(0).to_string(),
            "f:1:5: the string 'core0' is not allowed here; expected a list of string");
}

}  // namespace
}  // namespace flowmob::daemon::config
