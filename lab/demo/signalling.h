// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lab/demo/dissect.h"
#include "lab/stats/arrivals.h"

namespace flowmob::lab {

/// One Mobility Header message, seen at the MAG's end of its link to the LMA.
struct SignallingMessage {
  Nanoseconds time{};
  std::string link;
  std::uint32_t octets{};
  std::optional<BindingMessage> binding;  ///< absent: another kind of message
};

/// A PBU and the PBA that answers it; a retransmitted PBU counts from its first copy of that sequence number.
struct Exchange {
  std::string link;
  Nanoseconds asked{}, answered{};
  std::uint16_t sequence{}, lifetime{};
  std::uint8_t status{};
};

struct SignallingSummary {
  std::uint64_t messages{}, octets{};
  std::vector<Exchange> exchanges;
  /// The slowest exchange.
  std::optional<Nanoseconds> pbu_to_pba() const;
};

SignallingSummary summarize_signalling(const std::vector<SignallingMessage>& all, Nanoseconds from,
                                       Nanoseconds to);
nlohmann::ordered_json to_json(const SignallingSummary& summary);

}  // namespace flowmob::lab
