// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "core/lma/config.h"

namespace flowmob::sim {

/// The rules of a life, of every third one; the others have none. None of them drops anything.
std::vector<Shared<core::FlowPolicy>> policies_of_life(std::uint64_t seed);
/// The flows that they have copied.
std::vector<std::string_view> copied_flows(const std::vector<Shared<core::FlowPolicy>>& policies);

}  // namespace flowmob::sim
