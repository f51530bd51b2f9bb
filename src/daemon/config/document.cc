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
  const toml::parse_result parsed = toml::parse(text);
  if (parsed) return convert(parsed.table());
  const toml::parse_error& error = parsed.error();
  diagnostics.add(position_of(error.source().begin), "not valid TOML: " + std::string(error.description()));
  return std::nullopt;
}

}  // namespace flowmob::daemon::config
