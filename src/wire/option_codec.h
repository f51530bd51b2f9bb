// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/error.h"
#include "wire/options.h"

namespace flowmob::wire {

/// Decodes the options part of a message; padding is dropped. "bad-option-length", "bad-address-family",
/// "bad-selector", "bad-sub-option".
Result<MobilityOptions> decode_options(ByteView bytes);

/// Appends options to `out`, which already holds the message from its first octet on, each aligned as its
/// type wants (RFC 6275 section 6.2.1), then pads the whole to a multiple of 8. False if an option is longer
/// than its length octet can say; `out` is then worthless.
bool encode_options(const MobilityOptions& options, Bytes& out);

/// Pad1 or PadN of exactly `count` octets (RFC 6275 sections 6.2.2 and 6.2.3).
void append_padding(Bytes& out, std::size_t count);

}  // namespace flowmob::wire
