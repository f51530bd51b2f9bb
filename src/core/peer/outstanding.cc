// SPDX-License-Identifier: Apache-2.0
#include "core/peer/outstanding.h"

#include <algorithm>

namespace flowmob::core {

Outstanding::Sequence Outstanding::next_behind(Sequence last) const {
  do {
    ++last;
  } while (entries_.contains(last));
  return last;
}

void Outstanding::add(TimePoint now, Sequence sequence, const Pace& pace, SendMessage again) {
  const RetransmissionTimer timer(now, pace.initial, pace.longest);
  deadlines_.insert({timer.deadline(), sequence});
  entries_.insert_or_assign(sequence, Entry{std::move(again), timer, pace.retries});
}

void Outstanding::erase(Entries::iterator entry) {
  deadlines_.erase({entry->second.timer.deadline(), entry->first});
  entries_.erase(entry);
}

void Outstanding::cancel(Sequence sequence) {
  if (const auto found = entries_.find(sequence); found != entries_.end()) erase(found);
}

bool Outstanding::handle_acknowledgement(const Ipv6Address& peer, Sequence sequence) {
  const auto found = entries_.find(sequence);
  if (found == entries_.end() || found->second.again.destination != peer) return false;
  erase(found);
  return true;
}

bool Outstanding::awaits(const Ipv6Address& peer) const {
  return std::ranges::any_of(entries_,
                             [&](const auto& entry) { return entry.second.again.destination == peer; });
}

std::vector<Outstanding::Sequence> Outstanding::handle_refusal(const Ipv6Address& peer) {
  std::vector<Sequence> refused;
  for (const auto& [sequence, waiting] : entries_)
    if (waiting.again.destination == peer) refused.push_back(sequence);
  for (const auto sequence : refused) cancel(sequence);
  return refused;
}

Outstanding::Due Outstanding::handle_timeout(TimePoint now) {
  Due due;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const auto entry = entries_.find(deadlines_.begin()->second);
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
    due.again.push_back({entry->first, waiting.again});
  }
  return due;
}

std::optional<TimePoint> Outstanding::next_deadline() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

}  // namespace flowmob::core
