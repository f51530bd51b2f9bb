// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <ranges>

#include "cli/fields.h"
#include "cli/render.h"
#include "cli/row_table.h"
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

bool is_counter(const Json& value) { return value.is_object() && value.contains("packets"); }

std::string plain(const Json& value);

/// What stands in one cell of an object: "down=980/53kB up=12k/7.4MB".
std::string pairs(const Json& object) {
  std::string text;
  for (const auto& [key, item] : object.items()) {
    const std::string shown = plain(item);
    text += (text.empty() ? "" : " ") + key + "=" +
            (item.is_object() && !is_counter(item) ? "{" + shown + "}" : shown);
  }
  return text.empty() ? "-" : text;
}

/// A scalar, or a list of them separated by spaces; a counter as tables have it.
std::string plain(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return "-";
  if (is_counter(value)) return counter_text(value);
  if (value.is_object()) return pairs(value);
  if (!value.is_array()) return value.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string list;
  for (const Json& item : value) list += (list.empty() ? "" : " ") + plain(item);
  return list.empty() ? "-" : list;
}

std::vector<std::string> keys_of(const Json& rows) {
  std::vector<std::string> keys;
  for (const Json& row : rows)
    for (const auto& [key, value] : row.items())
      if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
  return keys;
}

Column column_of(const Json& rows, const std::string& key) {
  const bool numbers = std::ranges::all_of(
      rows, [&](const Json& row) { return field(row, key).is_number() || field(row, key).is_null(); });
  std::string title = heading(key);
  std::ranges::transform(title, title.begin(), [](unsigned char c) { return std::toupper(c); });
  return {printable(title), numbers, !numbers};
}

/// Objects and tables have lines of their own; what fits into one stands behind its name.
bool stands_apart(const Json& value) {
  return is_rows(value) || (value.is_object() && !value.empty() && !is_counter(value));
}

std::string lines_of(const Json& object, const Look& look, const std::string& indent);

/// A table; where it is wider than the terminal, a paragraph for each row, so that nothing is cut.
std::string table_of(const Json& rows, const Look& look) {
  const auto keys = keys_of(rows);
  std::vector<Column> columns;
  for (const auto& key : keys) columns.push_back(column_of(rows, key));
  TextTable table(columns);
  for (const Json& row : rows) {
    std::vector<Cell> cells;
    for (const auto& key : keys) cells.emplace_back(plain(field(row, key)));
    table.add(std::move(cells));
  }
  if (table.fits(look.width)) return table.render(look.width, look.colour);
  std::string text;
  for (const Json& row : rows) text += (text.empty() ? "" : "\n") + lines_of(row, look, "");
  return text;
}

std::string lines_of(const Json& value, const Look& look, const std::string& indent) {
  std::string text;
  std::size_t longest = 0;
  for (const auto& [key, item] : value.items())
    if (!stands_apart(item)) longest = std::max(longest, key.size());
  for (const auto& [key, item] : value.items()) {
    const std::string name = printable(heading(key));
    if (is_rows(item)) {
      text +=
          (text.empty() ? "" : "\n") + paint(name, Style::Bold, look.colour) + "\n" + table_of(item, look);
    } else if (stands_apart(item)) {
      text += indent + paint(name, Style::Bold, look.colour) + "\n" + lines_of(item, look, indent + "  ");
    } else {
      text += indent + name + ":" + std::string(longest - std::min(longest, key.size()) + 1, ' ') +
              printable(plain(item)) + "\n";
    }
  }
  return text;
}

}  // namespace

std::string render_any(const Json& result, const Look& look) {
  if (is_rows(result)) return table_of(result, look);
  if (!result.is_object()) return printable(plain(result)) + "\n";
  return lines_of(result, look, "");
}

}  // namespace flowmob::cli
