// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace flowmob::daemon::config {

/// How many insertions, deletions, replacements and swaps of neighbours turn one word into the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The one of `known` that `word` was probably meant to be.
std::optional<std::string_view> did_you_mean(std::string_view word, std::span<const std::string_view> known);

}  // namespace flowmob::daemon::config
