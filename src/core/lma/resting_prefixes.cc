// SPDX-License-Identifier: Apache-2.0
#include "core/lma/resting_prefixes.h"

#include <algorithm>

#include "core/lma/guest_links.h"

namespace flowmob::core {

void RestingPrefixes::follow(const MobileNode& node, const GuestLink& link, TimePoint now, Duration grace) {
  const auto needed = prefixes_by(node, link.id);
  const auto may_rest = [&](const Ipv6Prefix& prefix) {
    return grace > Duration{} && link.up && std::ranges::count(link.prefixes, prefix) != 0 &&
           !needed.contains(prefix);
  };
  std::erase_if(
      until_, [&](const auto& row) { return row.first.first == node.index && !may_rest(row.first.second); });
  for (const auto& prefix : link.prefixes)
    if (may_rest(prefix)) until_.try_emplace({node.index, prefix}, now + grace);
}

bool RestingPrefixes::has(const MobileNode& node, const GuestLink& link, TimePoint now) const {
  return std::ranges::any_of(link.prefixes, [&](const auto& prefix) {
    const auto found = until_.find({node.index, prefix});
    return found != until_.end() && now < found->second;
  });
}

std::set<Ipv6Prefix> RestingPrefixes::all(TimePoint now) const {
  std::set<Ipv6Prefix> prefixes;
  for (const auto& [key, until] : until_)
    if (now < until) prefixes.insert(key.second);
  return prefixes;
}

std::optional<TimePoint> RestingPrefixes::next(TimePoint now) const {
  std::optional<TimePoint> first;
  for (const auto& [key, until] : until_)
    if (now < until && (!first || until < *first)) first = until;
  return first;
}

}  // namespace flowmob::core
