// SPDX-License-Identifier: Apache-2.0
#include "core/binding/ordering.h"

#include "wire/options.h"

namespace flowmob::core {
namespace {

using wire::BindingStatus;

bool is_close(std::uint64_t timestamp, WallTime now, Duration window) {
  const WallTime stamp = wire::TimestampOption{timestamp}.to_wall();
  return stamp <= now + window && now - window <= stamp;
}

/// "Lower" is told apart from "not valid" first (section 5.5 items 8 and 9); an equal stamp is only not
/// valid.
BindingStatus check_timestamp(const std::optional<LastAccepted>& last, std::uint64_t timestamp, WallTime now,
                              std::optional<Duration> window) {
  if (last && timestamp < last->timestamp) return BindingStatus::TimestampLowerThanPrevAccepted;
  if (last && timestamp == last->timestamp) return BindingStatus::TimestampMismatch;
  return !window || is_close(timestamp, now, *window) ? BindingStatus::Accepted
                                                      : BindingStatus::TimestampMismatch;
}

}  // namespace

bool is_newer_sequence(std::uint16_t last, std::uint16_t sequence) {
  const auto ahead = static_cast<std::uint16_t>(sequence - last);
  return ahead != 0 && ahead < 0x8000;
}

BindingStatus check_order(const std::optional<LastAccepted>& last, std::uint16_t sequence,
                          std::optional<std::uint64_t> timestamp, WallTime now,
                          std::optional<Duration> window) {
  if (timestamp) return check_timestamp(last, *timestamp, now, window);
  if (last && !is_newer_sequence(last->sequence, sequence)) return BindingStatus::SequenceNumberOutOfWindow;
  return BindingStatus::Accepted;
}

}  // namespace flowmob::core
