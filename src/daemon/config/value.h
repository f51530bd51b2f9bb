// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/time.h"
#include "daemon/config/document.h"

namespace flowmob::daemon::config {

/// How a C++ type is written in a file. A specialisation has
///   static std::string name();                              "IPv6 address", for docs
///   static std::string expected();                          "an IPv6 address such as \"2001:db8::1\""
///   static std::optional<V> convert(const Node&);           nothing: not of this type
///   static std::string print(const V&);                     as one would write it in the file
template <class V>
struct ValueType;

/// For the types that are written as a string; `Traits` adds name, example, parse and unparse.
template <class V, class Traits>
struct StringValue {
  static std::string name() { return Traits::kName; }
  static std::string expected() {
    const bool vowel = std::string_view("AEIOaeio").find(Traits::kName[0]) != std::string_view::npos;
    return fmt::format("{} {} such as \"{}\"", vowel ? "an" : "a", Traits::kName, Traits::kExample);
  }
  static std::optional<V> convert(const Node& node) {
    const auto* text = node.as<std::string>();
    return text == nullptr ? std::nullopt : Traits::parse(*text);
  }
  static std::string print(const V& value) { return fmt::format("\"{}\"", Traits::unparse(value)); }
};

template <class V>
std::optional<V> to_optional(Result<V> result) {
  return result ? std::optional<V>(std::move(*result)) : std::nullopt;
}

/// "300ms", "1.5s", "10s", "5min", "1h", "7d"; nothing for anything else, also for what overflows.
std::optional<Duration> parse_duration(std::string_view text);
std::string print_duration(Duration duration);

/// "5004" or "5004-5005".
std::optional<std::pair<std::uint64_t, std::uint64_t>> parse_number_range(std::string_view text,
                                                                          std::uint64_t maximum);

template <class V>
requires std::is_same_v<V, Ipv6Address> || std::is_same_v<V, Ipv6Prefix> || std::is_same_v<V, MacAddress>
struct AddressTraits {
  static constexpr const char* kName = std::is_same_v<V, Ipv6Address>  ? "IPv6 address"
                                       : std::is_same_v<V, Ipv6Prefix> ? "IPv6 prefix"
                                                                       : "MAC address";
  static constexpr const char* kExample = std::is_same_v<V, Ipv6Address>  ? "2001:db8::1"
                                          : std::is_same_v<V, Ipv6Prefix> ? "2001:db8:100::/48"
                                                                          : "02:00:00:00:01:01";
  static std::optional<V> parse(std::string_view text) { return to_optional(V::parse(text)); }
  static std::string unparse(const V& value) { return value.to_string(); }
};
template <>
struct ValueType<Ipv6Address> : StringValue<Ipv6Address, AddressTraits<Ipv6Address>> {};
template <>
struct ValueType<Ipv6Prefix> : StringValue<Ipv6Prefix, AddressTraits<Ipv6Prefix>> {};
template <>
struct ValueType<MacAddress> : StringValue<MacAddress, AddressTraits<MacAddress>> {};

struct DurationTraits {
  static constexpr const char* kName = "duration";
  static constexpr const char* kExample = "300ms";
  static std::optional<Duration> parse(std::string_view text) { return parse_duration(text); }
  static std::string unparse(Duration value) { return print_duration(value); }
};
template <>
struct ValueType<Duration> : StringValue<Duration, DurationTraits> {};

template <>
struct ValueType<std::string> {
  static std::string name() { return "string"; }
  static std::string expected() { return "a string"; }
  static std::optional<std::string> convert(const Node& node) {
    const auto* text = node.as<std::string>();
    return text == nullptr ? std::nullopt : std::optional(*text);
  }
  static std::string print(const std::string& value) { return fmt::format("\"{}\"", value); }
};

template <>
struct ValueType<std::filesystem::path> {
  static std::string name() { return "absolute path"; }
  static std::string expected() { return "an absolute path"; }
  static std::optional<std::filesystem::path> convert(const Node& node) {
    const auto* text = node.as<std::string>();
    if (text == nullptr || !text->starts_with('/') || text->find('\0') != std::string::npos)
      return std::nullopt;
    return *text;
  }
  static std::string print(const std::filesystem::path& value) {
    return fmt::format("\"{}\"", value.string());
  }
};

template <>
struct ValueType<bool> {
  static std::string name() { return "boolean"; }
  static std::string expected() { return "true or false"; }
  static std::optional<bool> convert(const Node& node) {
    const auto* held = node.as<bool>();
    return held == nullptr ? std::nullopt : std::optional(*held);
  }
  static std::string print(bool value) { return value ? "true" : "false"; }
};

template <std::unsigned_integral V>
struct ValueType<V> {
  static std::string name() { return "integer"; }
  static std::string expected() {
    return fmt::format("an integer from 0 to {}", std::numeric_limits<V>::max());
  }
  static std::optional<V> convert(const Node& node) {
    const auto* held = node.as<std::int64_t>();
    if (held == nullptr || !std::in_range<V>(*held)) return std::nullopt;
    return static_cast<V>(*held);
  }
  static std::string print(V value) { return fmt::format("{}", value); }
};

/// A type of which only some words exist.
template <class V>
struct Word {
  std::string_view text;
  V value;
};
/// Specialised by types written as one of a few words: `static std::span<const Word<V>> all()`, kName.
template <class V>
struct Words;

template <class V>
requires requires { Words<V>::all(); }
struct ValueType<V> {
  static std::string name() { return Words<V>::kName; }
  static std::string expected() {
    std::string list;
    const auto words = Words<V>::all();
    for (std::size_t i = 0; i < words.size(); ++i)
      list += fmt::format("{}\"{}\"", i == 0 ? "" : i + 1 == words.size() ? " or " : ", ", words[i].text);
    return list;
  }
  static std::optional<V> convert(const Node& node) {
    const auto* text = node.as<std::string>();
    for (const Word<V>& word : Words<V>::all())
      if (text != nullptr && word.text == *text) return word.value;
    return std::nullopt;
  }
  static std::string print(const V& value) {
    for (const Word<V>& word : Words<V>::all())
      if (word.value == value) return fmt::format("\"{}\"", word.text);
    return "-";
  }
};

template <class V>
struct ValueType<std::optional<V>> {
  static std::string name() { return ValueType<V>::name(); }
  static std::string expected() { return ValueType<V>::expected(); }
  static std::optional<std::optional<V>> convert(const Node& node) {
    auto held = ValueType<V>::convert(node);
    if (!held) return std::nullopt;
    return std::optional<std::optional<V>>(std::in_place, std::move(*held));
  }
  static std::string print(const std::optional<V>& value) {
    return value ? ValueType<V>::print(*value) : "-";
  }
};

/// A restriction beyond the type: what is allowed, in words, and the check.
template <class V>
struct Rule {
  std::string text;
  std::function<bool(const V&)> holds;
};

template <class V>
Rule<V> between(V low, V high) {
  return {fmt::format("{} to {}", ValueType<V>::print(low), ValueType<V>::print(high)),
          [low, high](const V& value) { return low <= value && value <= high; }};
}

template <class V>
struct ItemOf {
  using Type = V;
};
template <class V>
struct ItemOf<std::vector<V>> {
  using Type = V;
};
/// The rule of a key: for a list, the rule of each of its items.
template <class V>
using RuleOf = Rule<typename ItemOf<V>::Type>;

template <class V>
std::optional<V> read_value(const Node& node, const Rule<V>& rule, Diagnostics& diagnostics) {
  auto value = ValueType<V>::convert(node);
  if (!value) {
    diagnostics.add(node.at, node.describe() + " is not allowed here", ValueType<V>::expected());
  } else if (rule.holds && !rule.holds(*value)) {
    diagnostics.add(node.at, node.describe() + " is not allowed here", rule.text);
    value.reset();
  }
  return value;
}

template <class V>
std::optional<std::vector<V>> read_list(const Node& node, const Rule<V>& rule, Diagnostics& diagnostics) {
  const auto* items = node.as<Array>();
  if (items == nullptr) {
    diagnostics.add(node.at, node.describe() + " is not allowed here", "a list of " + ValueType<V>::name());
    return std::nullopt;
  }
  std::vector<V> values;
  for (const Node& item : *items)
    if (auto value = read_value<V>(item, rule, diagnostics)) values.push_back(std::move(*value));
  return values;
}

}  // namespace flowmob::daemon::config
