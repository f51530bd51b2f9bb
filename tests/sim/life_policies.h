// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "core/lma/config.h"
#include "core/mag/config.h"

namespace flowmob::sim {

/// The rules of a life, of every third one; the others have none. None of them drops anything.
std::vector<Shared<core::FlowPolicy>> policies_of_life(std::uint64_t seed);
/// The flows that they have copied.
std::vector<std::string_view> copied_flows(const std::vector<Shared<core::FlowPolicy>>& policies);

/// What a gateway of such a life announces of a node that comes, or when it is told to: also with a second
/// binding, by which the node has a copy of the flow (RFC 6089).
std::vector<core::AnnouncedFlow> announced_in_life(std::uint64_t seed, std::size_t mag, std::size_t mags);

}  // namespace flowmob::sim
