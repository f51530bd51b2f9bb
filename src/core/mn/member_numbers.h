// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "base/error.h"
#include "core/mn/config.h"

namespace flowmob::core {

/// At a time. There are twice as many numbers, because a member that leaves keeps its own until it is gone.
constexpr std::size_t kMostMembers = 8;
constexpr std::uint32_t kMemberNumbers = 2 * kMostMembers;

/// Each member without a number gets the lowest that neither another of them nor `taken` has; numbers that
/// are out of range or stand there twice are as none. "too-many-members".
Result<void> number_members(std::vector<MemberConfig>& members, const std::set<std::uint32_t>& taken);

/// Names by number; empty: nobody has it.
std::vector<std::string> names_by_number(const std::vector<MemberConfig>& members);

}  // namespace flowmob::core
