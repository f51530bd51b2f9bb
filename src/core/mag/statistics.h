// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/effect.h"

namespace flowmob::core {

/// Counters by name, for "show statistics".
class MagStatistics {
 public:
  void message(std::string_view name) { count(messages_, name); }
  void rejection(std::string_view status) { count(rejections_, status); }
  void drop(std::string_view reason) { count(drops_, reason); }
  Json to_json() const;

 private:
  using Counters = std::map<std::string, std::uint64_t, std::less<>>;
  static void count(Counters& counters, std::string_view name) { ++counters[std::string(name)]; }
  static Json counters_json(const Counters& counters);

  Counters messages_;
  Counters rejections_;
  Counters drops_;
};

}  // namespace flowmob::core
