// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/strong_id.h"

namespace flowmob::daemon {

/// Tells when an interface has come back: another one to the kernel, without our programs, routes and
/// settings, also where it has its old index.
class ReturningInterfaces {
 public:
  /// `index`: none while it is gone. True when it has to be prepared anew; the first look finds what was
  /// prepared at the start.
  bool has_returned(const std::string& interface, const std::optional<InterfaceIndex>& index) {
    const auto [known, is_first] = known_.try_emplace(interface, index);
    const auto before = known->second;
    known->second = index;
    return !is_first && index && before != index;
  }

 private:
  std::map<std::string, std::optional<InterfaceIndex>> known_;
};

}  // namespace flowmob::daemon
