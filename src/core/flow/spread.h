// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/strong_id.h"
#include "core/flow/flow_key.h"

namespace flowmob::core {

/// One of several links that a flow takes.
struct SpreadLink {
  SessionId session;
  std::uint16_t weight{};  ///< of shares; copies have none
  friend bool operator==(const SpreadLink&, const SpreadLink&) = default;
};

enum class SpreadKind : std::uint8_t {
  None,
  Copies,  ///< each packet by all of them; the first that arrives counts (RFC 6089 section 5.3)
  Shares,  ///< each 5-tuple by one of them
};
std::string_view to_string(SpreadKind kind);  ///< "none", "copies", "shares"

/// How a flow goes by several links at a time.
struct Spread {
  static constexpr std::size_t kMostLinks = 4;
  SpreadKind kind{};
  std::vector<SpreadLink> links{};  ///< the first is the one that it would go by alone
  std::uint16_t mtu = 0;            ///< of copies, in the data plane's row: what the narrowest link carries
  friend bool operator==(const Spread&, const Spread&) = default;
};

/// Which of the links has which slot, by its place among them: as many as its weight is part of all. Between
/// two spreads only slots of links that lose some change hands, and only to links that gain.
std::vector<std::uint8_t> share_slots(const Spread& spread);
constexpr std::size_t kShareSlots = 512;

/// So many slots a mobile node asks, from its 5-tuple's own on, where their owners are down.
constexpr std::size_t kShareTries = 16;
/// Where a 5-tuple looks for its link.
std::size_t share_slot_of(const FlowKey& key);
/// The session of a 5-tuple that is new; zero: no shares. As src/dataplane/flow_hash.h has it.
SessionId share_of(const Spread& spread, const FlowKey& key);

}  // namespace flowmob::core
