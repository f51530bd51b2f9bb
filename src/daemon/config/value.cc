// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/value.h"

#include <array>
#include <charconv>
#include <limits>

namespace flowmob::daemon::config {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
/// Largest first: print_duration takes the first that divides.
constexpr std::array kUnits{
    Unit{"d", 86'400'000'000'000},
    Unit{"h", 3'600'000'000'000},
    Unit{"min", 60'000'000'000},
    Unit{"s", 1'000'000'000},
    Unit{"ms", 1'000'000},
    Unit{"us", 1'000},
    Unit{"ns", 1},
};

std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t maximum) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || rest != end || value > maximum) return std::nullopt;
  return value;
}

/// "1.5" of a unit of 1000 is 1500; nothing if it is no number, finer than a nanosecond or does not fit.
std::optional<std::int64_t> scale(std::string_view number, std::int64_t unit) {
  const auto point = number.find('.');
  const auto whole = parse_number(number.substr(0, point), std::numeric_limits<std::int64_t>::max());
  std::int64_t total = 0;
  if (!whole || __builtin_mul_overflow(static_cast<std::int64_t>(*whole), unit, &total)) return std::nullopt;
  if (point == std::string_view::npos) return total;
  if (point + 1 == number.size()) return std::nullopt;
  std::int64_t place = unit;
  for (const char digit : number.substr(point + 1)) {
    if (digit < '0' || digit > '9' || place % 10 != 0) return std::nullopt;
    place /= 10;
    if (__builtin_add_overflow(total, place * (digit - '0'), &total)) return std::nullopt;
  }
  return total;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  const auto end = text.find_first_not_of("0123456789.");
  if (end == 0 || end == std::string_view::npos) return std::nullopt;
  for (const Unit& unit : kUnits) {
    if (text.substr(end) != unit.name) continue;
    const auto total = scale(text.substr(0, end), unit.nanoseconds);
    return total ? std::optional(Duration(*total)) : std::nullopt;
  }
  return std::nullopt;
}

std::string print_duration(Duration duration) {
  if (duration == Duration::zero()) return "0s";
  for (const Unit& unit : kUnits)
    if (duration.count() % unit.nanoseconds == 0)
      return fmt::format("{}{}", duration.count() / unit.nanoseconds, unit.name);
  return {};
}

std::optional<std::pair<std::uint64_t, std::uint64_t>> parse_number_range(std::string_view text,
                                                                          std::uint64_t maximum) {
  const auto dash = text.find('-');
  const auto first = parse_number(text.substr(0, dash), maximum);
  if (!first) return std::nullopt;
  if (dash == std::string_view::npos) return std::pair(*first, *first);
  const auto last = parse_number(text.substr(dash + 1), maximum);
  if (!last || *last < *first) return std::nullopt;
  return std::pair(*first, *last);
}

}  // namespace flowmob::daemon::config
