// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

// Half a megabyte of templates: this is the one file that sees them.
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace flowmob::daemon::config {
namespace {

Position position_of(const toml::source_position& at) {
  return {static_cast<std::uint32_t>(at.line), static_cast<std::uint32_t>(at.column)};
}

Node convert(const toml::node& node);

Table convert_table(const toml::table& table) {
  Table members;
  for (const auto& [key, value] : table)
    members.push_back({std::string(key.str()), position_of(key.source().begin), convert(value)});
  // toml++ sorts by name; people read from top to bottom.
  std::ranges::stable_sort(members, {}, &Member::at);
  return members;
}

Array convert_array(const toml::array& array) {
  Array items;
  for (const auto& item : array) items.push_back(convert(item));
  return items;
}

Node convert(const toml::node& node) {
  Node converted{position_of(node.source().begin), DateTime{}};
  node.visit([&](const auto& typed) {
    using T = std::remove_cvref_t<decltype(typed)>;
    if constexpr (std::is_same_v<T, toml::table>)
      converted.value = convert_table(typed);
    else if constexpr (std::is_same_v<T, toml::array>)
      converted.value = convert_array(typed);
    else if constexpr (toml::is_string<T> || toml::is_integer<T> || toml::is_floating_point<T> ||
                       toml::is_boolean<T>)
      converted.value = typed.get();
  });
  return converted;
}

/// Past the string, of one line or several, that starts at `at`.
std::size_t skip_string(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const std::string thrice(3, quote);
  const std::string_view end =
      text.substr(at).starts_with(thrice) ? std::string_view(thrice) : text.substr(at, 1);
  for (at += end.size(); at < text.size(); ++at) {
    if (text.substr(at).starts_with(end)) {
      at += end.size();
      // Up to two quotes more may stand before the three that end it.
      for (int i = 0; i < 2 && end.size() == 3 && at < text.size() && text[at] == quote; ++i) ++at;
      return at;
    }
    if (text[at] == '\\' && quote == '"') ++at;
    if (at < text.size() && text[at] == '\n' && end.size() == 1) break;
  }
  return at;
}

/// toml++ limits how deep values nest, but not keys: a.a.a.a... may have its recursion end the process.
std::optional<Position> find_endless_key(std::string_view text) {
  constexpr int kDotsInALine = 32;  // outside of strings only keys and numbers have any
  std::uint32_t line = 1;
  int dots = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '"' || text[at] == '\'') {
      const std::size_t end = std::min(skip_string(text, at), text.size());
      line += static_cast<std::uint32_t>(std::ranges::count(text.substr(at, end - at), '\n'));
      at = end;
      continue;
    }
    if (text[at] == '#') at = std::min(text.find('\n', at), text.size());
    if (at == text.size()) break;
    if (text[at] == '\n') ++line;
    dots = text[at] == '\n' ? 0 : dots + (text[at] == '.' ? 1 : 0);
    if (dots > kDotsInALine) return Position{line, 1};
    ++at;
  }
  return std::nullopt;
}

std::string describe_value(const std::string& value) { return fmt::format("the string '{}'", value); }
std::string describe_value(bool value) { return value ? "the boolean true" : "the boolean false"; }
std::string describe_value(std::int64_t value) { return fmt::format("the integer {}", value); }
std::string describe_value(double value) { return fmt::format("the number {}", value); }
std::string describe_value(DateTime) { return "a date or time"; }
std::string describe_value(const Array&) { return "an array"; }
std::string describe_value(const Table&) { return "a table"; }

}  // namespace

const Node* Node::find(std::string_view key) const {
  const auto* table = as<Table>();
  if (table == nullptr) return nullptr;
  const auto found = std::ranges::find(*table, key, &Member::key);
  return found == table->end() ? nullptr : &found->node;
}

std::string Node::describe() const {
  return std::visit([](const auto& held) { return describe_value(held); }, value);
}

std::optional<Node> parse_document(std::string_view text, Diagnostics& diagnostics) {
  if (const auto at = find_endless_key(text)) {
    diagnostics.add(*at, "not valid here: keys within keys without end", "at most one dot in a key");
    return std::nullopt;
  }
  const toml::parse_result parsed = toml::parse(text);
  if (parsed) return convert(parsed.table());
  const toml::parse_error& error = parsed.error();
  diagnostics.add(position_of(error.source().begin), "not valid TOML: " + std::string(error.description()));
  return std::nullopt;
}

}  // namespace flowmob::daemon::config
