// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "platform/control_message.h"

namespace flowmob::cli {

using platform::Json;

/// Reading documents that another program made, perhaps a newer one: what is not there is empty, never an
/// exception.
const Json& field(const Json& object, std::string_view key);  ///< null if absent

std::string text_of(const Json& object, std::string_view key);  ///< strings as they are, the rest as JSON
std::optional<std::int64_t> number_of(const Json& object, std::string_view key);

std::string count_text(std::optional<std::int64_t> count);   ///< "1234567", "-"
std::string octets_text(std::optional<std::int64_t> count);  ///< "1.2 MB", "-"
/// Seconds as people say them: "59 min 58 s", "2 d 3 h".
std::string seconds_text(std::optional<std::int64_t> seconds);

}  // namespace flowmob::cli
