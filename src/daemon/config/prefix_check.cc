// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/prefix_check.h"

#include <fmt/format.h>

#include <algorithm>

namespace flowmob::daemon::config {

void PrefixCheck::check_overlaps(const std::string& what, Diagnostics& diagnostics) {
  // Sorted by address, a containing prefix stands before what it contains, with nothing foreign in between.
  std::ranges::stable_sort(placed_, {}, &Placed::prefix);
  const Placed* open = nullptr;
  for (const Placed& next : placed_) {
    if (open == nullptr || !open->prefix.overlaps(next.prefix)) {
      open = &next;
      continue;
    }
    const bool in_order = open->at <= next.at;
    const Placed& first = in_order ? *open : next;
    const Placed& second = in_order ? next : *open;
    diagnostics.add(second.at,
                    fmt::format("{} {} overlaps {} at line {}", what, second.prefix.to_string(),
                                first.prefix.to_string(), first.at.line),
                    fmt::format("each {} apart from the others", what));
  }
}

void PrefixCheck::check_outside(const std::string& what, const Ipv6Address& address, Position at,
                                Diagnostics& diagnostics) const {
  for (const Placed& placed : placed_) {
    if (!placed.prefix.contains(address)) continue;
    diagnostics.add(at,
                    fmt::format("{} {} lies in {} (line {}), which is for mobile nodes", what,
                                address.to_string(), placed.prefix.to_string(), placed.at.line),
                    "an address outside of all pools and home network prefixes");
    return;
  }
}

}  // namespace flowmob::daemon::config
