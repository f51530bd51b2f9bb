// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace flowmob::daemon::config {

std::string Diagnostic::to_string() const {
  std::string text = fmt::format("{}:{}:{}: {}", file, at.line, at.column, message);
  if (!expected.empty()) text += "; expected " + expected;
  return text;
}

nlohmann::ordered_json Diagnostic::to_json() const {
  return {
      {"file", file}, {"line", at.line}, {"column", at.column}, {"message", message}, {"expected", expected}};
}

void Diagnostics::add(Position at, std::string message, std::string expected) {
  found_.push_back({file_, at, std::move(message), std::move(expected)});
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  auto sorted = found_;
  std::ranges::stable_sort(sorted, {}, &Diagnostic::at);
  return sorted;
}

}  // namespace flowmob::daemon::config
