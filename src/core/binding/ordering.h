// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "wire/enums.h"

/// Whether a Proxy Binding Update is newer than the last accepted one (RFC 5213 section 5.5). Compared per
/// session: two live MAGs of one node whose clocks differ must not refuse each other.
namespace flowmob::core {

/// What the last accepted message said.
struct LastAccepted {
  std::uint16_t sequence{};
  std::uint64_t timestamp{};  ///< zero: it had none
};

/// Accepted, TimestampMismatch, TimestampLowerThanPrevAccepted or SequenceNumberOutOfWindow. With a timestamp
/// the sequence number is ignored; without one it decides alone. No window: timestamps are the mobile nodes'
/// own, and their clocks are nobody's.
wire::BindingStatus check_order(const std::optional<LastAccepted>& last, std::uint16_t sequence,
                                std::optional<std::uint64_t> timestamp, WallTime now,
                                std::optional<Duration> window);

/// RFC 6275 section 9.5.1: modulo 2^16, the last value and the 32768 before it are old.
bool is_newer_sequence(std::uint16_t last, std::uint16_t sequence);

}  // namespace flowmob::core
