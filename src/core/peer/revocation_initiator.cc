// SPDX-License-Identifier: Apache-2.0
#include "core/peer/revocation_initiator.h"

namespace flowmob::core {

/// Where a predecessor left off nobody knows; a late answer to it must not meet its number soon (section 5.1
/// leaves the first one open).
RevocationInitiator::Sequence RevocationInitiator::next_sequence(Now now) {
  constexpr std::uint32_t kSpread = 40503;  // consecutive seconds are far apart
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.wall.time_since_epoch()).count();
  if (!last_) last_ = static_cast<Sequence>(static_cast<std::uint64_t>(seconds) * kSpread);
  last_ = next_behind(*last_);
  return *last_;
}

RevocationInitiator::Sent RevocationInitiator::begin(Now now, const RevocationConfig& config,
                                                     const Ipv6Address& peer,
                                                     wire::BindingRevocationIndication indication) {
  indication.sequence = next_sequence(now);
  const auto& own = own_address_.towards(peer);
  SendMessage message{own, peer, wire::encode(indication, own, peer)};
  add(now.monotonic, indication.sequence, {config.initial_delay, config.max_delay, config.max_retries},
      message);
  return {indication.sequence, std::move(message)};
}

}  // namespace flowmob::core
