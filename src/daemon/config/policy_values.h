// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "daemon/config/protocol_values.h"

/// How what rules have is written in a file.
namespace flowmob::daemon::config {

/// One value, or a list of them: any of these.
template <class T>
struct OneOrMore {
  std::vector<T> values;
};
template <class T>
struct ValueType<OneOrMore<T>> {
  static std::string name() { return ValueType<T>::name() + ", or list"; }
  static std::string expected() { return ValueType<T>::expected() + ", or a list of such"; }
  static std::optional<OneOrMore<T>> convert(const Node& node) {
    OneOrMore<T> all;
    const auto* items = node.as<Array>();
    const auto add = [&](const Node& item) {
      auto value = ValueType<T>::convert(item);
      if (value) all.values.push_back(std::move(*value));
      return value.has_value();
    };
    if (items == nullptr) return add(node) ? std::optional(std::move(all)) : std::nullopt;
    for (const Node& item : *items)
      if (!add(item)) return std::nullopt;
    return all.values.empty() ? std::nullopt : std::optional(std::move(all));
  }
  static std::string print(const OneOrMore<T>& value) {
    std::string list;
    for (const T& one : value.values) list += (list.empty() ? "" : ", ") + ValueType<T>::print(one);
    return "[" + list + "]";
  }
};

/// A rule of each of them.
template <class T>
Rule<std::optional<OneOrMore<T>>> each(Rule<T> rule) {
  return {rule.text, [holds = rule.holds](const std::optional<OneOrMore<T>>& value) {
            if (!value) return true;
            for (const T& one : value->values)
              if (!holds(one)) return false;
            return true;
          }};
}

/// Bits a second: "800kbit", "50Mbit", "1.5Gbit".
struct BitRate {
  std::uint64_t bits{};
};
template <>
struct ValueType<BitRate> {
  static std::string name() { return "bit rate"; }
  static std::string expected() { return "a bit rate such as \"50Mbit\" (kbit, Mbit, Gbit)"; }
  static std::optional<BitRate> convert(const Node& node);
  static std::string print(const BitRate& value) { return fmt::format("\"{}kbit\"", value.bits / 1000); }
};

}  // namespace flowmob::daemon::config
