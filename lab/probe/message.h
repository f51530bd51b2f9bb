// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/error.h"
#include "lab/stats/arrivals.h"

namespace flowmob::lab {

/// What a probe asks its peer to send back, and sends itself.
struct StreamParameters {
  double rate = 100;          ///< packets per second
  std::uint32_t size = 1000;  ///< octets of UDP or TCP payload per packet
};

/// One probe packet (UDP), or one record of the stream (TCP). In network byte order:
///    0  magic "fmob"      8  session        16  size (of Data)   24  sequence
///    4  version, kind    12  length (of this one)  20  rate (1/1000 s)  32  sent (ns since 1970)
/// Data carries filling up to its length; Finish carries in `sequence` how many Data were sent and, as its
/// body, what was received so far (JSON).
struct ProbeMessage {
  enum class Kind : std::uint8_t { Data = 1, Finish = 2 };
  static constexpr std::size_t kHeader = 40;
  static constexpr std::size_t kLongest = 65000;

  Kind kind = Kind::Data;
  std::uint32_t session{};
  StreamParameters parameters{};
  std::uint64_t sequence{};
  Nanoseconds sent{};
  Bytes body{};
};

Bytes encode(const ProbeMessage& message);
/// "truncated", "bad-message".
Result<ProbeMessage> decode_probe(ByteView octets);
/// How long the record is that starts here; 0 while that cannot be told yet. "bad-message".
Result<std::size_t> record_length(ByteView stream);

}  // namespace flowmob::lab
