// SPDX-License-Identifier: Apache-2.0
#include "core/mag/final_advertisements.h"

#include <utility>

namespace flowmob::core {
namespace {

constexpr unsigned kMaxFinal = 3;  // MAX_FINAL_RTR_ADVERTISEMENTS, RFC 4861 section 10
/// They go to one node, so the 3 s between multicasts do not bind (RFC 4861 section 6.2.6).
constexpr Duration kInterval = std::chrono::seconds(1);

}  // namespace

void FinalAdvertisements::begin(Now now, const std::string& access, SendNeighborDiscovery advertisement) {
  send(advertisement);
  Key key{access, advertisement.link_destination};
  end(access, advertisement.link_destination);
  const TimePoint next = now.monotonic + kInterval;
  due_.emplace(next, key);
  finals_.emplace(std::move(key), Final{std::move(advertisement), next, kMaxFinal - 1});
}

void FinalAdvertisements::send(const SendNeighborDiscovery& advertisement) {
  context_.statistics.message("ra_sent");
  context_.emit(advertisement);
}

FinalAdvertisements::Finals::iterator FinalAdvertisements::erase(Finals::iterator final) {
  due_.erase({final->second.next, final->first});
  return finals_.erase(final);
}

void FinalAdvertisements::end(const std::string& access, const MacAddress& node) {
  if (const auto final = finals_.find({access, node}); final != finals_.end()) erase(final);
}

void FinalAdvertisements::forget(const std::string& access) {
  auto final = finals_.lower_bound({access, {}});
  while (final != finals_.end() && final->first.first == access) final = erase(final);
}

void FinalAdvertisements::handle_timeout(Now now) {
  while (!due_.empty() && due_.begin()->first <= now.monotonic) {
    const auto final = finals_.find(due_.begin()->second);
    send(final->second.advertisement);
    due_.erase(due_.begin());
    if (--final->second.left == 0) {
      finals_.erase(final);
      continue;
    }
    final->second.next = now.monotonic + kInterval;
    due_.emplace(final->second.next, final->first);
  }
}

std::optional<TimePoint> FinalAdvertisements::next_deadline() const {
  return due_.empty() ? std::nullopt : std::optional(due_.begin()->first);
}

}  // namespace flowmob::core
