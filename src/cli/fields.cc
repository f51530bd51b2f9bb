// SPDX-License-Identifier: Apache-2.0
#include "cli/fields.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace flowmob::cli {

const Json& field(const Json& object, std::string_view key) {
  static const Json kNothing;
  if (!object.is_object()) return kNothing;
  const auto found = object.find(std::string(key));
  return found == object.end() ? kNothing : *found;
}

std::string text_of(const Json& object, std::string_view key) {
  const Json& value = field(object, key);
  if (value.is_null()) return {};
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<std::int64_t> number_of(const Json& object, std::string_view key) {
  const Json& value = field(object, key);
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number_float() && std::isfinite(value.get<double>()))
    return static_cast<std::int64_t>(std::llround(value.get<double>()));
  return std::nullopt;
}

std::string count_text(std::optional<std::int64_t> count) { return count ? fmt::format("{}", *count) : "-"; }

std::string octets_text(std::optional<std::int64_t> count) {
  if (!count) return "-";
  constexpr std::array kUnits{"B", "kB", "MB", "GB", "TB", "PB"};
  auto value = static_cast<double>(*count);
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return unit == 0 || value >= 99.95 ? fmt::format("{:.0f} {}", value, kUnits[unit])
                                     : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string seconds_text(std::optional<std::int64_t> seconds) {
  if (!seconds) return "-";
  const std::int64_t s = *seconds;
  if (s < 0) return fmt::format("{} s", s);
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {} s", s / 60, s % 60);
  if (s < 86400) return fmt::format("{} h {} min", s / 3600, s % 3600 / 60);
  return fmt::format("{} d {} h", s / 86400, s % 86400 / 3600);
}

}  // namespace flowmob::cli
