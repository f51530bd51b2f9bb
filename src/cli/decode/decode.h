// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "base/bytes.h"
#include "base/error.h"
#include "cli/render.h"

/// `flowmob decode`: the Mobility Headers and Neighbor Discovery messages in a capture or in hexadecimal
/// digits.
namespace flowmob::cli::decode {

/// {"messages": [...]}, as docs/json-decode.md has it. A message that is bad is in the list with its "error";
/// what is wrong with the file itself is an "error" beside the list if messages came before it.
Result<Json> decode_capture(ByteView file);
/// A whole IPv6 packet, a bare Mobility Header or a bare Neighbor Discovery message.
Result<Json> decode_octets(ByteView octets);
/// The name of a capture file, or hexadecimal digits.
Result<Json> decode_argument(const std::string& argument);

/// The document as text: a block of lines for each message.
std::string to_text(const Json& document, const Look& look);

}  // namespace flowmob::cli::decode
