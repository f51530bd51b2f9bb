// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "daemon/config/diagnostic.h"

namespace flowmob::daemon::config {

struct Node;
struct Member;
using Array = std::vector<Node>;
using Table = std::vector<Member>;  ///< in the order of the file
/// TOML's dates and times: no key of ours takes one.
struct DateTime {
  friend bool operator==(DateTime, DateTime) = default;
};

/// A TOML value and where it stands: our own tree, so that the TOML library stays behind parse_document().
struct Node {
  Position at;
  std::variant<std::string, bool, std::int64_t, double, DateTime, Array, Table> value;

  template <class T>
  const T* as() const {
    return std::get_if<T>(&value);
  }
  /// The member `key` of a table; nothing if there is none or this is no table.
  const Node* find(std::string_view key) const;
  /// What stands there, for messages: "the string 'x'", "the integer 5", "an array".
  std::string describe() const;
};

struct Member {
  std::string key;
  Position at;
  Node node;
};

/// The file's top table. A syntax error is one diagnostic: nothing after it can be trusted.
std::optional<Node> parse_document(std::string_view text, Diagnostics& diagnostics);

}  // namespace flowmob::daemon::config
