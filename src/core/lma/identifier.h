// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

/// Identifiers are octets; people, JSON and configuration files want text.
namespace flowmob::core {

std::string to_octet_string(ByteView bytes);
Bytes to_bytes(std::string_view octets);

/// Printable ASCII as it is, everything else and the backslash as \xNN.
std::string escaped(std::string_view octets);
/// The octets again: "bad-escape".
Result<std::string> unescaped(std::string_view text);

}  // namespace flowmob::core
