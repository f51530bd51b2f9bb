// SPDX-License-Identifier: Apache-2.0
#include "core/mn/member_numbers.h"

#include <fmt/format.h>

#include <algorithm>

namespace flowmob::core {

Result<void> number_members(std::vector<MemberConfig>& members, const std::set<std::uint32_t>& taken) {
  if (members.size() > kMostMembers)
    return fail("too-many-members", fmt::format("a virtual interface has at most {} members", kMostMembers));
  std::set<std::uint32_t> used;
  for (MemberConfig& member : members)
    if (member.number && (*member.number >= kMemberNumbers || !used.insert(*member.number).second))
      member.number.reset();
  used.insert(taken.begin(), taken.end());
  for (MemberConfig& member : members) {
    if (member.number) continue;
    std::uint32_t lowest = 0;
    while (used.contains(lowest)) ++lowest;
    if (lowest >= kMemberNumbers)
      return fail("too-many-members", "former members have not left yet: try again in a moment");
    member.number = lowest;
    used.insert(lowest);
  }
  return {};
}

std::vector<std::string> names_by_number(const std::vector<MemberConfig>& members) {
  std::vector<std::string> names;
  for (const MemberConfig& member : members) {
    const std::size_t number = member.number.value_or(0);
    names.resize(std::max(names.size(), number + 1));
    names[number] = member.interface;
  }
  return names;
}

}  // namespace flowmob::core
