// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace flowmob::platform {

/// The uid of a user of this machine, wherever the name service finds it. It may ask a server, and wait.
std::optional<std::uint32_t> find_user(std::string_view name);

}  // namespace flowmob::platform
