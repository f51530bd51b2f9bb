// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <ranges>

#include "cli/fields.h"
#include "cli/render.h"
#include "cli/table.h"

namespace flowmob::cli {
namespace {

bool is_rows(const Json& value) {
  return value.is_array() && !value.empty() && std::ranges::all_of(value, &Json::is_object);
}

std::string heading(std::string name) {
  std::ranges::replace(name, '_', ' ');
  return name;
}

/// A scalar, or a list of them separated by spaces.
std::string plain(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return "-";
  if (!value.is_array()) return value.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string list;
  for (const Json& item : value) list += (list.empty() ? "" : " ") + plain(item);
  return list.empty() ? "-" : list;
}

std::string table_of(const Json& rows, const Look& look) {
  std::vector<std::string> keys;
  for (const Json& row : rows)
    for (const auto& [key, value] : row.items())
      if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
  std::vector<Column> columns;
  for (const auto& key : keys) {
    const bool numbers = std::ranges::all_of(
        rows, [&](const Json& row) { return field(row, key).is_number() || field(row, key).is_null(); });
    std::string title = heading(key);
    std::ranges::transform(title, title.begin(), [](unsigned char c) { return std::toupper(c); });
    columns.push_back({title, numbers, !numbers});
  }
  TextTable table(columns);
  for (const Json& row : rows) {
    std::vector<Cell> cells;
    for (const auto& key : keys) cells.emplace_back(plain(field(row, key)));
    table.add(std::move(cells));
  }
  return table.render(look.width, look.colour);
}

void append(const Json& value, const Look& look, const std::string& indent, std::string& text) {
  std::size_t longest = 0;
  for (const auto& [key, item] : value.items())
    if (!is_rows(item) && !item.is_object()) longest = std::max(longest, key.size());
  for (const auto& [key, item] : value.items()) {
    const std::string name = printable(heading(key));
    if (is_rows(item)) {
      text += "\n" + paint(name, Style::Bold, look.colour) + "\n" + table_of(item, look);
    } else if (item.is_object() && !item.empty()) {
      text += indent + paint(name, Style::Bold, look.colour) + "\n";
      append(item, look, indent + "  ", text);
    } else {
      text += indent + name + ":" + std::string(longest - std::min(longest, key.size()) + 1, ' ') +
              printable(plain(item)) + "\n";
    }
  }
}

}  // namespace

std::string render_any(const Json& result, const Look& look) {
  if (is_rows(result)) return table_of(result, look);
  if (!result.is_object()) return printable(plain(result)) + "\n";
  std::string text;
  append(result, look, "", text);
  return text;
}

}  // namespace flowmob::cli
