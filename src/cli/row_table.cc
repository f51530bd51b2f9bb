// SPDX-License-Identifier: Apache-2.0
#include "cli/row_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/fields.h"

namespace flowmob::cli {
namespace {

std::string or_dash(std::string text) { return text.empty() ? "-" : std::move(text); }

/// A number that stays short: "980", "12k", "3.4M".
std::string short_count(std::int64_t count) {
  constexpr std::array kUnits{"", "k", "M", "G", "T", "P"};
  auto value = static_cast<double>(count);
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  return unit == 0 || value >= 9.95 ? fmt::format("{:.0f}{}", value, kUnits[unit])
                                    : fmt::format("{:.1f}{}", value, kUnits[unit]);
}

std::string short_seconds(std::int64_t seconds) {
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{}h{:02}m", seconds / 3600, seconds % 3600 / 60);
  return fmt::format("{}d{:02}h", seconds / 86400, seconds % 86400 / 3600);
}

Style style_of(std::string_view state) {
  constexpr std::array<std::string_view, 4> kGood{"active", "registered", "up", "true"};
  constexpr std::array<std::string_view, 10> kBad{"inactive",      "failed",     "down",          "refused",
                                                  "absent",        "no-carrier", "mtu-too-small", "no-router",
                                                  "router-silent", "unusable"};
  if (std::ranges::find(kGood, state) != kGood.end()) return Style::Good;
  return std::ranges::find(kBad, state) != kBad.end() ? Style::Bad : Style::Plain;
}

std::string joined(const Json& value) {
  if (!value.is_array()) return value.is_string() ? value.get<std::string>() : std::string();
  std::string text;
  for (const Json& item : value)
    text += (text.empty() ? "" : " ") + (item.is_string() ? item.get<std::string>() : item.dump());
  return text;
}

}  // namespace

std::string counter_text(const Json& counter) {
  const auto packets = number_of(counter, "packets");
  if (!packets) return "-";
  const auto octets = number_of(counter, "bytes");
  return short_count(*packets) + "/" + (octets ? short_count(*octets) + "B" : "-");
}

RowColumn words(std::string title, std::string key, bool shrinks) {
  return {{std::move(title), false, shrinks},
          [key = std::move(key)](const Json& row) { return Cell(or_dash(text_of(row, key))); }};
}

RowColumn number(std::string title, std::string key) {
  return {{std::move(title), true, false},
          [key = std::move(key)](const Json& row) { return Cell(or_dash(text_of(row, key))); }};
}

RowColumn list(std::string title, std::string key) {
  return {{std::move(title), false, true},
          [key = std::move(key)](const Json& row) { return Cell(or_dash(joined(field(row, key)))); }};
}

RowColumn state(std::string title, std::string key) {
  return {{std::move(title), false, false}, [key = std::move(key)](const Json& row) {
            const std::string text = text_of(row, key);
            return Cell(or_dash(text), style_of(text));
          }};
}

RowColumn remaining(std::string title, std::string key) {
  return {{std::move(title), true, false}, [key = std::move(key)](const Json& row) {
            const auto seconds = number_of(row, key);
            return Cell(seconds ? short_seconds(*seconds) : "-");
          }};
}

RowColumn idle(std::string title, std::string key) {
  return {{std::move(title), true, false}, [key = std::move(key)](const Json& row) {
            const auto milliseconds = number_of(row, key);
            if (!milliseconds) return Cell("-");
            return Cell(*milliseconds < 1000 ? fmt::format("{}ms", *milliseconds)
                                             : short_seconds(*milliseconds / 1000));
          }};
}

RowColumn traffic(std::string title, std::string direction) {
  return {{std::move(title), true, false}, [direction = std::move(direction)](const Json& row) {
            return Cell(counter_text(field(field(row, "traffic"), direction)));
          }};
}

std::string row_table(const Json& rows, const std::vector<RowColumn>& columns, const std::string& nothing,
                      const Look& look) {
  if (!rows.is_array() || rows.empty()) return nothing + "\n";
  std::vector<Column> headings;
  for (const RowColumn& column : columns) headings.push_back(column.column);
  TextTable table(std::move(headings));
  for (const Json& row : rows) {
    std::vector<Cell> cells;
    for (const RowColumn& column : columns) cells.push_back(column.cell(row));
    table.add(std::move(cells));
  }
  return table.render(look.width, look.colour);
}

}  // namespace flowmob::cli
