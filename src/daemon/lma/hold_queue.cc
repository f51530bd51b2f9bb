// SPDX-License-Identifier: Apache-2.0
#include "daemon/lma/hold_queue.h"

#include <algorithm>
#include <cstring>

namespace flowmob::daemon {

std::optional<fm_held> held_of(ByteView frame) {
  fm_held held{};
  if (frame.size() < sizeof held) return std::nullopt;
  std::memcpy(&held, frame.data(), sizeof held);
  if (held.mark != FM_HELD_MARK) return std::nullopt;
  return held;
}

TimePoint release_of(const fm_held& held, TimePoint now) {
  const auto present =
      static_cast<std::uint32_t>(static_cast<std::uint64_t>(now.time_since_epoch().count()) >> FM_HELD_TIME);
  const auto ahead = static_cast<std::int32_t>(held.release - present);
  return now + Duration(std::int64_t{ahead} * (1 << FM_HELD_TIME));
}

void HoldQueue::put(TimePoint now, std::uint64_t flow, TimePoint release, Bytes frame) {
  auto& queue = flows_[flow];
  if (queue.waiting.empty()) queue.first = now;
  TimePoint leaves = release + (now - queue.first) / kFaster;
  if (!queue.waiting.empty()) leaves = std::max(leaves, queue.waiting.back().leaves);
  bytes_ += frame.size();
  queue.waiting.push_back({leaves, std::move(frame)});
}

std::map<std::uint64_t, HoldQueue::Flow>::iterator HoldQueue::next() {
  return std::ranges::min_element(flows_, {},
                                  [](const auto& entry) { return entry.second.waiting.front().leaves; });
}

std::optional<Bytes> HoldQueue::take(TimePoint now) {
  const auto found = next();
  if (found == flows_.end()) return std::nullopt;
  auto& waiting = found->second.waiting;
  if (waiting.front().leaves > now && bytes_ <= kMostBytes) return std::nullopt;
  Bytes frame = std::move(waiting.front().frame);
  waiting.pop_front();
  bytes_ -= frame.size();
  if (waiting.empty()) flows_.erase(found);
  return frame;
}

std::optional<TimePoint> HoldQueue::next_deadline() const {
  std::optional<TimePoint> earliest;
  for (const auto& [flow, queue] : flows_)
    if (!earliest || queue.waiting.front().leaves < *earliest) earliest = queue.waiting.front().leaves;
  return earliest;
}

}  // namespace flowmob::daemon
