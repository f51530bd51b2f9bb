// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

namespace flowmob::daemon::config {

/// Where something stands in a file; both count from 1, columns in characters.
struct Position {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  friend auto operator<=>(const Position&, const Position&) = default;
};

/// One thing wrong with a configuration file.
struct Diagnostic {
  std::string file;
  Position at;
  std::string message;   ///< what is wrong
  std::string expected;  ///< what would be right; empty where the message says it

  /// "lma.toml:3:11: 'addres' is no IPv6 address; expected an IPv6 address"
  std::string to_string() const;
  nlohmann::ordered_json to_json() const;
  friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

/// Collects everything wrong with one file, so that a person mends it once.
class Diagnostics {
 public:
  explicit Diagnostics(std::string file) : file_(std::move(file)) {}

  void add(Position at, std::string message, std::string expected = {});
  bool empty() const { return found_.empty(); }
  std::size_t size() const { return found_.size(); }
  /// In the order of the file.
  std::vector<Diagnostic> sorted() const;

 private:
  std::string file_;
  std::vector<Diagnostic> found_;
};

}  // namespace flowmob::daemon::config
