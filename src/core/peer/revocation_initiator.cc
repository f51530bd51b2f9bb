// SPDX-License-Identifier: Apache-2.0
#include "core/peer/revocation_initiator.h"

#include <algorithm>

namespace flowmob::core {

/// Where a predecessor left off nobody knows; a late answer to it must not meet its number soon (section 5.1
/// leaves the first one open).
RevocationInitiator::Sequence RevocationInitiator::next_sequence(Now now) {
  constexpr std::uint32_t kSpread = 40503;  // consecutive seconds are far apart
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now.wall.time_since_epoch()).count();
  if (!last_) last_ = static_cast<Sequence>(static_cast<std::uint64_t>(seconds) * kSpread);
  do {
    ++*last_;
  } while (outstanding_.contains(*last_));
  return *last_;
}

RevocationInitiator::Sent RevocationInitiator::begin(Now now, const RevocationConfig& config,
                                                     const Ipv6Address& peer,
                                                     wire::BindingRevocationIndication indication) {
  indication.sequence = next_sequence(now);
  const auto& own = own_address_.towards(peer);
  SendMessage message{own, peer, wire::encode(indication, own, peer)};
  const RetransmissionTimer timer(now.monotonic, config.initial_delay, config.max_delay);
  deadlines_.insert({timer.deadline(), indication.sequence});
  outstanding_.insert_or_assign(indication.sequence, Outstanding{message, timer, config.max_retries});
  return {indication.sequence, std::move(message)};
}

void RevocationInitiator::erase(Entries::iterator entry) {
  deadlines_.erase({entry->second.timer.deadline(), entry->first});
  outstanding_.erase(entry);
}

void RevocationInitiator::cancel(Sequence sequence) {
  if (const auto found = outstanding_.find(sequence); found != outstanding_.end()) erase(found);
}

bool RevocationInitiator::handle_acknowledgement(const Ipv6Address& peer, Sequence sequence) {
  const auto found = outstanding_.find(sequence);
  if (found == outstanding_.end() || found->second.message.destination != peer) return false;
  erase(found);
  return true;
}

bool RevocationInitiator::awaits(const Ipv6Address& peer) const {
  return std::ranges::any_of(outstanding_,
                             [&](const auto& entry) { return entry.second.message.destination == peer; });
}

std::vector<RevocationInitiator::Sequence> RevocationInitiator::handle_refusal(const Ipv6Address& peer) {
  std::vector<Sequence> refused;
  for (const auto& [sequence, waiting] : outstanding_)
    if (waiting.message.destination == peer) refused.push_back(sequence);
  for (const auto sequence : refused) cancel(sequence);
  return refused;
}

RevocationInitiator::Due RevocationInitiator::handle_timeout(TimePoint now) {
  Due due;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const auto entry = outstanding_.find(deadlines_.begin()->second);
    auto& waiting = entry->second;
    if (waiting.retries_left == 0) {
      due.unanswered.push_back(entry->first);
      erase(entry);
      continue;
    }
    deadlines_.erase(deadlines_.begin());
    --waiting.retries_left;
    waiting.timer.restart(now);
    deadlines_.insert({waiting.timer.deadline(), entry->first});
    due.again.push_back({entry->first, waiting.message});
  }
  return due;
}

std::optional<TimePoint> RevocationInitiator::next_deadline() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

}  // namespace flowmob::core
