// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"

struct passwd;

namespace flowmob::platform {

/// getpwnam_r(3), or what stands for it.
using UserLookUp = int (*)(const char* name, ::passwd* entry, char* room, std::size_t size, ::passwd** found);

/// The uid of a user of this machine, wherever the name service finds it; none: nobody has that name. It may
/// ask a server, and wait. "user-lookup-failed": it cannot say.
Result<std::optional<std::uint32_t>> find_user(std::string_view name);
Result<std::optional<std::uint32_t>> find_user(std::string_view name, UserLookUp look_up);

}  // namespace flowmob::platform
